// The store that the benchmarks fill is one that a gateway could have written.

import type { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillStore } from "../../../bench/filled-store.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { decodeDetail, decodePrice, decodeProfile } from "../../../src/store/row-text.ts";

const ROWS = 2000;
const UNTIL = Date.UTC(2026, 10, 21);

const dir = mkdtempSync(join(tmpdir(), "postern-test-filled-"));
const path = join(dir, "postern.db");
let database: Database;

beforeAll(() => {
  fillStore(path, ROWS, UNTIL);
  database = openDatabase({ path, sync: "normal" });
});

afterAll(() => {
  database.close();
  rmSync(dir, { recursive: true, force: true });
});

function one(sql: string): Record<string, unknown> {
  return database.query<Record<string, unknown>, []>(sql).get() ?? {};
}

test("has the schema's indexes, and no page that is wrong", () => {
  const fresh = openDatabase({ path: ":memory:", sync: "normal" });
  const names = "SELECT group_concat(name) AS names FROM (SELECT name FROM sqlite_schema ORDER BY name)";
  expect(one(names)).toEqual(fresh.query<Record<string, unknown>, []>(names).get() ?? {});
  fresh.close();
  expect(one("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
});

test("has as many rows as asked for, in the order of their times, ending now", () => {
  const row = one("SELECT count(*) AS rows, min(at) AS first, max(at) AS last FROM requests");
  expect(row["rows"]).toBe(BigInt(ROWS));
  expect(Number(row["first"])).toBeGreaterThan(UNTIL - 30 * 86_400_000);
  expect(Number(row["last"])).toBeLessThanOrEqual(UNTIL);
  expect(
    one("SELECT count(*) AS n FROM requests a JOIN requests b ON b.seq = a.seq + 1 WHERE b.at < a.at"),
  ).toEqual({ n: 0n });
});

test("has ids, profiles, prices and details that can be read", () => {
  const rows = database
    .query<{ id: string; detail: string; profile: string; price: string }, []>(
      `SELECT id, detail, p.text AS profile, c.text AS price FROM requests
       JOIN definitions p ON p.no = profile AND p.kind = 'profile'
       JOIN definitions c ON c.no = price AND c.kind = 'price'`,
    )
    .all();
  expect(rows).toHaveLength(ROWS);
  expect(new Set(rows.map(({ profile }) => profile)).size).toBeGreaterThan(300);
  for (const { id, detail, profile, price } of rows) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(decodeDetail(detail).totalMs).toBeNumber();
    expect(decodeProfile(profile).key).toMatch(/^key-\d+$/);
    expect(decodePrice(price).input).toBe(2_500_000_000n);
  }
});

test("has sums per hour that are those of its rows", () => {
  const sums = "count(*) AS n, sum(cost) AS cost, sum(input) AS input, sum(output) AS output";
  const rows = one(`SELECT ${sums} FROM requests`);
  const hours = one(
    `SELECT sum(requests) AS n, sum(cost) AS cost, sum(input) AS input, sum(output) AS output FROM rollups`,
  );
  expect(hours).toEqual(rows);
});
