// Finds the events of a server-sent-event stream in its bytes, as the WHATWG standard reads them.

import { asBuffer } from "./as-buffer.ts";
import { ByteAccumulator } from "./byte-accumulator.ts";
import { LineScanner } from "./sse-lines.ts";

const COLON = 0x3a;
const SPACE = 0x20;
const LINE_FEED = Uint8Array.of(0x0a);
const DATA = Buffer.from("data");
const EVENT = Buffer.from("event");

/** One event. Its bytes are a view: good as long as it is held, and not to be written to. */
export interface SseEvent {
  /** The `event` field; undefined = none or empty, which the standard reads as `message`. */
  readonly name: string | undefined;
  /** The `data` lines joined by LF, UTF-8. */
  readonly data: Buffer;
}

export interface EventScannerOptions {
  /** Longest block, line ends and ignored fields included. */
  readonly maxBytes: number;
  /** Keep the bytes of blocks that come in several chunks, so that `raw` is complete. */
  readonly keepRaw: boolean;
}

/** A stretch of bytes as it came. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Push a chunk, then call `next` until it is false. It stops at *blocks*: everything up to and including a blank line.
 * A block without a `data` field (comments, a lone `id`) has no event. After `finish`, what is left is one last block;
 * unlike in the standard its event counts, because upstreams forget the last blank line.
 */
export class EventScanner {
  /** The current block's event. */
  event: SseEvent | undefined;
  /** A block is longer than allowed: the stream cannot be read on. */
  tooLong = false;

  readonly #lines = new LineScanner();
  readonly #options: EventScannerOptions;
  readonly #fields = new EventFields();
  readonly #held = new ByteAccumulator();
  #raw: readonly Stretch[] = [];
  #blockStart = 0;
  #blockEnd = 0;
  #blockBytes = 0;
  #atStart = true;
  #finished = false;

  constructor(options: EventScannerOptions) {
    this.#options = options;
  }

  /** The current block's bytes as they came; only with `keepRaw`. */
  get raw(): readonly Stretch[] {
    return this.#raw;
  }

  /** Nothing has come of a block that is not complete. */
  get betweenBlocks(): boolean {
    return this.openBytes === 0;
  }

  /** How much has come of a block that is not complete. */
  get openBytes(): number {
    return this.#blockBytes + this.#lines.pending;
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  finish(): void {
    this.#finished = true;
    this.#lines.finish();
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  /** Moves to the next block; false when the rest is incomplete. */
  next(): boolean {
    const lines = this.#lines;
    while (!this.tooLong && lines.next()) {
      this.#blockBytes += lines.following - lines.start;
      this.#blockEnd = lines.following;
      this.tooLong = this.#blockBytes > this.#options.maxBytes;
      const start = this.#atStart ? behindByteOrderMark(lines.bytes, lines.start) : lines.start;
      this.#atStart = false;
      if (start === lines.end) return this.#close();
      this.#fields.line(lines.bytes, start, lines.end);
    }
    this.tooLong ||= this.#blockBytes + lines.pending > this.#options.maxBytes;
    if (this.tooLong) return false;
    if (this.#finished && this.#blockBytes > 0) return this.#close();
    if (this.#options.keepRaw) this.#held.append(lines.bytes.subarray(this.#blockStart, this.#blockEnd));
    this.#blockStart = this.#blockEnd;
    return false;
  }

  #close(): boolean {
    if (this.tooLong) return false;
    if (this.#options.keepRaw) {
      const rest = { bytes: this.#lines.bytes, start: this.#blockStart, end: this.#blockEnd };
      const held = this.#held.take();
      this.#raw = held.length === 0 ? [rest] : [{ bytes: held, start: 0, end: held.length }, rest];
    }
    this.#blockStart = this.#blockEnd;
    this.#blockBytes = 0;
    this.event = this.#fields.take();
    return true;
  }
}

/** Collects the fields of one event. */
class EventFields {
  #name: string | undefined;
  #data: Buffer | undefined;
  readonly #joined = new ByteAccumulator();

  line(bytes: Buffer, start: number, end: number): void {
    const data = fieldValue(bytes, start, end, DATA);
    if (data >= 0) {
      this.#addData(bytes.subarray(data, end));
      return;
    }
    const name = fieldValue(bytes, start, end, EVENT);
    if (name >= 0) this.#name = bytes.toString("utf8", name, end) || undefined;
  }

  take(): SseEvent | undefined {
    const data = this.#joined.length > 0 ? toBuffer(this.#joined.take()) : this.#data;
    const event = data === undefined ? undefined : { name: this.#name, data };
    this.#name = undefined;
    this.#data = undefined;
    return event;
  }

  #addData(value: Buffer): void {
    if (this.#data === undefined) {
      this.#data = value;
      return;
    }
    if (this.#joined.length === 0) this.#joined.append(this.#data);
    this.#joined.append(LINE_FEED);
    this.#joined.append(value);
  }
}

/** Offset behind a byte order mark, which only the very first line of a stream may have. */
export function behindByteOrderMark(bytes: Uint8Array, start: number): number {
  const marked = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
  return marked ? start + 3 : start;
}

/** Where the value of the field `name` begins in the line [start, end), one space skipped; -1 = another field. */
function fieldValue(bytes: Buffer, start: number, end: number, name: Buffer): number {
  const colon = start + name.length;
  if (colon > end) return -1;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return -1;
  if (colon === end) return end;
  if (bytes[colon] !== COLON) return -1;
  return colon + 1 < end && bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return asBuffer(bytes);
}
