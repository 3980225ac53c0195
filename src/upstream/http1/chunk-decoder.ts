// Takes a chunked body apart (RFC 9112 section 7.1), in place: the data of one read stays one piece.

import { BadAnswer } from "./failure.ts";

type Step =
  | "size"
  | "extension"
  | "size-end"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer-start"
  | "trailer"
  | "trailer-lf"
  | "end-lf"
  | "done";

const CR = 13;
const LF = 10;
const SEMICOLON = 59;

/** More than this of extensions in one line, or of trailers, is nobody's answer. */
const MAX_ASIDE_BYTES = 256 * 1024;
/** No chunk is longer; beyond it the sum would lose digits. */
const MAX_SIZE = 2 ** 48;

export class ChunkDecoder {
  /** Where the data of the last {@link push} lies. */
  start = 0;
  end = 0;
  /** What stands behind the end of the body begins here, once it is {@link done}. */
  rest = 0;
  #step: Step = "size";
  /** Of the chunk that is being read: its size, then what is missing of it. */
  #left = 0;
  #digits = 0;
  #aside = 0;

  get done(): boolean {
    return this.#step === "done";
  }

  /** The last chunk has come; some servers close behind it, without the empty line. */
  get isWhole(): boolean {
    return this.#step === "done" || this.#step === "trailer-start";
  }

  /**
   * Decodes what has arrived; the data is then `bytes[start … end)`. The array is written to.
   *
   * @throws {BadAnswer}
   */
  push(bytes: Uint8Array, from: number): void {
    this.start = from;
    this.end = from;
    let at = from;
    while (at < bytes.length && this.#step !== "done")
      at = this.#step === "data" ? this.#takeData(bytes, at) : this.#takeByte(bytes[at] ?? 0, at);
    this.rest = at;
  }

  #takeData(bytes: Uint8Array, at: number): number {
    const length = Math.min(this.#left, bytes.length - at);
    if (this.start === this.end) {
      this.start = at;
      this.end = at + length;
    } else {
      bytes.copyWithin(this.end, at, at + length);
      this.end += length;
    }
    this.#left -= length;
    if (this.#left === 0) this.#step = "data-cr";
    return at + length;
  }

  #takeByte(byte: number, at: number): number {
    switch (this.#step) {
      case "size":
        this.#takeSize(byte);
        break;
      case "extension":
        this.#aside += 1;
        if (byte === CR) this.#step = "size-end";
        else if (byte === LF || this.#aside > MAX_ASIDE_BYTES) throw bad();
        break;
      case "size-end":
        this.#expect(byte, LF, this.#left > 0 ? "data" : "trailer-start");
        break;
      case "data-cr":
        this.#expect(byte, CR, "data-lf");
        break;
      case "data-lf":
        this.#expect(byte, LF, "size");
        this.#digits = 0;
        break;
      case "end-lf":
        this.#expect(byte, LF, "done");
        break;
      default:
        this.#takeTrailer(byte);
    }
    return at + 1;
  }

  #takeSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#left = (this.#digits === 0 ? 0 : this.#left * 16) + digit;
      this.#digits += 1;
      if (this.#left > MAX_SIZE || this.#digits > MAX_ASIDE_BYTES) throw bad();
      return;
    }
    if (this.#digits === 0) throw bad();
    this.#aside = 0;
    if (byte === CR) this.#step = "size-end";
    else if (byte === SEMICOLON) this.#step = "extension";
    else throw bad();
  }

  /** Trailers are read over: nobody asks for them. */
  #takeTrailer(byte: number): void {
    this.#aside += 1;
    if (this.#aside > MAX_ASIDE_BYTES) throw bad();
    if (this.#step === "trailer-start" && byte === CR) this.#step = "end-lf";
    else if (this.#step === "trailer-lf") this.#expect(byte, LF, "trailer-start");
    else this.#step = byte === CR ? "trailer-lf" : "trailer";
  }

  #expect(byte: number, expected: number, next: Step): void {
    if (byte !== expected) throw bad();
    this.#step = next;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function bad(): BadAnswer {
  return new BadAnswer("InvalidHTTPResponse");
}
