// Cuts a stream of bytes into lines at LF, CRLF or CR, the same lines however the bytes were split into chunks.

import { asBuffer } from "./as-buffer.ts";
import { ByteAccumulator } from "./byte-accumulator.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Shared by all scanners that have seen nothing yet: an empty buffer of its own costs each stream some kilobytes. */
const NOTHING = Buffer.alloc(0);

/**
 * Lines as offsets into a buffer, so that nothing is copied for a line that lies within one chunk. After `push`, call
 * `next` until it is false. A buffer that a line was found in is never written to, so views of it stay good.
 *
 * A CR at the very end of what has come may be half a CRLF: its line is held until one more byte, or the end, decides.
 */
export class LineScanner {
  /** Where the current line lies. */
  bytes: Buffer = NOTHING;
  /** First byte of the current line. */
  start = 0;
  /** Its end, without the line end. */
  end = 0;
  /** Where the line behind it begins. */
  following = 0;

  readonly #partial = new ByteAccumulator();
  #lf = 0;
  #cr = 0;
  #finished = false;

  /** Bytes of the line that is not complete yet. */
  get pending(): number {
    return this.#partial.length;
  }

  push(chunk: Uint8Array): void {
    if (this.#partial.length === 0) {
      this.#open(chunk);
      return;
    }
    const ended = this.#partial.last === CR || chunk.includes(LF) || chunk.includes(CR);
    this.#partial.append(chunk);
    this.#open(ended ? this.#partial.take() : this.bytes.subarray(0, 0));
  }

  /** After the last chunk: what is left becomes a line, terminated or not. */
  finish(): void {
    this.#finished = true;
    this.#open(this.#partial.take());
  }

  /** Moves to the next line; false when the rest is incomplete. */
  next(): boolean {
    const { bytes } = this;
    const from = this.following;
    if (from >= bytes.length) return false;
    if (this.#lf < from) this.#lf = findByte(bytes, LF, from);
    if (this.#cr < from) this.#cr = findByte(bytes, CR, from);
    const end = Math.min(this.#lf, this.#cr);
    const undecided = end === bytes.length || (end === this.#cr && end + 1 === bytes.length);
    if (undecided && !this.#finished) {
      this.#partial.append(bytes.subarray(from));
      this.following = bytes.length;
      return false;
    }
    this.start = from;
    this.end = end;
    this.following = end === this.#cr && bytes[end + 1] === LF ? end + 2 : Math.min(end + 1, bytes.length);
    return true;
  }

  #open(window: Uint8Array): void {
    this.bytes = asBuffer(window);
    this.following = 0;
    this.#lf = -1;
    this.#cr = -1;
  }
}

/** Offset of the byte at or behind `from`; the length when there is none. */
function findByte(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}
