// What a caller may use: all lists must allow, each pattern is tried on both names, and a refusal says whose list it was.

import { describe, expect, test } from "bun:test";
import { compileRule, refusalOf } from "../../../src/access/allowlist.ts";
import type { AccessRule, Provider } from "../../../src/exchange.ts";
import { fakeKey, fakeProvider, fakeTarget } from "../../support/fake-parts.ts";

const OWNERS = ["the organization", "workspace lab", "user ann", "key tester"];

/** Rules of the four owners, broadest first; undefined = the owner has no list. */
function rules(lists: readonly (readonly string[] | undefined)[]): AccessRule[] {
  return lists.flatMap((list, i) => compileRule(OWNERS[i] ?? "", list));
}

interface Lists {
  readonly models?: readonly (readonly string[] | undefined)[];
  readonly providers?: readonly (readonly string[] | undefined)[];
}

function refusal(
  lists: Lists,
  model: string | null,
  publicName?: string,
  provider: Provider = fakeProvider(),
) {
  const access = { models: rules(lists.models ?? []), providers: rules(lists.providers ?? []) };
  return refusalOf(fakeKey({ access }), fakeTarget(provider, model), publicName);
}

describe("a list of models", () => {
  test.each<[readonly string[] | undefined, string, string | undefined, boolean]>([
    [undefined, "m", undefined, true],
    [[], "m", undefined, false],
    [["up/m"], "m", undefined, true],
    [["up/*"], "a/b", undefined, true],
    [["m"], "m", undefined, false],
    [["fast"], "m", undefined, false],
    [["fast"], "m", "fast", true],
    [["up/m"], "m", "fast", true],
    [["other/*"], "m", "fast", false],
    [["*", "!fast"], "m", "fast", false],
    [["*", "!up/m"], "m", "fast", false],
    [["!up/m", "fast"], "m", "fast", true],
    [["fast", "!up/*"], "m", "fast", false],
    [["!up/x"], "m", undefined, true],
  ])("%j on up/%s reached as %p: %p", (list, model, publicName, allowed) => {
    expect(refusal({ models: [list] }, model, publicName)?.code).toBe(
      allowed ? (undefined as never) : "model_not_allowed",
    );
  });
});

describe("every list must allow", () => {
  test.each(OWNERS.map((owner, index) => ({ owner, index })))(
    "$owner refuses alone, and is named",
    ({ owner, index }) => {
      for (const kind of ["models", "providers"] as const) {
        const lists = OWNERS.map((_, i) => (i === index ? [] : ["*"]));
        const error = refusal({ [kind]: lists }, "m");
        expect(error?.code).toBe(kind === "models" ? "model_not_allowed" : "provider_not_allowed");
        expect(error?.message).toContain(owner);
        expect(error?.status).toBe(403);
      }
    },
  );

  test("a narrower list never loosens a broader one", () => {
    expect(refusal({ models: [["!up/m"], undefined, undefined, ["up/m", "*"]] }, "m")?.code).toBe(
      "model_not_allowed",
    );
  });

  test("all of them allow", () => {
    expect(
      refusal({ models: OWNERS.map(() => ["up/*"]), providers: OWNERS.map(() => ["u*"]) }, "m"),
    ).toBeUndefined();
  });

  test("the provider is judged first", () => {
    expect(refusal({ models: [[]], providers: [["other"]] }, "m")?.code).toBe("provider_not_allowed");
  });
});

describe("a provider's own models", () => {
  const [models] = compileRule("provider up", ["org/*", "!org/secret", "y"]);
  const provider = fakeProvider({ models });
  test.each([
    ["org/a", undefined],
    ["y", undefined],
    ["org/secret", "model_not_allowed"],
    ["z", "model_not_allowed"],
    ["up/y", "model_not_allowed"],
  ])("judge the upstream id %s: %p", (model, code) => {
    expect(refusal({}, model, "y", provider)?.code).toBe(code as "model_not_allowed");
  });
  test("are named by a refusal", () => {
    expect(refusal({}, "z", undefined, provider)?.message).toContain("provider up");
  });
});

describe("a call without a model", () => {
  test.each<[readonly string[], boolean]>([
    [["*"], true],
    [["up/*"], true],
    [["!up/secret"], true],
    [["up/m"], false],
    [["up"], false],
    [["other/*"], false],
    [[], false],
  ])("is judged by %j as a call of anything: %p", (list, allowed) => {
    expect(refusal({ models: [list] }, null) === undefined).toBe(allowed);
  });

  test("cannot be used to get round a provider's own list", () => {
    const [only] = compileRule("provider up", ["m"]);
    expect(refusal({}, null, undefined, fakeProvider({ models: only }))?.code).toBe("model_not_allowed");
    const [all] = compileRule("provider up", ["*"]);
    expect(refusal({}, null, undefined, fakeProvider({ models: all }))).toBeUndefined();
  });
});

test("no list is no rule; an empty one is", () => {
  expect(compileRule("key x", undefined)).toEqual([]);
  expect(compileRule("key x", [])).toHaveLength(1);
});
