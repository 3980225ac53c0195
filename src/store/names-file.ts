// New definitions, a JSON line each, until the next transaction has them: what slots of the journal refer to.

import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Definition } from "./definition.ts";
import { codeOf, reasonOf, StoreError } from "./store-error.ts";

/** Once all of it is in the database and it is larger than this it is emptied. */
const SHORTEN_BYTES = 4_000_000;

export interface NamesFile {
  /** @throws what the file system throws; nothing is written then */
  append(definition: Definition): void;
  /** Told that everything in it is in the database. */
  shorten(): void;
  /** Resolves when all of it has reached the disk. */
  synced(): Promise<void>;
  close(): void;
}

/**
 * The definitions in the file of that store; those of another store are left out. A last line that was cut off counts
 * for nothing: no slot refers to it.
 */
export function readNames(path: string, storeId: string): Definition[] {
  const [first, ...lines] = readText(path).split("\n");
  if (first !== storeId) return [];
  return lines.flatMap((line) => {
    try {
      const [no, kind, text] = JSON.parse(line) as [Definition["no"], Definition["kind"], Definition["text"]];
      return [{ no, kind, text }];
    } catch {
      return [];
    }
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw cannotWrite(path, error);
  }
}

/**
 * An empty file for new definitions; what was in it must be in the database.
 *
 * @throws {StoreError} it cannot be written
 */
export function createNamesFile(path: string, storeId: string): NamesFile {
  const header = Buffer.from(`${storeId}\n`);
  let length = 0;
  let isDirty = false;
  const file = open();

  function open(): number {
    try {
      const opened = openSync(path, "w", 0o600);
      length = writeWhole(opened, header, 0);
      return opened;
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  return {
    append({ no, kind, text }) {
      const line = Buffer.from(`${JSON.stringify([no, kind, text])}\n`);
      // Written at the known end: what a failed write left there is overwritten by the next.
      length += writeWhole(file, line, length);
      isDirty = true;
    },
    shorten() {
      if (length < SHORTEN_BYTES) return;
      ftruncateSync(file, header.length);
      length = header.length;
    },
    synced() {
      if (!isDirty) return Promise.resolve();
      isDirty = false;
      return new Promise((resolve, reject) => {
        fdatasync(file, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      });
    },
    close: () => closeSync(file),
  };
}

function writeWhole(file: number, bytes: Buffer, at: number): number {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, at + done);
  return done;
}

function cannotWrite(path: string, error: unknown): StoreError {
  return new StoreError(
    `The store's file ${path} cannot be read and written: ${reasonOf(error)}. Make it and its folder writable, or set store.path to another place.`,
    { cause: error },
  );
}
