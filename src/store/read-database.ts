// Opens the store to read it beside the process that writes it: no lock is taken, and nothing is changed.

import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { readVersion, SCHEMA_VERSION } from "./database.ts";
import { codeOf, reasonOf, StoreError } from "./store-error.ts";

/** What queries run on. */
export type ReadConnection = Database;

/** A reader waits for a writer only while the write-ahead log is made or taken away. */
const BUSY_MS = 5_000;

/** KiB of pages that are kept; the operating system keeps the rest. */
const CACHE_KIB = 8_192;

/**
 * A connection for reading; integers come as bigint. Close it.
 *
 * @throws {StoreError} not there, not readable, not a store, or of another version
 */
export function openForReading(path: string): ReadConnection {
  if (!existsSync(path))
    throw new StoreError(`There is no store at ${path} yet: \`postern serve\` makes it when it starts.`);
  let database: Database | undefined;
  try {
    database = new Database(path, { readonly: true, safeIntegers: true, strict: true });
    database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.run(`PRAGMA cache_size = -${CACHE_KIB}`);
    requireVersion(path, readVersion(database));
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StoreError ? error : new StoreError(explain(path, error), { cause: error });
  }
}

function requireVersion(path: string, version: number): void {
  if (version > SCHEMA_VERSION)
    throw new StoreError(
      `The store ${path} has version ${version} and this program knows versions up to ${SCHEMA_VERSION}: a newer Postern wrote it. Use that version to read it.`,
    );
  if (version < SCHEMA_VERSION)
    throw new StoreError(
      version === 0
        ? `${path} holds no store of Postern's. Look whether store.path names the right file.`
        : `The store ${path} has version ${version} and this program reads version ${SCHEMA_VERSION}. Start \`postern serve\` of this version once, which brings it up to date.`,
    );
}

function explain(path: string, error: unknown): string {
  const code = codeOf(error) ?? "";
  if (code.startsWith("SQLITE_NOTADB"))
    return `${path} is not a database. Look whether store.path names the right file.`;
  if (code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_READONLY"))
    return `The store ${path} cannot be read. Its owner is the user that \`postern serve\` runs as: use that one.`;
  return `The store ${path} cannot be read: ${reasonOf(error)}.`;
}
