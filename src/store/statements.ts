// The statements that the ledger writes with, prepared once.

import type { Database, Statement } from "bun:sqlite";
import type { Usage } from "../formats/usage.ts";
import type { Account } from "./accounts.ts";
import type { RequestRow } from "./entry.ts";

/** What is added to one counter. */
export interface CounterSum {
  readonly account: Pick<Account, "key" | "epoch" | "no">;
  amount: bigint;
}

/** What is added to one hour of one profile. */
export interface RollupSum {
  readonly starts: number;
  readonly profile: number;
  requests: number;
  input: number;
  cacheRead: number;
  output: number;
  cost: bigint;
  estimated: number;
  unpriced: number;
  subscription: number;
}

/** An attempt's row, from the ledger or from a slot. */
export interface AttemptRecord {
  readonly seq: number;
  readonly request: { readonly seq: number };
  readonly entry: { readonly at: number };
  readonly profile: number;
  readonly price: number;
}

export interface Statements {
  readonly begin: Statement;
  readonly commit: Statement;
  readonly rollback: Statement;
  readonly definition: Statement;
  addCounter(sum: CounterSum): void;
  addRollup(sum: RollupSum): void;
  insertAttempt(
    attempt: AttemptRecord,
    part: { readonly usage: Usage | undefined; readonly costNanoUsd: bigint },
    flags: number,
  ): void;
  insertRequest(seq: number, row: RequestRow, numbers: RowNumbers): void;
}

/** What stands in a row's columns as a number. */
export interface RowNumbers {
  readonly profile: number;
  /** 0 = none. */
  readonly price: number;
  readonly flags: number;
  readonly cost: bigint;
  readonly detail: string;
}

const COUNTER = `INSERT INTO counters (no, policy, metric, subject, shape, starts, ends, epoch, spent)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (no) DO UPDATE SET spent = spent + excluded.spent`;

const ROLLUP = `INSERT INTO rollups
  (starts, profile, requests, input, cache_read, output, cost, estimated, unpriced, subscription)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (starts, profile) DO UPDATE SET
  requests = requests + excluded.requests, input = input + excluded.input,
  cache_read = cache_read + excluded.cache_read, output = output + excluded.output,
  cost = cost + excluded.cost, estimated = estimated + excluded.estimated,
  unpriced = unpriced + excluded.unpriced, subscription = subscription + excluded.subscription`;

const REQUEST = `INSERT INTO requests (seq, id, at, profile, price, status, code,
  input, output, cache_read, cache_write, reasoning, cost, flags, detail)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const ATTEMPT = `INSERT INTO attempts (seq, request, at, profile, price, input, output, cost, flags)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Numbers and bigints go in as they are; a bigint must fit 64 bits. */
export function prepareStatements(database: Database): Statements {
  const counter = database.prepare(COUNTER);
  const rollup = database.prepare(ROLLUP);
  const request = database.prepare(REQUEST);
  const attempt = database.prepare(ATTEMPT);
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    definition: database.prepare("INSERT OR IGNORE INTO definitions (no, kind, text) VALUES (?, ?, ?)"),
    addCounter({ account: { key, epoch, no }, amount }) {
      const ends = key.end === Number.POSITIVE_INFINITY ? null : key.end;
      const subject = key.subject ?? null;
      counter.run(no, key.policy, key.metric, subject, key.shape, key.start, ends, epoch, amount);
    },
    addRollup(sum) {
      const { starts, profile, requests, input, cacheRead, output, cost } = sum;
      const { estimated, unpriced, subscription } = sum;
      rollup.run(
        ...[starts, profile, requests, input, cacheRead, output],
        ...[cost, estimated, unpriced, subscription],
      );
    },
    insertAttempt({ seq, request: { seq: first }, entry: { at }, profile, price }, part, flags) {
      const input = part.usage?.inputTokens ?? null;
      const output = part.usage?.outputTokens ?? null;
      attempt.run(seq, first, at, profile, price || null, input, output, part.costNanoUsd, flags);
    },
    insertRequest(seq, row, { profile, price, flags, cost, detail }) {
      const { usage } = row;
      request.run(
        seq,
        row.id,
        row.at,
        profile,
        price || null,
        row.status,
        row.code ?? null,
        usage?.inputTokens ?? null,
        usage?.outputTokens ?? null,
        usage?.cacheReadTokens ?? null,
        usage?.cacheWriteTokens ?? null,
        usage?.reasoningTokens ?? null,
        cost,
        flags,
        detail,
      );
    },
  };
}
