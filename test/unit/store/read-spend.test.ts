// Sums of what was spent: by name, in windows and spans, in buckets.

import { describe, expect, test } from "bun:test";
import { readSpend, readSpendQuery } from "../../../src/store/read-spend.ts";
import { filledStore, profile, REFUSED, T0 } from "./stored-rows.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CENT = 10_000_000n;

type Texts = Parameters<typeof readSpendQuery>[0];

function spend(store: ReturnType<typeof filledStore>, texts: Texts, nowMs = T0) {
  const read = readSpendQuery(texts, nowMs);
  if ("problem" in read) throw new Error(read.problem);
  return readSpend(store.database, read.query);
}

/** Each row as `name: requests × cost`. */
function brief(store: ReturnType<typeof filledStore>, texts: Texts, nowMs = T0): string[] {
  return spend(store, texts, nowMs).rows.map(
    ({ name, requests, cost_usd }) => `${name}: ${requests} × ${cost_usd}`,
  );
}

test("the report has the shape that the admin API promises", () => {
  const store = filledStore();
  store.add({ flags: ["estimated"] });
  store.add({ flags: ["unpriced"], costNanoUsd: 0n, usage: undefined });
  store.add({ flags: ["subscription"], costNanoUsd: 0n, profile: profile({ key: "bob" }) });
  store.add(REFUSED);
  const zeros = { estimated_requests: 0, unpriced_requests: 0, subscription_requests: 0 };
  expect(spend(store, { by: "key", window: "day" })).toEqual({
    by: "key",
    window: "day",
    from: "2026-11-18T00:00:00.000Z",
    to: "2026-11-19T00:00:00.000Z",
    total: {
      requests: 3,
      input_tokens: 2400,
      cache_read_tokens: 400,
      output_tokens: 680,
      cost_usd: "1.5",
      cost_nano_usd: 1_500_000_000,
      estimated_requests: 1,
      unpriced_requests: 1,
      subscription_requests: 1,
    },
    rows: [
      {
        name: "alice-laptop",
        requests: 2,
        input_tokens: 1200,
        cache_read_tokens: 200,
        output_tokens: 340,
        cost_usd: "1.5",
        cost_nano_usd: 1_500_000_000,
        ...zeros,
        estimated_requests: 1,
        unpriced_requests: 1,
      },
      {
        name: "bob",
        requests: 1,
        input_tokens: 1200,
        cache_read_tokens: 200,
        output_tokens: 340,
        cost_usd: "0",
        cost_nano_usd: 0,
        ...zeros,
        subscription_requests: 1,
      },
    ],
  });
});

test("rows and hours give the same sums", () => {
  const store = filledStore();
  store.add({ flags: ["estimated", "subscription"] });
  store.add({ at: T0 + 1, flags: ["unpriced"], usage: undefined });
  store.add(REFUSED);
  const { window: _, from: __, to: ___, ...byHours } = spend(store, { window: "hour" });
  const odd = { from: "2026-11-18T10:00:00.001Z", to: "2026-11-18T10:59:59.999Z" };
  const { window: ____, from: _____, to: ______, ...byRows } = spend(store, odd);
  expect(byRows).toEqual(byHours);
});

describe("names", () => {
  const store = filledStore();
  store.add({ costNanoUsd: 3n * CENT });
  store.add({
    costNanoUsd: 2n * CENT,
    profile: profile({
      key: "bob",
      user: undefined,
      tags: {},
      provider: "other",
      model: "big",
      policies: ["R&D Spend Cap", "Ops"],
    }),
  });
  store.add({ costNanoUsd: 2n * CENT, profile: profile({ key: "zoe", policies: [] }) });

  test.each([
    ["key", ["alice-laptop: 1 × 0.03", "bob: 1 × 0.02", "zoe: 1 × 0.02"]],
    ["user", ["alice@acme.com: 2 × 0.05", "null: 1 × 0.02"]],
    ["workspace", ["research: 3 × 0.07"]],
    ["provider", ["demo: 2 × 0.05", "other: 1 × 0.02"]],
    ["model", ["echo: 2 × 0.05", "big: 1 × 0.02"]],
    ["policy", ["R&D Spend Cap: 2 × 0.05", "Ops: 1 × 0.02", "null: 1 × 0.02"]],
    ["tag:team", ["search: 2 × 0.05", "null: 1 × 0.02"]],
    ["tag:toString", ["null: 3 × 0.07"]],
  ])("by %s", (by, rows) => {
    expect(brief(store, { by })).toEqual(rows);
  });

  test("a call counts once in the total, whatever the number of its policies", () => {
    expect(spend(store, { by: "policy" }).total).toMatchObject({ requests: 3, cost_usd: "0.07" });
  });
});

describe("windows", () => {
  const store = filledStore();
  const at = (text: string, cents: bigint) =>
    store.add({ at: Date.parse(text), costNanoUsd: cents * CENT, profile: profile({ key: text }) });
  at("2026-11-18T10:20:59.999Z", 1n);
  at("2026-11-18T10:21:00Z", 2n);
  at("2026-11-18T11:00:00Z", 3n);
  at("2026-11-19T00:00:00Z", 4n);
  at("2026-11-15T23:59:59Z", 5n);
  at("2026-11-16T00:00:00Z", 6n);
  at("2026-10-31T23:59:59Z", 7n);
  at("2026-12-01T00:00:00Z", 8n);

  test.each([
    ["minute", "0.01", "2026-11-18T10:20:00.000Z", "2026-11-18T10:21:00.000Z"],
    ["hour", "0.03", "2026-11-18T10:00:00.000Z", "2026-11-18T11:00:00.000Z"],
    ["day", "0.06", "2026-11-18T00:00:00.000Z", "2026-11-19T00:00:00.000Z"],
    ["week", "0.16", "2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    ["month", "0.21", "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    ["total", "0.36", null, null],
  ])("%s", (window, cost, from, to) => {
    expect(spend(store, { window })).toMatchObject({ window, from, to, total: { cost_usd: cost } });
  });

  test.each([
    [{ from: "2026-11-18T10:21:00Z", to: "2026-11-18T11:00:00Z" }, "0.02"],
    [{ from: "2026-11-18T10:20:59.999Z", to: "2026-11-18T11:00:00.001Z" }, "0.06"],
    [{ from: "2026-11-18", to: "2026-11-19" }, "0.06"],
    [{ from: "2026-11-18T10:30:00Z" }, "0.15"],
    [{ to: "2026-11-16T00:00:00Z" }, "0.12"],
    [{ from: "24h" }, "0.18"],
  ])("%j", (span, cost) => {
    expect(spend(store, span)).toMatchObject({ window: null, total: { cost_usd: cost } });
  });

  test("buckets say where it was spent, the empty ones left out", () => {
    const buckets = (bucket: string) =>
      spend(store, { by: "workspace", window: "total", bucket }).rows[0]?.buckets?.map(
        ({ start, cost_usd, requests }) => `${start} ${requests} × ${cost_usd}`,
      );
    expect(buckets("month")).toEqual([
      "2026-10-01T00:00:00.000Z 1 × 0.07",
      "2026-11-01T00:00:00.000Z 6 × 0.21",
      "2026-12-01T00:00:00.000Z 1 × 0.08",
    ]);
    expect(buckets("week")).toEqual([
      "2026-10-26T00:00:00.000Z 1 × 0.07",
      "2026-11-09T00:00:00.000Z 1 × 0.05",
      "2026-11-16T00:00:00.000Z 5 × 0.16",
      "2026-11-30T00:00:00.000Z 1 × 0.08",
    ]);
    expect(buckets("day")?.slice(2, 4)).toEqual([
      "2026-11-16T00:00:00.000Z 1 × 0.06",
      "2026-11-18T00:00:00.000Z 3 × 0.06",
    ]);
    expect(buckets("hour")?.slice(3, 5)).toEqual([
      "2026-11-18T10:00:00.000Z 2 × 0.03",
      "2026-11-18T11:00:00.000Z 1 × 0.03",
    ]);
  });
});

test("an attempt that failed is paid where it was made, by hours and by rows", () => {
  const store = filledStore();
  store.add({ costNanoUsd: 3n * CENT });
  store.addAttempt(1, T0, profile({ provider: "first" }), 2n * CENT);
  store.add({ costNanoUsd: CENT, at: T0 + 1 });
  const rows = ["demo: 2 × 0.04", "first: 0 × 0.02"];
  expect(brief(store, { by: "provider" })).toEqual(rows);
  expect(brief(store, { by: "provider", window: "minute" })).toEqual(rows);
  expect(spend(store, { window: "minute" }).total).toMatchObject({ requests: 2, cost_usd: "0.06" });
});

test("an attempt that cost nothing is no row", () => {
  const store = filledStore();
  store.add();
  store.addSums(T0 - (T0 % HOUR), profile({ key: "x" }), 0n);
  store.database.run("UPDATE rollups SET requests = 0 WHERE cost = 0");
  expect(brief(store, { by: "key" })).toEqual(["alice-laptop: 1 × 1.5"]);
});

test("days whose rows are gone count as a whole", () => {
  const store = filledStore();
  store.addSums(Date.parse("2026-09-01"), profile(), 5n * CENT);
  store.addSums(Date.parse("2026-09-02"), profile(), 6n * CENT);
  expect(brief(store, { from: "2026-09-01", to: "2026-09-02" })).toEqual(["alice-laptop: 1 × 0.05"]);
  expect(brief(store, { window: "total" })).toEqual(["alice-laptop: 2 × 0.11"]);
});

test("sums beyond 2^53 are exact", () => {
  const store = filledStore();
  const half = 2n ** 53n;
  store.addSums(T0 - (T0 % DAY), profile(), half);
  store.addSums(T0 - (T0 % HOUR), profile(), 1n);
  expect(spend(store, { window: "day" }).total).toMatchObject({
    cost_usd: "9007199.254740993",
    cost_nano_usd: "9007199254740993",
  });
});

test.each([
  [
    { by: "colour" },
    'by wants one of key, user, workspace, provider, model, policy or tag:NAME, not "colour"',
  ],
  [{ by: "tag:" }, 'by wants one of key, user, workspace, provider, model, policy or tag:NAME, not "tag:"'],
  [{ window: "year" }, 'window wants one of minute, hour, day, week, month, total, not "year"'],
  [{ bucket: "minute" }, 'bucket wants one of hour, day, week, month, not "minute"'],
  [{ window: "day", from: "1h" }, "window excludes from and to"],
  [{ from: "2026-11-19", to: "2026-11-18" }, "from has to be before to"],
  [
    { to: "now" },
    'to wants a time such as 2026-11-21T10:00:00Z, a date such as 2026-11-21, or a duration such as 1h, not "now"',
  ],
])("%j is a problem", (texts, problem) => {
  expect(readSpendQuery(texts, T0)).toEqual({ problem });
});
