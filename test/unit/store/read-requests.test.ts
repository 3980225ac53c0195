// Lists of kept requests: their shape, order, pages and filters.

import { describe, expect, test } from "bun:test";
import { readFilter } from "../../../src/store/read-filter.ts";
import { getRequest, isCursor, listRequests, pickRequests } from "../../../src/store/read-requests.ts";
import { filledStore, profile, REFUSED, T0 } from "./stored-rows.ts";

function ids(rows: readonly { readonly id: string }[]): string {
  return rows.map(({ id }) => id).join(" ");
}

test("a request has the shape that the admin API promises", () => {
  const store = filledStore();
  store.add({ flags: ["estimated", "interrupted"] });
  expect(getRequest(store.database, "req-1")).toEqual({
    id: "req-1",
    at: "2026-11-18T10:20:30.000Z",
    key: "alice-laptop",
    user: "alice@acme.com",
    workspace: "research",
    tags: { team: "search" },
    format: "openai",
    endpoint: "chat",
    requested_model: "fast",
    provider: "demo",
    model: "echo",
    target: "demo/echo",
    stream: true,
    status: 200,
    code: null,
    attempts: [
      { target: "demo/echo", status: 200, outcome: "completed", ms: 812.46, cost_nano_usd: 1_500_000_000 },
    ],
    usage: {
      input_tokens: 1200,
      output_tokens: 340,
      cache_read_tokens: 200,
      cache_write_tokens: 100,
      reasoning_tokens: 40,
    },
    cost_usd: "1.5",
    cost_nano_usd: 1_500_000_000,
    price: {
      source: "config",
      match: "demo/*",
      input: 0.1,
      output: 0.4,
      cache_read: 0.01,
      cache_write: 0.125,
    },
    timings: { total_ms: 850, first_byte_ms: 120.34, overhead_ms: 0.41 },
    policies: { matched: ["R&D Spend Cap"], passed: ["R&D Spend Cap"], violated: [] },
    redactions: {},
    cache: null,
    ended: "completed",
    issues: [],
    flags: ["estimated", "interrupted"],
    client: { ip: "10.0.0.1", user_agent: "OpenAI/Python 2.1.0" },
    trace_id: "0af7651916cd43dd8448eb211c80319c",
  });
});

test("a refused request has no usage, no price and costs nothing", () => {
  const store = filledStore();
  store.add({ ...REFUSED, profile: profile({ provider: undefined, model: undefined }) });
  expect(getRequest(store.database, "req-1")).toMatchObject({
    status: 402,
    code: "budget_exceeded",
    ended: "refused",
    provider: null,
    model: null,
    target: null,
    attempts: [],
    usage: null,
    cost_usd: "0",
    cost_nano_usd: 0,
    price: null,
    timings: { first_byte_ms: null },
    policies: { matched: ["R&D Spend Cap"], passed: [], violated: ["R&D Spend Cap"] },
  });
});

test("an amount beyond 2^53 is exact", () => {
  const store = filledStore();
  store.add({ costNanoUsd: 9_007_199_254_740_993n });
  expect(getRequest(store.database, "req-1")).toMatchObject({
    cost_usd: "9007199.254740993",
    cost_nano_usd: "9007199254740993",
  });
});

test("of several requests with one id the newest is shown", () => {
  const store = filledStore();
  store.add({ status: 500 });
  store.add({ at: T0 + 1, status: 201 });
  store.add({ at: T0 - 1, status: 502 });
  expect(getRequest(store.database, "req-1")?.status).toBe(201);
  expect(getRequest(store.database, "req-2")).toBeUndefined();
});

describe("pages", () => {
  test("the newest come first, those of one millisecond in the order of their numbers", () => {
    const store = filledStore();
    for (const [id, at] of [
      ["b", T0 + 5],
      ["a", T0],
      ["c", T0 + 5],
      ["d", T0 + 9],
    ] as const)
      store.add({ id, at });
    expect(ids(listRequests(store.database, {}, { limit: 10 }).rows)).toBe("d c b a");
  });

  test("cursors lead through all rows once, also when new ones come meanwhile", () => {
    const store = filledStore();
    for (let i = 0; i < 25; i++) store.add({ id: `r${i}`, at: T0 + Math.floor(i / 4) });
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 10; pages++) {
      const page = listRequests(store.database, {}, { limit: 7, cursor });
      seen.push(...page.rows.map(({ id }) => id));
      store.add({ id: "new", at: T0 + 100 });
      if (page.next === null) break;
      expect(isCursor(page.next)).toBe(true);
      cursor = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `r${24 - i}`));
  });

  test("a full last page has no next one", () => {
    const store = filledStore();
    store.add();
    store.add();
    expect(listRequests(store.database, {}, { limit: 2 }).next).toBeNull();
    expect(listRequests(filledStore().database, {}, { limit: 2 })).toEqual({ rows: [], next: null });
  });

  test("a text that is no cursor is refused", () => {
    expect(isCursor("abc")).toBe(false);
    expect(() => listRequests(filledStore().database, {}, { limit: 1, cursor: "x" })).toThrow(RangeError);
  });
});

describe("filters", () => {
  const store = filledStore();
  store.add({ id: "alice" });
  store.add({ id: "bob", at: T0 + 1, profile: profile({ key: "bob", user: "bob@acme.com" }) });
  store.add({
    id: "ops",
    at: T0 + 2,
    profile: profile({
      key: "ops",
      workspace: "ops",
      provider: "other",
      model: "big",
      policies: ["Ops cap"],
    }),
    requestedModel: "other/big",
  });
  store.add({ ...REFUSED, id: "refused", at: T0 + 3 });
  store.add({ id: "failed", at: T0 + 4, status: 404, code: "model_not_found", requestedModel: 'q"t' });
  store.add({ id: "rude", at: T0 + 5, status: 429, userAgent: '"requestedModel":"trick"' });

  function found(texts: Parameters<typeof readFilter>[0]): string {
    const read = readFilter(texts, T0 + 10);
    if ("problem" in read) return read.problem;
    const all = ids(listRequests(store.database, read.filter, { limit: 100 }).rows);
    const picked = ids(pickRequests(store.database, read.filter, [1n, 2n, 3n, 4n, 5n, 6n, 7n]));
    expect(picked.split(" ").toReversed().join(" ")).toBe(all);
    return all;
  }

  test.each([
    [{}, "rude failed refused ops bob alice"],
    [{ key: "bob" }, "bob"],
    [{ user: "alice@acme.com" }, "rude failed refused ops alice"],
    [{ workspace: "ops" }, "ops"],
    [{ provider: "demo" }, "rude failed refused bob alice"],
    [{ model: "big" }, "ops"],
    [{ model: "other/big" }, "ops"],
    [{ model: "fast" }, "rude refused bob alice"],
    [{ model: 'q"t' }, "failed"],
    [{ model: "trick" }, ""],
    [{ model: "fast", key: "bob" }, "bob"],
    [{ policy: "Ops cap" }, "ops"],
    [{ policy: "R&D Spend Cap", status: "402" }, "refused"],
    [{ status: "4xx" }, "rude failed refused"],
    [{ status: "200" }, "ops bob alice"],
    [{ status: "5xx" }, ""],
    [{ code: "model_not_found" }, "failed"],
    [{ code: "model_not_found", status: "402" }, ""],
    [{ key: "nobody" }, ""],
    [{ since: "2026-11-18T10:20:30.002Z", until: "2026-11-18T10:20:30.004Z" }, "refused ops"],
    [{ since: "8ms", until: "2026-11-19" }, "rude failed refused ops"],
    [{ until: "2026-11-18" }, ""],
  ] as const)("%j leaves %p", (texts, expected) => {
    expect(found(texts)).toBe(expected);
  });

  test.each([
    [{ status: "4x" }, 'status wants a number such as 429, or a class such as 4xx, not "4x"'],
    [
      { since: "yesterday" },
      'since wants a time such as 2026-11-21T10:00:00Z, a date such as 2026-11-21, or a duration such as 1h, not "yesterday"',
    ],
    [
      { until: "2026-02-30" },
      'until wants a time such as 2026-11-21T10:00:00Z, a date such as 2026-11-21, or a duration such as 1h, not "2026-02-30"',
    ],
  ])("%j is a problem", (texts, problem) => {
    expect(found(texts)).toBe(problem);
  });

  test("pages of a filter that needs several indexes fit together", () => {
    const first = listRequests(store.database, { status: { from: 400, to: 499 } }, { limit: 2 });
    expect(ids(first.rows)).toBe("rude failed");
    const cursor = first.next ?? undefined;
    const second = listRequests(store.database, { status: { from: 400, to: 499 } }, { limit: 2, cursor });
    expect(ids(second.rows)).toBe("refused");
    expect(second.next).toBeNull();
  });
});

test("where no index helps a page looks through so many rows only, and the next one goes on", () => {
  const store = filledStore();
  store.add({ id: "needle", at: T0, requestedModel: "rare" });
  store.database.run(
    `INSERT INTO requests SELECT seq + n, id, at + n, profile, price, status, code, input, output, cache_read,
      cache_write, reasoning, cost, flags, replace(detail, 'rare', 'fast') FROM requests, (WITH RECURSIVE numbers (n) AS
      (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100050) SELECT n FROM numbers)`,
  );
  const filter = { model: "rare" };
  const first = listRequests(store.database, filter, { limit: 5 });
  expect(first.rows).toEqual([]);
  const second = listRequests(store.database, filter, { limit: 5, cursor: first.next ?? "" });
  expect(ids(second.rows)).toBe("needle");
  expect(second.next).toBeNull();
});
