// What retention does, cut into transactions of few rows each.

import type { Database } from "bun:sqlite";
import type { Facts } from "./facts.ts";
import { prepareStatements, type RollupSum } from "./statements.ts";

const DAY_MS = 86_400_000;
const ROWS_PER_STEP = 500;
const NUMBERS_PER_STEP = 4_000;
const PAGES_PER_STEP = 128;

/** Counters are kept at least so long after their window: calls of it may be under way. */
const COUNTERS_MS = DAY_MS;

/** Free pages are used again; more than this part of the file is given back … */
const MANY_FREE = 0.2;
/** … down to this. */
const FEW_FREE = 0.02;
const FEW_PAGES = 256;

/** A run over all that is older than a moment; each `next()` is one short transaction. */
export function createSteps(database: Database, facts: Facts) {
  const statements = prepareStatements(database);
  const deleteRequests = database.prepare(
    `DELETE FROM requests WHERE seq IN (SELECT seq FROM requests WHERE at < ? ORDER BY at LIMIT ${ROWS_PER_STEP})`,
  );
  const deleteAttempts = database.prepare(
    `DELETE FROM attempts WHERE seq IN (SELECT seq FROM attempts WHERE seq < ? ORDER BY seq LIMIT ${ROWS_PER_STEP})`,
  );
  const oldestRequest = database.query<{ seq: bigint | null }, []>("SELECT min(seq) AS seq FROM requests");
  const oldestHour = database.query<{ starts: bigint | null }, []>(
    "SELECT min(starts) AS starts FROM rollups",
  );
  const hours = database.query<Record<keyof typeof ROLLUP_COLUMNS, bigint>, [number, number]>(
    `SELECT ${Object.keys(ROLLUP_COLUMNS).join(", ")} FROM rollups WHERE starts > ? AND starts < ?
      ORDER BY starts, profile LIMIT ${ROWS_PER_STEP}`,
  );
  const deleteHour = database.prepare("DELETE FROM rollups WHERE starts = ? AND profile = ?");
  const lastDefinition = database.query<{ no: bigint | null }, []>("SELECT max(no) AS no FROM definitions");
  const endedCounters = database.query<{ no: bigint }, [number, number, number]>(
    "SELECT no FROM counters WHERE no > ? AND no <= ? AND ends < ?",
  );
  const deleteCounter = database.prepare("DELETE FROM counters WHERE no = ?");
  const deleteDefinition = database.prepare("DELETE FROM definitions WHERE no = ?");
  const pageCount = database.query<{ page_count: bigint }, []>("PRAGMA page_count");
  const freeCount = database.query<{ freelist_count: bigint }, []>("PRAGMA freelist_count");

  const vacuum = database.query(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`);
  // Passive: it waits for nobody, and the file is cut all the same.
  const checkpoint = database.query("PRAGMA wal_checkpoint(PASSIVE)");

  const transaction = <T>(work: () => T): T => database.transaction(work).immediate();

  function* requests(before: number): Generator<void> {
    let deleted: number;
    do {
      deleted = transaction(() => deleteRequests.run(before).changes);
      yield;
    } while (deleted === ROWS_PER_STEP);
    // Attempts have no index by time; they are numbered as their requests are.
    const oldest = Number(oldestRequest.get()?.seq ?? 0n);
    do {
      deleted = transaction(() => deleteAttempts.run(oldest).changes);
      yield;
    } while (deleted === ROWS_PER_STEP);
  }

  /** Sums per hour become sums per day, under the day's first hour. */
  function* rollups(before: number): Generator<void> {
    const first = Number(oldestHour.get()?.starts ?? BigInt(before));
    const until = Math.floor(before / DAY_MS) * DAY_MS;
    const from = Math.max(facts.foldedUntil(), Math.floor(first / DAY_MS) * DAY_MS);
    for (let day = from; day < until; ) {
      const isDone = transaction(() => {
        const rows = hours.all(day, day + DAY_MS);
        for (const row of rows) {
          statements.addRollup(asSum(row, day));
          deleteHour.run(row.starts, row.profile);
        }
        if (rows.length === ROWS_PER_STEP) return false;
        facts.storeFolded(day + DAY_MS);
        return true;
      });
      if (isDone) day += DAY_MS;
      yield;
    }
  }

  function* counters(before: number): Generator<void> {
    const last = Number(lastDefinition.get()?.no ?? 0n);
    for (let no = 0; no < last; no += NUMBERS_PER_STEP) {
      transaction(() => {
        for (const ended of endedCounters.all(no, Math.min(no + NUMBERS_PER_STEP, last - 1), before)) {
          deleteCounter.run(ended.no);
          deleteDefinition.run(ended.no);
        }
      });
      yield;
    }
  }

  function* space(): Generator<void> {
    const free = (): number => Number(freeCount.get()?.freelist_count ?? 0n);
    const pages = Number(pageCount.get()?.page_count ?? 0n);
    if (free() < Math.max(FEW_PAGES, pages * MANY_FREE)) return;
    while (free() > Math.max(FEW_PAGES, pages * FEW_FREE)) {
      const before = free();
      vacuum.all();
      // A database that was not made with this setting keeps its size.
      if (free() === before) return;
      yield;
    }
    checkpoint.all();
  }

  return function* run(before: number, now: number): Generator<void> {
    yield* requests(before);
    yield* rollups(before);
    yield* counters(Math.min(before, now - COUNTERS_MS));
    yield* space();
  };
}

const ROLLUP_COLUMNS = {
  starts: true,
  profile: true,
  requests: true,
  input: true,
  cache_read: true,
  output: true,
  cost: true,
  estimated: true,
  unpriced: true,
  subscription: true,
} as const;

function asSum(row: Readonly<Record<keyof typeof ROLLUP_COLUMNS, bigint>>, starts: number): RollupSum {
  return {
    starts,
    profile: Number(row.profile),
    requests: Number(row.requests),
    input: Number(row.input),
    cacheRead: Number(row.cache_read),
    output: Number(row.output),
    cost: row.cost,
    estimated: Number(row.estimated),
    unpriced: Number(row.unpriced),
    subscription: Number(row.subscription),
  };
}
