// One transaction: what is settled becomes rows, sums of counters, and sums per hour.

import type { Database } from "bun:sqlite";
import type { Account } from "./accounts.ts";
import type { Attempt, Item, OpenRequest, PendingRow } from "./attempt.ts";
import type { Definitions } from "./definitions.ts";
import type { RequestRow } from "./entry.ts";
import { encodeDetail, encodeFlags, FLAG_BITS } from "./row-text.ts";
import { type SettledPart, SLOT_BITS } from "./slot.ts";
import { type CounterSum, prepareStatements, type RollupSum, type Statements } from "./statements.ts";

const HOUR_MS = 3_600_000;

/** Bits of a slot that rows have, too. */
const ROW_BITS = 0xff;

export interface StoredRow {
  readonly row: RequestRow;
  readonly seq: number;
}

export interface Batch {
  /** Writes all items or none; returns the rows among them. @throws what SQLite throws */
  write(items: readonly Item[]): readonly StoredRow[];
}

export interface BatchOptions {
  readonly database: Database;
  readonly definitions: Definitions;
  /** A row could not be made: a mistake of this program. Its request is booked all the same. */
  readonly onBrokenRow: (error: unknown) => void;
}

/** Writes through one set of prepared statements. */
export function createBatch({ database, definitions, onBrokenRow }: BatchOptions): Batch {
  const statements = prepareStatements(database);

  return {
    write(items) {
      statements.begin.run();
      try {
        const rows = createTransaction(statements, definitions, onBrokenRow).write(items);
        const fresh = definitions.pending;
        for (const { no, kind, text } of fresh) statements.definition.run(no, kind, text);
        statements.commit.run();
        definitions.stored(fresh.length);
        return rows;
      } catch (error) {
        if (database.inTransaction) statements.rollback.run();
        throw error;
      }
    },
  };
}

/** Collects sums, so that each counter and each hour is written once per transaction. */
function createTransaction(
  statements: Statements,
  definitions: Definitions,
  onBrokenRow: (error: unknown) => void,
) {
  const counters = new Map<Account, CounterSum>();
  const rollups = new Map<number, RollupSum>();
  const rows: StoredRow[] = [];

  const count = (account: Account, amount: bigint): void => {
    if (account.no === 0) return;
    const sum = counters.get(account);
    if (sum === undefined) counters.set(account, { account, amount });
    else sum.amount += amount;
  };

  const rollup = (at: number, profile: number): RollupSum => {
    const hour = Math.floor(at / HOUR_MS);
    const id = hour * 0x8000_0000 + profile;
    let sum = rollups.get(id);
    if (sum === undefined) {
      sum = emptyRollup(hour * HOUR_MS, profile);
      rollups.set(id, sum);
    }
    return sum;
  };

  const addAttempt = (attempt: Attempt, part: SettledPart): void => {
    bookCounters(attempt, part, count);
    if ((part.bits & SLOT_BITS.refused) === 0 && (part.bits & SLOT_BITS.released) === 0) {
      const sum = rollup(attempt.entry.at, attempt.profile);
      sum.cost += part.costNanoUsd;
      sum.input += part.usage?.inputTokens ?? 0;
      sum.cacheRead += part.usage?.cacheReadTokens ?? 0;
      sum.output += part.usage?.outputTokens ?? 0;
    }
    if ((part.bits & SLOT_BITS.last) === 0) statements.insertAttempt(attempt, part, part.bits & ROW_BITS);
  };

  const addRow = (seq: number, pending: PendingRow, request: OpenRequest | undefined): void => {
    const row = makeRow(pending, onBrokenRow);
    if (row === undefined) return;
    const flags = encodeFlags(row.flags, request?.isForwarded === true);
    const profile = definitions.profile(row.profile);
    const price = definitions.price(row.price);
    const cost = request?.costNanoUsd ?? row.costNanoUsd;
    statements.insertRequest(seq, row, { profile, price, flags, cost, detail: encodeDetail(row) });
    rows.push({ row, seq });
    if (request?.last !== undefined && request.isForwarded)
      countRequest(rollup(request.last.entry.at, request.last.profile), flags);
  };

  return {
    write(items: readonly Item[]): readonly StoredRow[] {
      for (const item of items) {
        if (item.kind === "attempt") addAttempt(item.attempt, item.part);
        else if (item.kind === "note") addRow(item.seq, item.row, undefined);
        else if (item.kind === "reset") count(item.account, 0n);
        else if (item.row !== undefined) addRow(item.request.seq, item.row, item.request);
      }
      for (const sum of counters.values()) statements.addCounter(sum);
      for (const sum of rollups.values()) statements.addRollup(sum);
      return rows;
    },
  };
}

function makeRow(pending: PendingRow, onBrokenRow: (error: unknown) => void): RequestRow | undefined {
  try {
    return pending.get();
  } catch (error) {
    onBrokenRow(error);
    return undefined;
  }
}

/** What one closed attempt adds to its counters. Concurrency and what was only held are never stored. */
function bookCounters(
  { accounts, entry }: Attempt,
  { bits, costNanoUsd, tokens }: SettledPart,
  count: (account: Account, amount: bigint) => void,
): void {
  const isUsed = (bits & SLOT_BITS.released) === 0;
  for (let i = 0; i < accounts.length; i++) {
    const account = accounts[i];
    if (account === undefined || account.no === 0) continue;
    const { metric } = account.key;
    if (metric === "usd" && isUsed) count(account, costNanoUsd);
    else if (metric === "tokens" && isUsed) count(account, BigInt(tokens));
    else if (metric === "requests" && (bits & SLOT_BITS.refused) === 0)
      count(account, entry.holds[i]?.amount ?? 0n);
  }
}

/** A sum of nothing. */
export function emptyRollup(starts: number, profile: number): RollupSum {
  const zeros = {
    requests: 0,
    input: 0,
    cacheRead: 0,
    output: 0,
    estimated: 0,
    unpriced: 0,
    subscription: 0,
  };
  return { starts, profile, cost: 0n, ...zeros };
}

/** Counts one request with these flags. */
export function countRequest(sum: RollupSum, flags: number): void {
  sum.requests++;
  if ((flags & FLAG_BITS.estimated) !== 0) sum.estimated++;
  if ((flags & FLAG_BITS.unpriced) !== 0) sum.unpriced++;
  if ((flags & FLAG_BITS.subscription) !== 0) sum.subscription++;
}
