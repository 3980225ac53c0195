// Reads a journal as another process left it.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { readSlot, SLOT_BYTES, type Slot, viewSlots } from "./slot.ts";
import { codeOf, reasonOf, StoreError } from "./store-error.ts";

/** One page: slots begin at a page's start. */
export const HEADER_BYTES = 4096;

const MAGIC = "postern journal\n";
const VERSION = 1;
const STORE_ID_BYTES = 32;
const SLOTS_PER_READ = 128;

interface JournalHeader {
  readonly slots: number;
  /** 32 hexadecimal digits: the database it belongs to. */
  readonly storeId: string;
}

/** The first bytes of a journal. */
export function headerOf({ slots, storeId }: JournalHeader): Buffer {
  const header = Buffer.alloc(64);
  header.write(MAGIC, 0, "latin1");
  header.writeUInt32LE(VERSION, 16);
  header.writeUInt32LE(SLOT_BYTES, 20);
  header.writeUInt32LE(slots, 24);
  header.write(storeId, 32, STORE_ID_BYTES, "latin1");
  return header;
}

/** What a process left. */
export interface LeftJournal extends JournalHeader {
  readonly used: readonly Slot[];
  /** What could not be read, for people. */
  readonly damage: readonly string[];
  /** Whether the file is as long as its header says. */
  readonly isWhole: boolean;
}

/**
 * What stands in the journal; undefined = there is none.
 *
 * @throws {StoreError} the file is no journal, one of a newer version, or cannot be read
 */
export function readJournal(path: string): LeftJournal | undefined {
  const file = openFile(path);
  if (file === undefined) return undefined;
  try {
    const { size } = fstatSync(file);
    // A power cut can leave the file empty where it was just made: nothing was held in it then.
    if (size === 0) return undefined;
    const header = readHeader(file, path);
    const whole = Math.floor((size - HEADER_BYTES) / SLOT_BYTES);
    const found = readSlots(file, path, Math.max(0, Math.min(header.slots, whole)));
    return { ...header, ...found, isWhole: whole === header.slots };
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new StoreError(
      `The store's journal ${path} cannot be read: ${reasonOf(error)}. Make it readable and writable for this user.`,
      { cause: error },
    );
  }
}

function readHeader(file: number, path: string): JournalHeader {
  const header = Buffer.alloc(64);
  readSync(file, header, 0, header.length, 0);
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC)
    throw new StoreError(
      `${path} is not a journal of Postern. Move it away; if it is damaged, calls that were under way are lost.`,
    );
  const version = header.readUInt32LE(16);
  if (version !== VERSION || header.readUInt32LE(20) !== SLOT_BYTES)
    throw new StoreError(
      `The store's journal ${path} has version ${version} and this program knows version ${VERSION}. Start and stop the version that wrote it once, so that it is empty.`,
    );
  return { slots: header.readUInt32LE(24), storeId: header.toString("latin1", 32, 32 + STORE_ID_BYTES) };
}

function readSlots(file: number, path: string, slots: number): Pick<LeftJournal, "used" | "damage"> {
  const used: Slot[] = [];
  const damage: string[] = [];
  // Not by mapping it: that would make all of it resident.
  const buffer = new ArrayBuffer(SLOTS_PER_READ * SLOT_BYTES);
  const views = viewSlots(buffer, 0, buffer.byteLength);
  const untouched = Buffer.alloc(buffer.byteLength);
  for (let start = 0; start < slots; start += SLOTS_PER_READ) {
    const length = Math.min(SLOTS_PER_READ, slots - start) * SLOT_BYTES;
    const got = readSync(file, views.bytes, 0, length, HEADER_BYTES + start * SLOT_BYTES);
    // Most slots were never used: they are passed over in one comparison, not one by one.
    if (untouched.compare(views.bytes, 0, got, 0, got) === 0) continue;
    for (let i = 0; i < Math.floor(got / SLOT_BYTES); i++) {
      const slot = readSlot(views, i);
      if (typeof slot === "string")
        damage.push(`Slot ${start + i} of ${path} ${slot}: its call is not charged.`);
      else if (slot !== undefined) used.push(slot);
    }
  }
  used.sort((a, b) => a.seq - b.seq);
  return { used, damage };
}
