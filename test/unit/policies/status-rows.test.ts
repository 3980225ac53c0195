// How policies stand, as the admin API and callers are told.

import { describe, expect, test } from "bun:test";
import { policiesOfKey, policyRows } from "../../../src/policies/status-rows.ts";
import {
  claimOf,
  claimsOf,
  FakeLedger,
  policiesOf,
  rateLimit,
  spendPolicy,
  usd,
} from "./policies-under-test.ts";

const ALICE = { name: "alice-laptop", user: "alice", workspace: "research" };

describe("rows of all policies", () => {
  test("a spend policy that nothing was spent of is listed at 0", () => {
    expect(policyRows(spendPolicy(""), new FakeLedger())).toEqual([
      {
        name: "P",
        kind: "spend",
        subject: null,
        enabled: true,
        on_breach: "block",
        window: "day",
        timezone: "UTC",
        limit_usd: "2",
        limit_nano_usd: 2_000_000_000,
        spent_usd: "0",
        spent_nano_usd: 0,
        reserved_nano_usd: 0,
        starts_at: "2026-11-20T00:00:00.000Z",
        resets_at: "2026-11-21T00:00:00.000Z",
        state: "ok",
      },
    ]);
  });

  test("what was spent and what is held are told, also of a disabled policy", () => {
    const policies = spendPolicy("enabled: false");
    const ledger = new FakeLedger().put(claimOf(policies), 2_000_000_001n, usd(0.5));
    expect(policyRows(policies, ledger)).toMatchObject([
      {
        enabled: false,
        spent_usd: "2.000000001",
        spent_nano_usd: 2_000_000_001,
        reserved_nano_usd: 500_000_000,
        state: "ok",
      },
    ]);
  });

  test.each([
    ["", 1.59, "ok"],
    ["", 1.6, "warning"],
    ["", 2, "blocked"],
    ["on_breach: warn", 2, "warning"],
    ["on_breach: warn, enabled: false", 2, "ok"],
  ])("policy `%s` with %d dollars spent is %s", (settings, spent, state) => {
    const policies = spendPolicy(settings);
    expect(policyRows(policies, new FakeLedger().put(claimOf(policies), usd(spent)))[0]?.state).toBe(
      state as never,
    );
  });

  test("a policy with subjects has a row for each that was counted or has a limit of its own", () => {
    const policies = spendPolicy("each: user, overrides: {boss: 20}");
    const ledger = new FakeLedger()
      .put(claimOf(policies), usd(1))
      .put(claimOf(policies, { user: "bob" }), usd(2));
    const rows = policyRows(policies, ledger).map(({ subject, limit_usd, spent_usd, state }) => [
      subject,
      limit_usd,
      spent_usd,
      state,
    ]);
    expect(rows).toEqual([
      ["boss", "20", "0", "ok"],
      ["alice", "2", "1", "ok"],
      ["bob", "2", "2", "blocked"],
    ]);
  });

  test("subjects of an earlier window, of another shape or of another policy are no rows", () => {
    const policies = spendPolicy("each: user");
    const claim = claimOf(policies);
    const { counter } = claim;
    const ledger = new FakeLedger();
    for (const other of [{ start: 0 }, { shape: "other" }, { policy: "Q" }])
      ledger.put({ ...claim, counter: { ...counter, ...other, id: JSON.stringify(other) } }, usd(1));
    expect(policyRows(policies, ledger)).toMatchObject([{ subject: null, spent_usd: "0" }]);
  });

  test("a total has neither start nor reset", () => {
    const policies = policiesOf("spend_policies: {P: {limit_usd: 2, window: total}}");
    expect(policyRows(policies, new FakeLedger())).toMatchObject([
      { window: "total", starts_at: null, resets_at: null },
    ]);
  });

  test("a rate limit has a row per limit, without amounts", () => {
    const policies = rateLimit("each: key, requests: 60/minute, concurrent: 2");
    const [requests, concurrent] = claimsOf(policies);
    const ledger = new FakeLedger();
    if (requests !== undefined) ledger.put(requests, 3n, 1n);
    if (concurrent !== undefined) ledger.put(concurrent, 0n, 2n);
    const shared = {
      name: "R",
      kind: "rate",
      subject: "alice-laptop",
      enabled: true,
      on_breach: "block",
      timezone: "UTC",
    };
    expect(policyRows(policies, ledger)).toEqual([
      {
        ...shared,
        window: "minute",
        metric: "requests",
        per: "minute",
        limit: 60,
        used: 4,
        starts_at: "2026-11-20T13:45:00.000Z",
        resets_at: "2026-11-20T13:46:00.000Z",
        state: "ok",
      },
      {
        ...shared,
        window: null,
        metric: "concurrent",
        per: null,
        limit: 2,
        used: 2,
        starts_at: null,
        resets_at: null,
        state: "blocked",
      },
    ] as never);
  });
});

describe("policies of a key", () => {
  const rowsOf = (settings: string, spent = 1) => {
    const policies = spendPolicy(settings);
    const ledger = new FakeLedger();
    for (const claim of claimsOf(policies)) ledger.put(claim, usd(spent));
    return policiesOfKey(ALICE, policies, ledger).map(({ subject, limit_usd, spent_usd }) => [
      subject,
      limit_usd,
      spent_usd,
    ]);
  };

  /** What the refusal of a wide policy would not tell is not told here. */
  const NOT_TOLD = null;

  test.each([
    ["each: key", [["alice-laptop", "2", "1"]]],
    ["each: user, overrides: {alice: 3}", [["alice", "3", "1"]]],
    ["applies_to: {keys: [alice-laptop]}", [[null, "2", "1"]]],
    ["applies_to: {workspaces: [research]}", [[null, "2", "1"]]],
    ["applies_to: {workspaces: [research]}, show_amounts: true", [[null, "2", "1"]]],
    ["each: model, show_amounts: true", [[null, "2", NOT_TOLD]]],
    ["applies_to: {workspaces: [dev]}", []],
    ["applies_to: {users: [a]}", []],
    ["each: key, enabled: false", []],
  ])("`%s`", (settings, rows) => {
    expect(rowsOf(settings)).toEqual(rows as never);
  });

  test("that has no user are not those that count each user", () => {
    const policies = spendPolicy("each: user");
    expect(policiesOfKey({ ...ALICE, user: undefined }, policies, new FakeLedger())).toEqual([]);
  });
});
