// Which policies a call is under, in which counter, and with which limit.

import { describe, expect, test } from "bun:test";
import {
  callOf,
  claimOf,
  claimsOf,
  NOW,
  policiesOf,
  rateLimit,
  spendPolicy,
  usd,
} from "./policies-under-test.ts";

type Changes = Parameters<typeof callOf>[0];

const APPLIES: readonly [string, Changes, boolean][] = [
  ["", {}, true],
  ["applies_to: {organization: true}", {}, true],
  ["applies_to: {workspaces: [research]}", {}, true],
  ["applies_to: {workspaces: [dev, research]}", {}, true],
  ["applies_to: {workspaces: [dev]}", {}, false],
  ["applies_to: {workspaces: [research]}", { workspace: undefined }, false],
  ["applies_to: {users: [alice]}", {}, true],
  ["applies_to: {users: [Alice]}", {}, false],
  ["applies_to: {keys: [alice-laptop]}", {}, true],
  ["applies_to: {keys: [alice-laptop]}", { key: "bob" }, false],
  ["applies_to: {providers: [openai]}", {}, true],
  ["applies_to: {providers: ['open*']}", {}, true],
  ["applies_to: {providers: ['!openai']}", {}, false],
  ["applies_to: {providers: ['!openai']}", { provider: "demo" }, true],
  ["applies_to: {models: ['openai/*']}", {}, true],
  ["applies_to: {models: [smart]}", {}, true],
  ["applies_to: {models: [smart]}", { publicName: undefined }, false],
  ["applies_to: {models: ['openai/*', '!*-5']}", { publicName: undefined }, false],
  ["applies_to: {models: ['openai/*']}", { target: undefined, publicName: undefined }, false],
  ["applies_to: {workspaces: [research], users: [alice]}", {}, true],
  ["applies_to: {workspaces: [research], users: [bob]}", {}, false],
  ["applies_to: {workspaces: [research], models: ['demo/*']}", {}, false],
  ["applies_to: {header: {X-Gateway-Customer: acme}}", {}, false],
  ["applies_to: {header: {X-Gateway-Customer: acme}}", { headers: { "x-gateway-customer": "acme" } }, true],
  ["applies_to: {header: {X-Gateway-Customer: acme}}", { headers: { "x-gateway-customer": "Acme" } }, false],
  ["applies_to: {header: {X-Gateway-CUSTOMER.ID: a}}", { headers: { "X-Gateway-customer_id": "a" } }, true],
];

test.each(APPLIES)("`%s` and a call with %j: %p", (settings, changes, applies) => {
  expect(claimsOf(spendPolicy(settings), changes)).toHaveLength(applies ? 1 : 0);
});

describe("a counter", () => {
  test("is shared by a group", () => {
    const policies = spendPolicy("applies_to: {users: [alice, bob]}");
    const [alice, bob] = [claimOf(policies), claimOf(policies, { key: "bob-laptop", user: "bob" })];
    expect(alice.counter).toBe(bob.counter);
    expect(alice.counter.subject).toBeUndefined();
  });

  test.each([
    ["key", "alice-laptop"],
    ["user", "alice"],
    ["workspace", "research"],
    ["provider", "openai"],
    ["model", "openai/gpt-5"],
  ])("is one for each %s", (each, subject) => {
    expect(claimOf(spendPolicy(`each: ${each}`)).counter.subject).toBe(subject);
  });

  test.each(["user", "workspace", "provider", "model"])("is none where a call has no %s", (each) => {
    const nothing = { user: undefined, workspace: undefined, provider: undefined, target: undefined };
    expect(claimsOf(spendPolicy(`each: ${each}`), nothing)).toEqual([]);
  });

  test("is durable for money and for days, and not for what a restart may forget", () => {
    const limits = rateLimit("requests: [1/minute, 2/hour, 3/day], tokens: [4/day], concurrent: 5");
    expect(claimsOf(limits).map(({ metric, limit, counter }) => [metric, limit, counter.durable])).toEqual([
      ["requests", 1n, false],
      ["requests", 2n, false],
      ["requests", 3n, true],
      ["tokens", 4n, true],
      ["concurrent", 5n, false],
    ]);
    expect(claimOf(spendPolicy("each: key")).counter.durable).toBe(true);
  });

  test("has the window of the policy's time zone; rates have UTC's, and concurrency none", () => {
    const { counter } = claimOf(spendPolicy("timezone: Europe/Berlin"));
    expect([counter.start, counter.end]).toEqual([
      Date.parse("2026-11-19T23:00:00Z"),
      Date.parse("2026-11-20T23:00:00Z"),
    ]);
    const [requests, concurrent] = claimsOf(rateLimit("requests: 60/minute, concurrent: 2"));
    expect(requests?.counter).toMatchObject({
      start: Date.parse("2026-11-20T13:45:00Z"),
      end: Date.parse("2026-11-20T13:46:00Z"),
    });
    expect(concurrent?.counter).toMatchObject({ start: 0, end: Number.POSITIVE_INFINITY });
  });
});

describe("an override", () => {
  const policies = spendPolicy("each: user, overrides: {alice: 20.5, carol: 0}");

  test.each([
    ["alice", 20.5],
    ["bob", 2],
    ["carol", 0],
  ])("of %s gives %d dollars", (user, limit) => {
    expect(claimOf(policies, { user }).limit).toBe(usd(limit));
  });
});

describe("the order of claims", () => {
  test("is from the broadest to the narrowest, then that of the file, spend policies first", () => {
    const policies = policiesOf(`
rate_limits:
  wide rate: {requests: 1/minute}
spend_policies:
  header: {limit_usd: 1, window: day, applies_to: {header: {X-Gateway-Customer: acme}}}
  model: {limit_usd: 1, window: day, applies_to: {models: ["*"]}}
  provider: {limit_usd: 1, window: day, applies_to: {providers: [openai]}}
  key: {limit_usd: 1, window: day, applies_to: {keys: [alice-laptop]}}
  each user: {limit_usd: 1, window: day, each: user}
  user: {limit_usd: 1, window: day, applies_to: {users: [alice], workspaces: [research]}}
  workspace: {limit_usd: 1, window: day, applies_to: {workspaces: [research]}}
  all: {limit_usd: 1, window: day, applies_to: {organization: true}}
  all without saying so: {limit_usd: 1, window: day}`);
    const claims = claimsOf(policies, { headers: { "x-gateway-customer": "acme" } });
    expect(claims.map(({ policy }) => policy.name)).toEqual([
      "all",
      "all without saying so",
      "wide rate",
      "workspace",
      "each user",
      "user",
      "key",
      "provider",
      "model",
      "header",
    ]);
  });

  test("leaves spend policies out of calls that are not paid for", () => {
    const policies = policiesOf(
      "spend_policies: {S: {limit_usd: 1, window: day}}\nrate_limits: {R: {requests: 1/minute}}",
    );
    const names = (paid: boolean) => policies.match(callOf(), NOW, paid).map(({ policy }) => policy.name);
    expect([names(true), names(false)]).toEqual([["S", "R"], ["R"]]);
  });
});

describe("what was found", () => {
  const limits = rateLimit("each: key, requests: 60/minute");

  test("is the same object while the window lasts, and another one after it", () => {
    const first = limits.match(callOf(), NOW, true);
    expect(limits.match(callOf(), NOW + 1000, true)).toBe(first);
    const next = limits.match(callOf(), NOW + 60_000, true);
    expect(next[0]?.counter.start).toBe(Date.parse("2026-11-20T13:46:00Z"));
    expect(next[0]?.counter.id).not.toBe(first[0]?.counter.id);
  });

  test("for a request that began in an earlier window is that window's counter", () => {
    const first = limits.match(callOf(), NOW, true);
    const next = limits.match(callOf(), NOW + 60_000, true);
    expect(limits.match(callOf(), NOW, true)[0]?.counter).toEqual(first[0]?.counter as never);
    expect(limits.match(callOf(), NOW + 60_001, true)).toBe(next);
  });

  test("is looked for again when the key's owner is another", () => {
    const policies = spendPolicy("each: user");
    expect(claimOf(policies).counter.subject).toBe("alice");
    expect(claimOf(policies, { user: "bob" }).counter.subject).toBe("bob");
  });

  test("is forgotten when callers invent ever more models, and found again", () => {
    const policies = spendPolicy("each: model");
    const { id } = claimOf(policies).counter;
    for (let index = 0; index < 20_001; index++) claimOf(policies, { target: `openai/${index}` });
    expect(claimOf(policies).counter.id).toBe(id);
  });

  test("of a configuration without policies is nothing", () => {
    const policies = policiesOf("");
    expect([policies.isEmpty, claimsOf(policies)]).toEqual([true, []]);
  });
});

describe("a policy that is switched off", () => {
  test("has its claim, marked so", () => {
    expect(claimOf(spendPolicy("enabled: false")).policy.enabled).toBe(false);
  });
});

const SHAPES: readonly [string, string, boolean][] = [
  ["each: user", "each: user, on_breach: warn, status: 429, warn_at: 50%, enabled: false", true],
  ["each: user", "each: user, show_amounts: true, overrides: {alice: 9}", true],
  ["applies_to: {users: [a, b]}", "applies_to: {users: [b, a]}", true],
  ["applies_to: {organization: true}", "", true],
  ["each: {header: X-Gateway-A.B}", "each: {header: x-gateway-a_b, required: true}", true],
  ["each: user", "each: key", false],
  ["applies_to: {users: [a]}", "applies_to: {users: [a, b]}", false],
  ["applies_to: {users: [a]}", "applies_to: {keys: [a]}", false],
  ["", "timezone: Europe/Berlin", false],
];

test.each(SHAPES)("the shape of `%s` and of `%s`: the same is %p", (one, other, same) => {
  const shapeOf = (settings: string) => spendPolicy(settings).all[0]?.meters[0]?.shape;
  expect(shapeOf(one) === shapeOf(other)).toBe(same);
});
