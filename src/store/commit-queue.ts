// What is settled waits here for the next transaction, and stays here for as long as that fails.

import type { Item } from "./attempt.ts";
import type { Batch, StoredRow } from "./batch.ts";
import { codeOf, reasonOf } from "./store-error.ts";

const EVERY_MS = 50;
/** A request is two items: its attempt, and its end with its row. */
const AT_MOST_ITEMS = 1000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 5_000;

/** Another connection writes: retention, which takes milliseconds, or a program that somebody started. */
const BUSY_RETRY_MS = 10;
/** So often in a row the database may be busy before that is a fault. */
const BUSY_TRIES = 200;

/** Rows of requests that hold nothing are dropped while so many wait: they are refusals, and the disk is full. */
const NOTES_KEPT = 5_000;

/** Calls the function later; returns how to prevent that. */
export type Schedule = (ms: number, callback: () => void) => () => void;

export interface CommitQueueOptions {
  readonly batch: Batch;
  readonly schedule: Schedule;
  readonly monotonic: () => number;
  /** Told of items that are in the database now, and of how long that took. */
  readonly onStored: (items: readonly Item[], rows: readonly StoredRow[], ms: number) => void;
  /** Writing fails, or works again (undefined). Once per change. */
  readonly onFault: (reason: string | undefined) => void;
}

export interface CommitQueue {
  add(item: Item): void;
  /** Writes all of it now. False = that failed. */
  flush(): boolean;
  /** Why nothing can be written. */
  readonly fault: string | undefined;
  /** Something beside the database could not be written; the next transaction that works takes that back. */
  fail(reason: string): void;
  readonly length: number;
  stop(): void;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  const { batch, schedule, monotonic, onStored, onFault } = options;
  let items: Item[] = [];
  let notes = 0;
  let failures = 0;
  let busy = 0;
  let fault: string | undefined;
  let cancel: (() => void) | undefined;

  const setFault = (reason: string | undefined): void => {
    const changed = (fault === undefined) !== (reason === undefined);
    fault = reason;
    if (changed) onFault(reason);
  };

  const plan = (ms: number): void => {
    cancel ??= schedule(ms, () => {
      cancel = undefined;
      writeSome();
      planNext();
    });
  };

  const planNext = (): void => {
    if (busy > 0 && failures === 0) plan(BUSY_RETRY_MS);
    else if (failures > 0) plan(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS));
    else if (items.length > 0) plan(items.length >= AT_MOST_ITEMS ? 0 : EVERY_MS);
  };

  const writeSome = (): boolean => {
    const some = takeSome(items);
    const start = monotonic();
    let rows: readonly StoredRow[];
    try {
      rows = batch.write(some);
    } catch (error) {
      if (codeOf(error)?.startsWith("SQLITE_BUSY") === true && ++busy < BUSY_TRIES) return false;
      failures++;
      setFault(reasonOf(error));
      return false;
    }
    items = some === items ? [] : items.slice(some.length);
    for (const item of some) if (item.kind === "note") notes--;
    failures = 0;
    busy = 0;
    setFault(undefined);
    onStored(some, rows, monotonic() - start);
    return true;
  };

  return {
    add(item) {
      if (item.kind === "note") {
        if (notes >= NOTES_KEPT) return;
        notes++;
      }
      items.push(item);
      // The loop is too busy to come round: not between an attempt and its request's end, which go together.
      if (items.length >= AT_MOST_ITEMS && failures === 0 && busy === 0 && item.kind !== "attempt")
        writeSome();
      plan(EVERY_MS);
    },
    flush() {
      while (items.length > 0) if (!writeSome()) break;
      planNext();
      return items.length === 0;
    },
    get fault() {
      return fault;
    },
    fail(reason) {
      failures = Math.max(failures, 1);
      setFault(reason);
      planNext();
    },
    get length() {
      return items.length;
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}

/** A request's end goes with its last attempt: a crash between two transactions must not find one without the other. */
function takeSome(items: Item[]): Item[] {
  let count = AT_MOST_ITEMS;
  while (items[count]?.kind === "request") count++;
  return items.length > count ? items.slice(0, count) : items;
}
