// What a key may call: lists of names with `*` and `!`, on five levels that must all allow.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, keySection, outcome, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

/** One list of `models_allowed`, what is asked for, and whether it may be. */
const LISTS: readonly {
  readonly list: readonly string[] | undefined;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}[] = [
  { list: undefined, yes: ["a/m1", "a/deep/m1", "b/m1", "fast", "nick"], no: [] },
  { list: [], yes: [], no: ["a/m1", "b/m1", "fast", "nick"] },
  { list: ["*"], yes: ["a/m1", "a/deep/m1", "b/m1", "fast", "nick"], no: [] },
  { list: ["a/*"], yes: ["a/m1", "a/deep/m1", "fast", "nick"], no: ["b/m1", "slow"] },
  { list: ["a/m1"], yes: ["a/m1", "fast", "nick"], no: ["a/m2", "a/m11", "a/deep/m1", "slow"] },
  { list: ["fast"], yes: ["fast", "nick"], no: ["a/m1", "slow"] },
  { list: ["fa*"], yes: ["fast", "nick"], no: ["a/m1", "slow"] },
  { list: ["nick"], yes: [], no: ["nick", "fast", "a/m1"] },
  { list: ["*/m1"], yes: ["a/m1", "b/m1", "a/deep/m1", "fast"], no: ["a/m2", "slow"] },
  { list: ["a/*/m1"], yes: ["a/deep/m1", "a/x/y/m1"], no: ["a/m1", "fast"] },
  { list: ["a/m?", "a/m.", "a/[m]1"], yes: [], no: ["a/m1", "a/m2"] },
  { list: ["*", "!a/m2"], yes: ["a/m1", "b/m2", "fast"], no: ["a/m2"] },
  { list: ["!a/m2"], yes: ["a/m1", "b/m2", "fast", "slow"], no: ["a/m2"] },
  { list: ["!a/m2", "!b/*"], yes: ["a/m1", "fast"], no: ["a/m2", "b/m2", "slow"] },
  { list: ["!a/*", "a/m1"], yes: ["a/m1", "b/m1", "fast"], no: ["a/m2"] },
  { list: ["a/m1", "!a/*"], yes: [], no: ["a/m1", "a/m2", "b/m1", "fast"] },
  { list: ["a/*", "!a/m*", "a/m1"], yes: ["a/m1", "a/x", "fast"], no: ["a/m2", "b/m1"] },
  { list: ["*", "!fast"], yes: ["a/m1", "slow"], no: ["fast", "nick"] },
  { list: ["!fast"], yes: ["a/m1", "slow"], no: ["fast", "nick"] },
  { list: ["fast", "!a/m1"], yes: [], no: ["fast", "nick", "a/m1"] },
  { list: ["*", "!nick"], yes: ["nick", "fast"], no: [] },
  { list: ["!*"], yes: [], no: ["a/m1", "fast"] },
  { list: ["!*-preview"], yes: ["a/m1"], no: ["a/m1-preview", "b/x-preview", "trial"] },
];

/** Names of keys that carry one list each. */
const nameOf = (index: number) => `list-${index}`;

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const up = { base_url: upstream.url };
  gateway = await startGateway(
    yamlOf({
      organization: { name: "acme", models_allowed: ["!*/org-no"], providers_allowed: ["!org-no"] },
      workspaces: { lab: { models_allowed: ["!*/lab-no"], providers_allowed: ["!lab-no"] } },
      users: { ann: { models_allowed: ["!*/ann-no"], providers_allowed: ["!ann-no"] } },
      providers: {
        a: up,
        b: up,
        listed: { ...up, models: ["x-*", "!x-secret", "y"] },
        none: { ...up, models: [] },
        "org-no": up,
        "lab-no": up,
        "ann-no": up,
        "key-no": up,
        pinned: { ...up, model: "real" },
      },
      models: { fast: "a/m1", slow: "b/m2", trial: "b/x-preview", "through-list": "listed/x-secret" },
      keys: keySection({
        ...Object.fromEntries(
          LISTS.map(({ list }, index) => [
            nameOf(index),
            { aliases: { nick: "fast" }, ...(list === undefined ? {} : { models_allowed: list }) },
          ]),
        ),
        whole: {
          user: "ann",
          workspace: "lab",
          models_allowed: ["!*/key-no"],
          providers_allowed: ["!key-no"],
        },
        loosening: {
          user: "ann",
          workspace: "lab",
          models_allowed: ["a/org-no", "a/lab-no", "a/ann-no", "listed/*", "none/*", "*"],
          providers_allowed: ["*", "org-no", "lab-no", "ann-no"],
        },
        stranger: { user: "unlisted", workspace: "unlisted" },
        "only-b": { providers_allowed: ["b"], models_allowed: ["a/*", "b/*"] },
        nowhere: { providers_allowed: [] },
        "pin-by-target": { models_allowed: ["pinned/real"] },
        "pin-by-request": { models_allowed: ["pinned/asked"] },
      }),
    }),
  );
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

async function verdict(as: string, model: string): Promise<string> {
  const answer = await ask(gateway, { as, model });
  return answer.status === 200 ? "allowed" : outcome(answer);
}

describe("models_allowed", () => {
  test.each(LISTS.map((row, index) => ({ ...row, index, spelled: JSON.stringify(row.list) })))(
    "$spelled",
    async ({ index, yes, no }) => {
      for (const model of yes)
        expect([model, await verdict(nameOf(index), model)]).toEqual([model, "allowed"]);
      for (const model of no)
        expect([model, await verdict(nameOf(index), model)]).toEqual([model, "403 model_not_allowed"]);
    },
  );
});

describe("a provider's models", () => {
  test.each([
    ["listed/x-1", "allowed"],
    ["listed/y", "allowed"],
    ["listed/x-secret", "403 model_not_allowed"],
    ["listed/z", "403 model_not_allowed"],
    ["listed/listed/x-1", "403 model_not_allowed"],
    ["through-list", "403 model_not_allowed"],
    ["none/x", "403 model_not_allowed"],
  ])("sees the upstream id: %s %s", async (model, expected) => {
    expect(await verdict("stranger", model)).toBe(expected);
  });
});

describe("every level must allow", () => {
  test.each(["org-no", "lab-no", "ann-no", "key-no"])(
    "the list that refuses */%s is enough",
    async (model) => {
      expect(await verdict("whole", "a/fine")).toBe("allowed");
      expect(await verdict("whole", `a/${model}`)).toBe("403 model_not_allowed");
    },
  );

  test.each(["a/org-no", "a/lab-no", "a/ann-no", "listed/x-secret", "none/x"])(
    "a key's own list does not loosen a broader one: %s",
    async (model) => {
      expect(await verdict("loosening", model)).toBe("403 model_not_allowed");
    },
  );

  test("lists of other users and workspaces do not apply", async () => {
    expect(await verdict("stranger", "a/lab-no")).toBe("allowed");
    expect(await verdict("stranger", "a/ann-no")).toBe("allowed");
    expect(await verdict("stranger", "a/org-no")).toBe("403 model_not_allowed");
  });

  test.each(["org-no", "lab-no", "ann-no"])(
    "providers_allowed holds on every level too: %s",
    async (provider) => {
      expect((await ask(gateway, { as: "whole", model: `${provider}/m` })).status).toBe(403);
      expect((await ask(gateway, { as: "loosening", model: `${provider}/m` })).status).toBe(403);
    },
  );
});

describe("a key's providers_allowed", () => {
  test("refuses with a code of its own", async () => {
    expect(await verdict("whole", "key-no/m")).toBe("403 provider_not_allowed");
    expect(await verdict("only-b", "b/m1")).toBe("allowed");
    expect(await verdict("only-b", "a/m1")).toBe("403 provider_not_allowed");
    expect(await verdict("only-b", "fast")).toBe("403 provider_not_allowed");
    expect(await verdict("nowhere", "a/m1")).toBe("403 provider_not_allowed");
  });

  test.each([
    "/providers/a/v1/chat/completions",
    "/providers/a/chat/completions",
    "/models/fast/v1/chat/completions",
  ])("holds on %s as well", async (path) => {
    expect(outcome(await ask(gateway, { as: "only-b", path, model: "m1" }))).toBe("403 provider_not_allowed");
  });
});

describe("the lists judge the result, not the spelling", () => {
  test("a pin is judged by the model that is called", async () => {
    expect(await verdict("pin-by-target", "pinned/asked")).toBe("allowed");
    expect(await verdict("pin-by-request", "pinned/asked")).toBe("403 model_not_allowed");
  });

  test("the same target is refused by every way that leads to it", async () => {
    const index = LISTS.findIndex(({ list }) => JSON.stringify(list) === '["fast","!a/m1"]');
    const as = nameOf(index);
    const ways = [
      { path: "/v1/chat/completions", model: "a/m1" },
      { path: "/v1/chat/completions", model: "fast" },
      { path: "/v1/chat/completions", model: "nick" },
      { path: "/providers/a/v1/chat/completions", model: "m1" },
      { path: "/models/fast/v1/chat/completions", model: "whatever" },
    ];
    for (const way of ways) expect(outcome(await ask(gateway, { as, ...way }))).toBe("403 model_not_allowed");
  });

  test("under /providers the upstream id is judged as provider/id", async () => {
    const only = nameOf(LISTS.findIndex(({ list }) => JSON.stringify(list) === '["a/m1"]'));
    const path = "/providers/a/v1/chat/completions";
    expect(outcome(await ask(gateway, { as: only, path, model: "m1" }))).toBe("200 a/m1");
    expect(outcome(await ask(gateway, { as: only, path, model: "m2" }))).toBe("403 model_not_allowed");
    expect(outcome(await ask(gateway, { as: only, path, model: "a/m1" }))).toBe("403 model_not_allowed");
  });

  test("a list cannot be got round by leaving the model out", async () => {
    const only = nameOf(LISTS.findIndex(({ list }) => JSON.stringify(list) === '["a/m1"]'));
    const answer = await ask(gateway, { as: only, path: "/providers/a/v1/chat/completions" });
    expect(outcome(answer)).toBe("403 model_not_allowed");
  });

  test("a refusal reaches no upstream, and says not to try again", async () => {
    upstream.reset();
    const answer = await ask(gateway, { as: "whole", model: "a/org-no" });
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.headers.get("retry-after")).toBeNull();
    expect(answer.json()).toMatchObject({ error: { type: "permission_error", code: "model_not_allowed" } });
    expect(upstream.requests).toHaveLength(0);
  });
});
