// Opens the store: takes its lock, opens its database, books what a dead process left, and makes the ledger.

import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { type Accounts, createAccounts } from "./accounts.ts";
import { createBatch } from "./batch.ts";
import { createClock } from "./clock.ts";
import { type CommitQueue, createCommitQueue, type Schedule } from "./commit-queue.ts";
import { createLedger } from "./create-ledger.ts";
import { IN_MEMORY, openDatabase, setPatience } from "./database.ts";
import { createDefinitions, type Definitions } from "./definitions.ts";
import { durableCounters } from "./durable-counters.ts";
import type { RequestRow } from "./entry.ts";
import { createFacts, type Facts } from "./facts.ts";
import { DEFAULT_SLOTS } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { lockStore } from "./lock.ts";
import type { Recovered } from "./recover.ts";
import { createRetention } from "./retention.ts";
import { reasonOf, StoreError } from "./store-error.ts";
import { openStoreFiles, type StoreFiles } from "./store-files.ts";

const MINUTE_MS = 60_000;
/** Counters of windows that ended longer ago leave memory; a late attempt finds its own in the database. */
const SWEEP_AFTER_MS = 300_000;
/** The last transaction may wait for a step of retention. */
const CLOSING_PATIENCE_MS = 500;
const MAP_FILES = typeof Bun.mmap === "function";

/** What happens in the store, for the log. Texts are for people. */
export interface StoreEvents {
  /** The machine's clock jumped ahead by so much, and is not believed for a minute. */
  readonly onJump: (byMs: number) => void;
  /** Writing fails (the reason), or works again (undefined). */
  readonly onFault: (reason: string | undefined) => void;
  /** Something is wrong and was worked around. */
  readonly onProblem: (text: string) => void;
  /** After each transaction: milliseconds, rows. */
  readonly onCommit: (ms: number, rows: number) => void;
}

export interface StoreOptions extends StoreEvents {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** `full` = commits, reservations and settlements wait for the disk. */
  readonly sync: "normal" | "full";
  /** How long rows are kept, in milliseconds; asked for at each run, so that a reload may change it. */
  readonly retentionMs: () => number;
  /** Calls that may be under way. */
  readonly slots?: number;
  /** False = the journal is written with system calls, as where files cannot be mapped. */
  readonly map?: boolean;
  readonly pid: number;
  /** How long another owner of the store is waited for. */
  readonly lockWaitMs: number;
  readonly wall: () => number;
  readonly monotonic: () => number;
  readonly schedule: Schedule;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Store {
  readonly ledger: Ledger;
  /** Where readers open the database; undefined for a store in memory. */
  readonly path: string | undefined;
  /** The writing connection: the only one of a store in memory. */
  readonly database: Database;
  /** What the last process left. */
  readonly recovered: Recovered;
  /** Writes out what is settled, gives the lock back. What cannot be written stays in the journal. */
  close(): void;
}

/**
 * The store, ready to serve.
 *
 * @throws {StoreError} with what is wrong and what to do
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path } = options;
  if (path === IN_MEMORY) return build(options, openDatabase(options), undefined, () => {});
  const unlock = await lockStore(path, { ...options, waitMs: options.lockWaitMs });
  let database: Database | undefined;
  try {
    database = openDatabase(options);
    return build(options, database, path, unlock);
  } catch (error) {
    database?.close(true);
    unlock();
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      `The store ${path} cannot be used: ${reasonOf(error)}. Look at the disk below ${dirname(path)}, or set store.path to another place.`,
      { cause: error },
    );
  }
}

function build(
  options: StoreOptions,
  database: Database,
  path: string | undefined,
  unlock: () => void,
): Store {
  const parts = openParts(options, database, path);
  const { files, facts, queue, recovered, clock } = parts;
  const upkeep = startUpkeep(options, database, path, parts, () => ledger.nextSeq());
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    upkeep.stop();
    setPatience(database, CLOSING_PATIENCE_MS);
    queue.flush();
    queue.stop();
    try {
      upkeep.keepFacts();
    } catch (error) {
      options.onProblem(`The store could not be closed properly: ${reasonOf(error)}`);
    }
    files?.journal.close();
    files?.names.close();
    // With its statements: SQLite would keep its files open for them.
    database.close(true);
    unlock();
  }

  const synced =
    options.sync === "full" && files !== undefined
      ? () => Promise.all([files.journal.synced(), files.names.synced()]).then(() => {})
      : undefined;
  const ledger = createLedger({
    ...parts,
    now: clock,
    journal: files?.journal,
    firstSeq: Math.max(facts.nextSeq(), (files?.lastSeq ?? 0) + 1),
    synced,
    onClose: close,
  });
  upkeep.keepFacts();
  setPatience(database, 0);
  for (const text of recovered.damage) options.onProblem(text);
  return { ledger, path, database, recovered, close };
}

/** What the ledger is made of. */
interface Parts {
  readonly facts: Facts;
  /** Undefined for a store in memory. */
  readonly files: StoreFiles | undefined;
  readonly recovered: Recovered;
  readonly clock: () => number;
  readonly definitions: Definitions;
  readonly accounts: Accounts;
  readonly listeners: Set<(row: RequestRow, seq: number) => void>;
  readonly queue: CommitQueue;
}

function openParts(options: StoreOptions, database: Database, path: string | undefined): Parts {
  const { monotonic, schedule, wall, onCommit, onFault, onJump, onProblem } = options;
  const { slots = DEFAULT_SLOTS, map = MAP_FILES } = options;
  const facts = createFacts(database);
  const files =
    path === undefined
      ? undefined
      : openStoreFiles({ ...options, database, path, storeId: facts.storeId, slots, map });
  const recovered = files?.recovered ?? { interrupted: 0, settled: 0, damage: [] };
  const clock = createClock({ wall, monotonic, lastSeen: facts.lastSeen(), onJump });
  const definitions = createDefinitions(database, files?.names);
  const accounts = createAccounts(durableCounters(database, definitions, clock));
  const listeners: Parts["listeners"] = new Set();
  const queue = createCommitQueue({
    batch: createBatch({
      database,
      definitions,
      onBrokenRow: (error) => onProblem(`A request's row could not be made: ${reasonOf(error)}`),
    }),
    schedule,
    monotonic,
    onFault,
    onStored(items, rows, ms) {
      for (const item of items) if (item.kind === "request") freeSlots(files, item.request.slots, onProblem);
      for (const { row, seq } of rows) for (const listener of listeners) listener(row, seq);
      onCommit(ms, rows.length);
    },
  });
  return { facts, files, recovered, clock, definitions, accounts, listeners, queue };
}

function freeSlots(
  files: StoreFiles | undefined,
  slots: readonly number[],
  onProblem: StoreEvents["onProblem"],
): void {
  for (const slot of slots)
    try {
      files?.journal.free(slot);
    } catch (error) {
      // It is in the database: a later start finds it there.
      onProblem(`The store's journal cannot be written: ${reasonOf(error)}`);
    }
}

interface Upkeep {
  /** Stores what a later start has to know. May throw what SQLite throws. */
  keepFacts(): void;
  stop(): void;
}

/** What is done beside the calls: retention, and once a minute what a later start has to know. */
function startUpkeep(
  { schedule, retentionMs, onProblem }: StoreOptions,
  database: Database,
  path: string | undefined,
  { facts, queue, accounts, clock }: Parts,
  nextSeq: () => number,
): Upkeep {
  const retention = createRetention({ database, schedule, facts, path, now: clock, retentionMs, onProblem });
  const keepFacts = (): void => facts.store({ lastSeen: clock(), nextSeq: nextSeq() });
  let cancelMinute = schedule(MINUTE_MS, everyMinute);

  function everyMinute(): void {
    cancelMinute = schedule(MINUTE_MS, everyMinute);
    if (!queue.flush()) return;
    accounts.sweep(clock() - SWEEP_AFTER_MS);
    try {
      keepFacts();
    } catch {
      // Another program is writing: the next minute will do.
    }
  }

  return {
    keepFacts,
    stop() {
      cancelMinute();
      retention.stop();
    },
  };
}
