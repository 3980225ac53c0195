// Adds up what calls used in a span of time: whole hours from the sums that are kept, the rest from the rows themselves.

import type { Database } from "bun:sqlite";
import { ceilTo, DAY_MS, floorTo, HOUR_MS, type Span } from "./read-window.ts";
import { FLAG_BITS } from "./row-text.ts";

/** What one profile used within one piece of the span. */
export interface Piece {
  /** Number of the definition. */
  readonly profile: bigint;
  /** Epoch milliseconds of the hour or day it belongs to; 0 when the span is not split. */
  readonly starts: number;
  readonly requests: number;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: bigint;
  readonly estimated: number;
  readonly unpriced: number;
  readonly subscription: number;
}

interface SumRow {
  readonly profile: bigint;
  readonly piece_starts: bigint;
  readonly requests: bigint;
  readonly input: bigint | null;
  readonly cache_read: bigint | null;
  readonly output: bigint | null;
  readonly cost: bigint;
  readonly estimated: bigint;
  readonly unpriced: bigint;
  readonly subscription: bigint;
}

/** How the pieces are cut: by hour, by day, or not at all. */
export type Cut = "hour" | "day" | "none";

/**
 * What was used in the span, by profile. Parts of hours are there while the rows of their requests are; a day whose
 * rows are gone counts as a whole where it begins.
 */
export function* readSums(db: Database, span: Span, cut: Cut): Generator<Piece> {
  const from = span.from ?? 0;
  const to = span.to ?? END_MS;
  const firstHour = ceilTo(from, HOUR_MS);
  const lastHour = span.to === undefined ? END_MS : floorTo(to, HOUR_MS);
  if (firstHour > lastHour) {
    yield* rowSums(db, from, to, cut);
    return;
  }
  yield* rowSums(db, from, firstHour, cut);
  yield* hourSums(db, firstHour, lastHour, cut);
  yield* rowSums(db, lastHour, to, cut);
}

/** Later than all rows, and small enough to be exact. */
const END_MS = 2 ** 52;

function* hourSums(db: Database, from: number, to: number, cut: Cut): Generator<Piece> {
  if (from >= to) return;
  const sql = `SELECT profile, ${cutSql("starts", cut)} AS piece_starts, sum(requests) AS requests, sum(input) AS input,
    sum(cache_read) AS cache_read, sum(output) AS output, sum(cost) AS cost, sum(estimated) AS estimated,
    sum(unpriced) AS unpriced, sum(subscription) AS subscription
    FROM rollups WHERE starts >= ? AND starts < ? GROUP BY profile, piece_starts`;
  yield* pieces(db, sql, [from, to]);
}

function* rowSums(db: Database, from: number, to: number, cut: Cut): Generator<Piece> {
  if (from >= to) return;
  const flag = (name: keyof typeof FLAG_BITS) => `sum((flags & ${FLAG_BITS[name]}) <> 0) AS ${name}`;
  const piece = `${cutSql("at", cut)} AS piece_starts`;
  const rows = `SELECT profile, ${piece}, count(*) AS requests, sum(input) AS input, sum(cache_read) AS cache_read,
    sum(output) AS output, sum(cost) AS cost, ${flag("estimated")}, ${flag("unpriced")}, ${flag("subscription")}
    FROM requests WHERE at >= ? AND at < ? AND (flags & ${FLAG_BITS.forwarded}) <> 0 GROUP BY profile, piece_starts`;
  yield* pieces(db, rows, [from, to]);
  const first = db
    .query<{ seq: bigint | null }, [number, number]>(
      "SELECT min(seq) AS seq FROM requests WHERE at >= ? AND at < ?",
    )
    .get(from, to);
  if (first === null || first.seq === null) return;
  const nothing = "0 AS estimated, 0 AS unpriced, 0 AS subscription";
  // A request's row has the cost of all its attempts: the earlier ones' share goes to those whom they were sent to.
  const attempts = `SELECT profile, ${piece}, 0 AS requests, sum(input) AS input, 0 AS cache_read,
    sum(output) AS output, sum(cost) AS cost, ${nothing}
    FROM attempts WHERE seq >= ? AND at >= ? AND at < ? GROUP BY profile, piece_starts`;
  yield* pieces(db, attempts, [first.seq, from, to]);
  const shares = `SELECT r.profile, ${cutSql("r.at", cut)} AS piece_starts, 0 AS requests, 0 AS input, 0 AS cache_read,
    0 AS output, -sum(a.cost) AS cost, ${nothing}
    FROM attempts a CROSS JOIN requests r ON r.seq = a.request
    WHERE a.seq >= ? AND a.at >= ? AND a.at < ? AND (r.flags & ${FLAG_BITS.forwarded}) <> 0
    GROUP BY r.profile, piece_starts`;
  yield* pieces(db, shares, [first.seq, from, to]);
}

function* pieces(db: Database, sql: string, values: (number | bigint)[]): Generator<Piece> {
  const rows = db.query<SumRow, (number | bigint)[]>(sql).iterate(...values);
  for (const row of rows) {
    yield {
      profile: row.profile,
      starts: Number(row.piece_starts),
      requests: Number(row.requests),
      inputTokens: Number(row.input ?? 0n),
      cacheReadTokens: Number(row.cache_read ?? 0n),
      outputTokens: Number(row.output ?? 0n),
      costNanoUsd: BigInt(row.cost),
      estimated: Number(row.estimated),
      unpriced: Number(row.unpriced),
      subscription: Number(row.subscription),
    };
  }
}

function cutSql(column: string, cut: Cut): string {
  if (cut === "none") return "0";
  const unitMs = cut === "hour" ? HOUR_MS : DAY_MS;
  return `${column} - ${column} % ${unitMs}`;
}
