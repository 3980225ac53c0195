// What names lead to in a compiled configuration, what a key is shown of it, and what is suggested for a typing error.

import { describe, expect, test } from "bun:test";
import type { VirtualKey } from "../../../src/exchange.ts";
import { listModels } from "../../../src/gateway/list-models.ts";
import { resolveModel } from "../../../src/routing/resolve.ts";
import { fakeKey } from "../../support/fake-parts.ts";
import { hashOf, virtualKey } from "../../support/keys.ts";
import { snapshotOf } from "../../support/snapshots.ts";

const lists = (word: string, more: string): string =>
  `  ${word}: { hash: "${hashOf(virtualKey(word))}", ${more} }\n`;

const { directory, keys } = snapshotOf(
  `
default_provider: up
organization: { name: acme, models_allowed: ["!*/never"] }
providers:
  up: { base_url: "http://h" }
  up/gpu: { base_url: "http://h", models: [a, shared] }
  listed: { base_url: "http://h", models: [m1, org/m2, "glob-*", "!glob-secret", never, shared] }
  pinned: { base_url: "http://h", model: the/pin }
  openai: { models: [gpt-5.4-mini] }
models: { fast: listed/m1, roomy: up/any, deep: up/gpu/shared, no-credential: openai/gpt-5.4-mini, shut: listed/never, pin: pinned/other }
keys:
${lists("all", "aliases: {}")}${lists("aliased", "aliases: { gpt-4o: fast, mine: up/x, fast: listed/org/m2, closed: listed/never }")}${lists("narrow", 'models_allowed: ["listed/*", "!listed/m1"]')}${lists("public", "models_allowed: [fast]")}${lists("provider", "providers_allowed: [up]")}${lists("none", "models_allowed: []")}`,
);

function key(word: string): VirtualKey {
  return keys.find(virtualKey(word), 0) ?? fakeKey();
}

test.each([
  ["fast", "listed/m1", "fast"],
  ["deep", "up/gpu/shared", "deep"],
  ["pin", "pinned/the/pin", "pin"],
  ["a", "up/gpu/a", undefined],
  ["org/m2", "listed/org/m2", undefined],
  ["the/pin", "pinned/the/pin", undefined],
  ["glob-x", "up/glob-x", undefined],
  ["anything", "up/anything", undefined],
])("%s leads to %s", (name, id, publicName) => {
  const route = resolveModel(name, fakeKey(), directory);
  expect([route.targets.map((target) => target.id), route.publicName]).toEqual([[id], publicName as string]);
});

describe("what a key can call", () => {
  test.each([
    [
      "all",
      [
        "fast",
        "roomy",
        "deep",
        "pin",
        "up/gpu/a",
        "up/gpu/shared",
        "listed/m1",
        "listed/org/m2",
        "listed/shared",
        "pinned/the/pin",
      ],
    ],
    [
      "aliased",
      [
        "fast",
        "roomy",
        "deep",
        "pin",
        "gpt-4o",
        "mine",
        "up/gpu/a",
        "up/gpu/shared",
        "listed/m1",
        "listed/org/m2",
        "listed/shared",
        "pinned/the/pin",
      ],
    ],
    ["narrow", ["listed/org/m2", "listed/shared"]],
    ["public", ["fast"]],
    ["provider", ["roomy"]],
    ["none", []],
  ])("as %s is listed once each, by the name to call it", (word, ids) => {
    const listed = listModels(key(word), directory).map(({ id }) => id);
    expect(listed.toSorted()).toEqual(ids.toSorted());
  });

  test("says whose it is", () => {
    expect(listModels(key("public"), directory)).toEqual([{ id: "fast", owner: "listed" }]);
  });

  test("can be called: every listed name leads to a target that is allowed", () => {
    for (const word of ["all", "aliased", "narrow", "public", "provider"])
      for (const { id } of listModels(key(word), directory))
        expect(resolveModel(id, key(word), directory).targets).not.toEqual([]);
  });
});

describe("a typing error", () => {
  test.each([
    ["all", "fsat", ["fast"]],
    ["aliased", "gpt-4", ["gpt-4o"]],
    ["narrow", "fsat", []],
    ["narrow", "listed/org/m3", ["listed/org/m2"]],
    ["none", "fast", []],
    ["all", "no-credentials", []],
  ])("of the key %s, %s, is answered with what it may call: %j", (word, name, names) => {
    expect(directory.suggest(name, key(word))).toEqual(names);
  });
});

describe("a provider", () => {
  const of = (settings: string, env: Readonly<Record<string, string>> = {}): string => {
    const compiled = snapshotOf(`providers: { p: { base_url: "http://h", ${settings} } }`, env).directory;
    if (compiled.discoverable.length > 0) return "is asked";
    return compiled.unaskable[0]?.reason ?? "is not asked";
  };

  test.each([
    ["", "is asked"],
    ["models: ['*']", "is asked"],
    ["models: [a, 'org/*']", "is asked"],
    ["models: ['!a']", "is asked"],
    ["models: ['!*-preview', a]", "is asked"],
    ["models: [a, b]", "is not asked"],
    ["models: [a, '!b*']", "is not asked"],
    ["models: []", "is not asked"],
    ["model: pin", "is not asked"],
    ["endpoints: [chat]", "is not asked"],
    ["endpoints: [chat, models]", "is asked"],
    ["auth: passthrough", "it has no credential of its own"],
    ["api_key: secret", "is asked"],
    ["type: openai", "no credential; set OPENAI_API_KEY, or `api_key` of the provider"],
  ])("with { %s }: %s for its models", (settings, expected) => {
    expect(of(settings)).toBe(expected);
  });

  test("that answers by itself is asked like any other", () => {
    const compiled = snapshotOf("providers: { demo: { type: mock }, few: { type: mock, models: [a] } }");
    expect(compiled.directory.discoverable.map(({ name }) => name)).toEqual(["demo"]);
  });
});
