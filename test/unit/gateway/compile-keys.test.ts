// Virtual keys compiled: how each is recognised and until when, and every list that has a say over it.

import { describe, expect, test } from "bun:test";
import { refusalOf } from "../../../src/access/allowlist.ts";
import type { VirtualKey } from "../../../src/exchange.ts";
import { fakeProvider, fakeTarget } from "../../support/fake-parts.ts";
import { hashOf, virtualKey } from "../../support/keys.ts";
import { snapshotOf } from "../../support/snapshots.ts";

const UNTIL = Date.UTC(2027, 0, 31, 12);
const { keys } = snapshotOf(
  `
organization: { name: acme, models_allowed: ["!*/org-no"], providers_allowed: ["!shut"] }
workspaces: { lab: { models_allowed: ["!*/lab-no"] }, empty: {} }
users: { ann: { models_allowed: ["!*/ann-no"] } }
providers: { up: { base_url: "http://h" } }
models: { fast: up/m }
keys:
  whole:
    hash: "${hashOf(virtualKey("whole"))}"
    user: ann
    workspace: lab
    models_allowed: ["up/*", fast]
    providers_allowed: ["*"]
    aliases: { gpt-4o: fast, direct: up/x }
    expires: 2027-01-31
    disabled: true
    tags: { team: search }
  plain: { hash: "${hashOf(virtualKey("plain"))}" }
  rotating:
    hashes:
      - "${hashOf(virtualKey("new"))}"
      - { hash: "${hashOf(virtualKey("old"))}", until: "2027-01-31T12:00:00Z" }
  spelled: { secret: "\${OWN_KEY}", expires: "2027-01-31T12:00:00Z" }
  stranger: { hash: "${hashOf(virtualKey("stranger"))}", user: nobody, workspace: empty }
  local: { anonymous: true, models_allowed: [fast] }
`,
  { OWN_KEY: "a-key-of-my-own-choosing-0123456789" },
);

function found(word: string, nowMs = 0): VirtualKey {
  const key = keys.find(virtualKey(word), nowMs);
  if (key === undefined) throw new Error(`${word} is not known`);
  return key;
}

describe("a key", () => {
  test("has everything that the file says", () => {
    const { access, aliases, ...plain } = found("whole");
    expect(plain).toEqual({
      name: "whole",
      user: "ann",
      workspace: "lab",
      expiresAt: Date.UTC(2027, 1, 1),
      disabled: true,
      tags: { team: "search" },
    });
    expect([...aliases]).toEqual([
      ["gpt-4o", "fast"],
      ["direct", "up/x"],
    ]);
    expect(access.models.map(({ owner }) => owner)).toEqual([
      "the organization",
      "workspace lab",
      "user ann",
      "key whole",
    ]);
    expect(access.providers.map(({ owner }) => owner)).toEqual(["the organization", "key whole"]);
  });

  test("has nothing that the file does not say", () => {
    const { access, aliases, ...plain } = found("plain");
    expect(plain).toEqual({
      name: "plain",
      user: undefined,
      workspace: undefined,
      expiresAt: undefined,
      disabled: false,
      tags: {},
    });
    expect([aliases.size, access.models.length, access.providers.length]).toEqual([0, 1, 1]);
  });

  test("is recognised by each of its hashes for as long as that is good", () => {
    expect([found("new", 1e15).name, found("old", UNTIL - 1).name]).toEqual(["rotating", "rotating"]);
    expect(keys.find(virtualKey("old"), UNTIL)).toBeUndefined();
  });

  test("given as a secret is recognised by that", () => {
    const key = keys.find("a-key-of-my-own-choosing-0123456789", 0);
    expect([key?.name, key?.expiresAt]).toEqual(["spelled", UNTIL]);
  });

  test("is not recognised by its hash, nor by nothing", () => {
    for (const text of [hashOf(virtualKey("plain")), hashOf(virtualKey("plain")).slice(7), "", "plain"])
      expect(keys.find(text, 0)).toBeUndefined();
  });
});

test("callers without a key have the anonymous one, which is nobody else's", () => {
  expect([keys.anonymous?.name, keys.anonymous?.access.models.length]).toEqual(["local", 2]);
  expect(snapshotOf("{}").keys.anonymous).toBeUndefined();
});

describe("every list that has a say", () => {
  test.each([
    ["whole", "m", undefined],
    ["whole", "org-no", "the organization"],
    ["whole", "lab-no", "workspace lab"],
    ["whole", "ann-no", "user ann"],
    ["plain", "org-no", "the organization"],
    ["plain", "lab-no", undefined],
    ["stranger", "ann-no", undefined],
  ])("over the key %s and up/%s: refused by %p", (word, model, owner) => {
    const refusal = refusalOf(found(word), fakeTarget(fakeProvider(), model), undefined);
    if (owner === undefined) expect(refusal).toBeUndefined();
    else expect(refusal?.message).toContain(owner);
  });
});
