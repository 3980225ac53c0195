// The journal: fixed slots in a file beside the database that survive the process, with nothing to wait for.

import { closeSync, fdatasync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { HEADER_BYTES, headerOf } from "./journal-file.ts";
import type { HeldPart, SettledPart } from "./slot.ts";
import { FREE, HELD, SETTLED, SLOT_BYTES, viewSlots, writeHeld, writeSettled, writeState } from "./slot.ts";
import { codeOf, reasonOf, StoreError } from "./store-error.ts";

/** Every verb but `synced` has reached the operating system when it returns: `kill -9` takes nothing of it back. */
export interface Journal {
  /** A slot that holds the reservation; undefined = none is free. */
  hold(part: HeldPart): number | undefined;
  settle(slot: number, part: SettledPart): void;
  /** The slot may be used again. */
  free(slot: number): void;
  /** Resolves when all of it has reached the disk. */
  synced(): Promise<void>;
  close(): void;
}

export interface JournalOptions {
  readonly path: string;
  readonly slots: number;
  /** The database it belongs to. */
  readonly storeId: string;
  /** False = slots are written with a system call each, where files cannot be mapped. */
  readonly map: boolean;
}

/** Calls under way and settlements on their way to the database; connections are limited to 16,384. */
export const DEFAULT_SLOTS = 20_480;

const CHUNK_BYTES = 65_536;

/**
 * A new, empty journal. It is written out whole: a file with holes on a full disk would end the process at some later
 * moment, when a page of it is first touched.
 *
 * @throws {StoreError} it cannot be written, or the disk is full
 */
export function createJournal({ path, slots, storeId, map }: JournalOptions): Journal {
  const unfinished = `${path}.new`;
  const bytes = HEADER_BYTES + slots * SLOT_BYTES;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  try {
    const file = openSync(unfinished, "w", 0o600);
    try {
      ftruncateSync(file, 0);
      for (let at = 0; at < bytes; ) at += writeSync(file, chunk, 0, Math.min(chunk.length, bytes - at), at);
      writeSync(file, headerOf({ slots, storeId }), 0, undefined, 0);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new StoreError(explain(path, bytes, error), { cause: error });
  }
  return openJournal(path, slots, map);
}

/** The journal of a file whose slots are all free. */
export function openJournal(path: string, slots: number, map: boolean): Journal {
  const file = openSync(path, "r+");
  const bytes = map ? mapFile(path, HEADER_BYTES + slots * SLOT_BYTES) : undefined;
  // Without a mapping the slots are in memory, and each is written to its place when it changes.
  const buffer = bytes?.buffer ?? new ArrayBuffer(HEADER_BYTES + slots * SLOT_BYTES);
  const views = viewSlots(buffer as ArrayBuffer, (bytes?.byteOffset ?? 0) + HEADER_BYTES, slots * SLOT_BYTES);
  const publish = (slot: number): void => {
    if (bytes !== undefined) return;
    writeSync(file, views.bytes, slot * SLOT_BYTES, SLOT_BYTES, HEADER_BYTES + slot * SLOT_BYTES);
  };
  // The last one freed is the next one taken, so few pages are ever touched.
  const freed: number[] = [];
  /** The first one that was not taken yet. */
  let fresh = 0;
  let syncing: Promise<void> | undefined;

  return {
    hold(part) {
      const slot = freed.pop() ?? (fresh < slots ? fresh++ : undefined);
      if (slot === undefined) return undefined;
      writeHeld(views, slot, part);
      writeState(views, slot, HELD);
      try {
        publish(slot);
      } catch (error) {
        writeState(views, slot, FREE);
        freed.push(slot);
        throw error;
      }
      return slot;
    },
    settle(slot, part) {
      writeSettled(views, slot, part);
      writeState(views, slot, SETTLED);
      publish(slot);
    },
    free(slot) {
      writeState(views, slot, FREE);
      freed.push(slot);
      publish(slot);
    },
    synced() {
      // All that is written in one turn of the loop shares one call.
      syncing ??= new Promise((resolve, reject) => {
        setImmediate(() => {
          syncing = undefined;
          fdatasync(file, (error) => (error === null || error === undefined ? resolve() : reject(error)));
        });
      });
      return syncing;
    },
    close: () => closeSync(file),
  };
}

/** The file's bytes, shared with it; undefined where the system cannot. */
function mapFile(path: string, length: number): Uint8Array | undefined {
  try {
    const bytes = Bun.mmap(path, { shared: true });
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function explain(path: string, bytes: number, error: unknown): string {
  if (codeOf(error) === "ENOSPC")
    return `The store's journal ${path} cannot be made: the disk has less than ${Math.ceil(bytes / 1e6)} MB left. Free some space, or set store.path to another disk.`;
  return `The store's journal ${path} cannot be made: ${reasonOf(error)}. Make its folder writable, or set store.path to another place.`;
}
