// Reads and writes the binary event streams of AWS: framed messages with headers, each checked by two CRC-32 sums.

import { asBuffer } from "./as-buffer.ts";
import { ByteAccumulator } from "./byte-accumulator.ts";
import type { Stretch } from "./sse.ts";

/** One message. Its payload is a view: good as long as it is held, and not to be written to. */
export interface EventStreamMessage {
  /** Headers that hold a string, which all that matter here do; the last of one name counts. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

/** Why a stream cannot be read on: a sum or a length is wrong, or a message is longer than allowed. */
export type EventStreamFlaw = "damaged" | "too_long";

/** Total length, length of the headers, and the sum of these eight bytes. */
const PRELUDE_BYTES = 12;
const SUM_BYTES = 4;
const SHORTEST = PRELUDE_BYTES + SUM_BYTES;

const STRING = 7;
/** Bytes of the values of each header type, in their numbers' order; undefined = a length of two bytes stands before. */
const VALUE_BYTES = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16] as const;

/**
 * Push a chunk, then call `next` until it is false. A message counts once it is whole and its sums are right; what
 * follows a flaw is not looked at.
 */
export class EventStreamScanner {
  frame: EventStreamMessage | undefined;
  flaw: EventStreamFlaw | undefined;
  readonly #maxBytes: number;
  readonly #held = new ByteAccumulator();
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Length of the message that is being held; undefined while its prelude is incomplete. */
  #total: number | undefined;
  #raw: readonly Stretch[] = [];

  /** @param maxBytes the longest message, its prelude and sums included */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes of the current message as they came. */
  get raw(): readonly Stretch[] {
    return this.#raw;
  }

  push(chunk: Uint8Array): void {
    this.#chunk = asBuffer(chunk);
    this.#at = 0;
  }

  /** Moves to the next message; false when the rest is incomplete, or the stream has a flaw. */
  next(): boolean {
    if (this.flaw !== undefined) return false;
    return this.#held.length > 0 ? this.#nextHeld() : this.#nextInChunk();
  }

  /** A message that lies in the chunk whole is not copied. */
  #nextInChunk(): boolean {
    const start = this.#at;
    const left = this.#chunk.length - start;
    const total = left < PRELUDE_BYTES ? undefined : this.#readPrelude(this.#chunk, start);
    if (this.flaw !== undefined) return false;
    if (total === undefined || left < total) {
      this.#total = total;
      this.#hold(left);
      return false;
    }
    this.#at += total;
    this.#raw = [{ bytes: this.#chunk, start, end: this.#at }];
    return this.#read(this.#chunk.subarray(start, this.#at));
  }

  #nextHeld(): boolean {
    if (this.#total === undefined) {
      this.#hold(PRELUDE_BYTES - this.#held.length);
      if (this.#held.length < PRELUDE_BYTES) return false;
      const prelude = this.#held.take();
      this.#total = this.#readPrelude(asBuffer(prelude), 0);
      this.#held.append(prelude);
      if (this.flaw !== undefined) return false;
    }
    const total = this.#total ?? 0;
    this.#hold(total - this.#held.length);
    if (this.#held.length < total) return false;
    const message = asBuffer(this.#held.take());
    this.#total = undefined;
    this.#raw = [{ bytes: message, start: 0, end: message.length }];
    return this.#read(message);
  }

  #hold(count: number): void {
    const end = Math.min(this.#chunk.length, this.#at + count);
    this.#held.append(this.#chunk.subarray(this.#at, end));
    this.#at = end;
  }

  /** The message's length; judged before it is waited for. */
  #readPrelude(bytes: Buffer, at: number): number {
    const total = bytes.readUInt32BE(at);
    const headerBytes = bytes.readUInt32BE(at + 4);
    const sum = bytes.readUInt32BE(at + 8);
    if (
      Bun.hash.crc32(bytes.subarray(at, at + 8)) !== sum ||
      total < SHORTEST ||
      headerBytes > total - SHORTEST
    )
      this.flaw = "damaged";
    else if (total > this.#maxBytes) this.flaw = "too_long";
    return total;
  }

  #read(message: Buffer): boolean {
    const end = message.length - SUM_BYTES;
    const behindHeaders = PRELUDE_BYTES + message.readUInt32BE(4);
    const isIntact = Bun.hash.crc32(message.subarray(0, end)) === message.readUInt32BE(end);
    const headers = isIntact ? readHeaders(message.subarray(PRELUDE_BYTES, behindHeaders)) : undefined;
    if (headers === undefined) {
      this.flaw = "damaged";
      return false;
    }
    this.frame = { headers, payload: message.subarray(behindHeaders, end) };
    return true;
  }
}

/** Undefined when the bytes are not a list of headers. */
function readHeaders(bytes: Buffer): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const typeAt = at + 1 + (bytes[at] ?? 0);
    const type = bytes[typeAt];
    if (type === undefined || type >= VALUE_BYTES.length) return undefined;
    const fixed = VALUE_BYTES[type];
    const valueAt = typeAt + (fixed === undefined ? 3 : 1);
    if (valueAt > bytes.length) return undefined;
    const end = valueAt + (fixed ?? bytes.readUInt16BE(typeAt + 1));
    if (end > bytes.length) return undefined;
    if (type === STRING)
      headers.set(bytes.toString("utf8", at + 1, typeAt), bytes.toString("utf8", valueAt, end));
    at = end;
  }
  return headers;
}

/** A message with string headers, each of a name of at most 255 bytes and a value of at most 65,535. */
export function encodeEventStreamMessage(
  headers: Iterable<readonly [string, string]>,
  payload: Uint8Array,
): Buffer {
  const fields = Buffer.concat([...headers].map(([name, value]) => encodeHeader(name, value)));
  const total = SHORTEST + fields.length + payload.length;
  const message = Buffer.alloc(total);
  message.writeUInt32BE(total, 0);
  message.writeUInt32BE(fields.length, 4);
  message.writeUInt32BE(Bun.hash.crc32(message.subarray(0, 8)), 8);
  message.set(fields, PRELUDE_BYTES);
  message.set(payload, PRELUDE_BYTES + fields.length);
  message.writeUInt32BE(Bun.hash.crc32(message.subarray(0, total - SUM_BYTES)), total - SUM_BYTES);
  return message;
}

function encodeHeader(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  const valueBytes = Buffer.from(value, "utf8");
  const head = Buffer.alloc(3);
  head.writeUInt8(STRING, 0);
  head.writeUInt16BE(valueBytes.length, 1);
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, head, valueBytes]);
}
