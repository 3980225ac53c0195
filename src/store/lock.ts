// One owner per store: an operating system's lock that dies with its process.

import { Database } from "bun:sqlite";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { codeOf, reasonOf, StoreError } from "./store-error.ts";

const TRY_EVERY_MS = 100;

export interface LockOptions {
  /** The number of this process, for whom it keeps waiting. */
  readonly pid: number;
  /** How long another owner is waited for. */
  readonly waitMs: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
}

/**
 * Takes the store at `path` for this process; returns how to give it back. The lock is SQLite's on a file beside it, so
 * it ends with the process, however that ends. The owner's pid stands in `<path>.owner`.
 *
 * @throws {StoreError} another process kept it (with its pid), or the folder cannot be written
 */
export async function lockStore(path: string, options: LockOptions): Promise<() => void> {
  const { pid, waitMs, sleep, monotonic } = options;
  const start = monotonic();
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) {
      writeFileSync(`${path}.owner`, `${pid}\n`, { mode: 0o600 });
      return () => {
        rmSync(`${path}.owner`, { force: true });
        lock.close(true);
      };
    }
    const left = start + waitMs - monotonic();
    if (left <= 0) throw new StoreError(inUse(path));
    await sleep(Math.min(TRY_EVERY_MS, left));
  }
}

function tryLock(path: string): Database | undefined {
  const file = `${path}.lock`;
  let lock: Database | undefined;
  try {
    lock = new Database(file, { create: true, readwrite: true });
    chmodSync(file, 0o600);
    lock.run("PRAGMA busy_timeout = 0");
    lock.run("PRAGMA journal_mode = MEMORY");
    // Nothing is ever written: the lock alone is what counts.
    lock.run("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close(true);
    if (codeOf(error)?.startsWith("SQLITE_BUSY")) return undefined;
    throw new StoreError(
      `The store ${path} cannot be locked: ${file}: ${reasonOf(error)}. Its folder must exist and be writable, or set store.path to another place.`,
      { cause: error },
    );
  }
}

function inUse(path: string): string {
  const owner = readOwner(path);
  const who = owner === undefined ? "another process" : `the process with pid ${owner}`;
  return `The store ${path} is in use by ${who}. Stop it first, or set store.path to another file.`;
}

/** The pid of the store's owner; undefined where none is written. */
function readOwner(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(`${path}.owner`, "utf8"), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
