// The files beside the database: opened after what a dead process left in them is in the database.

import type { Database } from "bun:sqlite";
import { renameSync, rmSync } from "node:fs";
import { createJournal, type Journal, openJournal } from "./journal.ts";
import { type LeftJournal, readJournal } from "./journal-file.ts";
import { createNamesFile, type NamesFile, readNames } from "./names-file.ts";
import { type Recovered, recover } from "./recover.ts";

export interface StoreFilesOptions {
  readonly database: Database;
  /** Of the database. */
  readonly path: string;
  readonly storeId: string;
  readonly slots: number;
  /** Whether the journal is mapped into memory. */
  readonly map: boolean;
}

export interface StoreFiles {
  readonly journal: Journal;
  readonly names: NamesFile;
  readonly recovered: Recovered;
  /** The greatest number that the journal knew; 0 = none. */
  readonly lastSeq: number;
}

/**
 * Books what the journal holds, then starts with an empty one.
 *
 * @throws {StoreError} a file is not ours, or cannot be written
 */
export function openStoreFiles({ database, path, storeId, slots, map }: StoreFilesOptions): StoreFiles {
  const journalPath = `${path}.journal`;
  const namesPath = `${path}.names`;
  const found = readJournal(journalPath);
  const isOurs = found?.storeId === storeId;
  const left = isOurs ? found : undefined;
  const damage: string[] = [...(left?.damage ?? [])];
  if (found !== undefined && !isOurs && found.used.length > 0) {
    setAside(journalPath, "other");
    setAside(namesPath, "other");
    damage.push(
      `The journal beside ${path} belongs to another database, with ${found.used.length} calls that are not charged here. It is kept as ${journalPath}.other.`,
    );
  }
  const used = left?.used ?? [];
  const recovered = recover(database, { used, names: readNames(namesPath, storeId) });
  damage.push(...recovered.damage);
  if (left !== undefined && left.damage.length + recovered.damage.length > 0) {
    setAside(journalPath, "damaged");
    damage.push(`The damaged journal is kept as ${journalPath}.damaged.`);
  }
  return {
    journal: freshJournal(left, damage.length === 0, { path: journalPath, slots, storeId, map }),
    names: createNamesFile(namesPath, storeId),
    recovered: { ...recovered, damage },
    lastSeq: used.reduce((last, { seq }) => Math.max(last, seq), 0),
  };
}

function freshJournal(
  left: LeftJournal | undefined,
  isSound: boolean,
  options: Parameters<typeof createJournal>[0],
): Journal {
  const isEmpty = isSound && left?.used.length === 0;
  if (isEmpty && left.isWhole && left.slots === options.slots)
    return openJournal(options.path, options.slots, options.map);
  return createJournal(options);
}

function setAside(path: string, as: string): void {
  rmSync(`${path}.${as}`, { force: true });
  try {
    renameSync(path, `${path}.${as}`);
  } catch {
    // It is not there: nothing to keep.
  }
}
