// Opens the SQLite file of the store, brings it to this version's schema, and says clearly why it cannot.

import { Database } from "bun:sqlite";
import { chmodSync, existsSync } from "node:fs";
import ledger from "./migrations/0001-ledger.sql" with { type: "text" };
import { codeOf, reasonOf, StoreError } from "./store-error.ts";

/** Each brings the database from the version of its place to the next. Never changed once released. */
const MIGRATIONS: readonly string[] = [ledger];

/** The `user_version` of a database that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The store that lives and dies with the process. */
export const IN_MEMORY = ":memory:";

/** How long a statement waits for another connection while the store is opened. */
const BUSY_MS = 5_000;

/**
 * A checkpoint is made when the write-ahead log has so many pages. It stops the loop: 1.5 to 3 ms for 250 pages, 6 to
 * 12 for SQLite's own 1,000, at the same cost per row within 0.3 µs. Too short for a thread to be worth its memory.
 */
export const CHECKPOINT_PAGES = 250;

/** What the write-ahead log is cut back to when it starts again. */
const WAL_BYTES = 4_000_000;

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** `full` = every commit waits for the disk. */
  readonly sync: "normal" | "full";
}

/**
 * The writing connection; integers come as bigint. A new file is readable by its owner only.
 *
 * @throws {StoreError} not a database, not writable, made by a newer version, or in use by another program
 */
export function openDatabase({ path, sync }: DatabaseOptions): Database {
  let database: Database | undefined;
  try {
    const isNew = path !== IN_MEMORY && !existsSync(path);
    database = new Database(path, { create: true, readwrite: true, safeIntegers: true, strict: true });
    if (isNew) chmodSync(path, 0o600);
    setUp(database, sync);
    migrate(database, path);
    return database;
  } catch (error) {
    database?.close(true);
    throw error instanceof StoreError ? error : new StoreError(explain(path, error), { cause: error });
  }
}

function setUp(database: Database, sync: "normal" | "full"): void {
  database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
  // Takes effect in a new file only: pages that retention frees can be given back in small steps.
  database.run("PRAGMA auto_vacuum = INCREMENTAL");
  database.run("PRAGMA journal_mode = WAL");
  database.run(`PRAGMA synchronous = ${sync === "full" ? "FULL" : "NORMAL"}`);
  database.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.run(`PRAGMA journal_size_limit = ${WAL_BYTES}`);
}

/** How long statements wait for another connection, which stops the event loop for as long; 0 = they fail at once. */
export function setPatience(database: Database, ms: number): void {
  database.run(`PRAGMA busy_timeout = ${ms}`);
}

/** After how many pages of the write-ahead log this connection makes a checkpoint; 0 = it leaves that to others. */
export function setCheckpoint(database: Database, pages: number): void {
  database.run(`PRAGMA wal_autocheckpoint = ${pages}`);
}

/** The schema's version of an open database. */
export function readVersion(database: Database): number {
  const row = database.query<{ user_version: bigint }, []>("PRAGMA user_version").get();
  return Number(row?.user_version ?? 0n);
}

function migrate(database: Database, path: string): void {
  const found = readVersion(database);
  if (found > SCHEMA_VERSION)
    throw new StoreError(
      `The store ${path} has version ${found} and this program knows versions up to ${SCHEMA_VERSION}: a newer Postern wrote it. Start that version again, or set store.path to another file.`,
    );
  if (found === SCHEMA_VERSION) return;
  if (found === 0 && hasTables(database))
    throw new StoreError(
      `${path} is a database of another program. Set store.path to a file of Postern's own.`,
    );
  const steps = MIGRATIONS.slice(found);
  database
    .transaction(() => {
      for (const step of steps) database.exec(step);
      database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}

function hasTables(database: Database): boolean {
  return database.query("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== null;
}

function explain(path: string, error: unknown): string {
  const code = codeOf(error) ?? "";
  const reason = reasonOf(error);
  if (code.startsWith("SQLITE_NOTADB"))
    return `${path} is not a database. Move it away, or set store.path to another file.`;
  if (code.startsWith("SQLITE_CORRUPT"))
    return `The store ${path} is damaged (${reason}). Restore a copy, or move it away to start with an empty one.`;
  if (code.startsWith("SQLITE_CANTOPEN"))
    return `The store ${path} cannot be opened or made. Its folder must exist and be writable, or set store.path to another place.`;
  if (code.startsWith("SQLITE_READONLY") || code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `The store ${path} cannot be written (${reason}). Make the file and its folder writable, or set store.path to another place.`;
  if (code.startsWith("SQLITE_BUSY"))
    return `The store ${path} is locked by another program. End that program and start again.`;
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC")
    return `The store ${path} cannot be made: the disk is full. Free some space, or set store.path to another disk.`;
  return `The store ${path} cannot be opened: ${reason}. Set store.path to another file, or repair it.`;
}
