// Finds the objects of a JSON array in bytes that arrive piece by piece, so that each can leave as soon as it is whole.

import { asBuffer } from "./as-buffer.ts";
import { ByteAccumulator } from "./byte-accumulator.ts";
import type { Stretch } from "./sse.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Where in the text the scanner stands. `closed`: behind the bracket, or behind an object that came without one. */
type Place = "before" | "first" | "behind" | "comma" | "inside" | "closed";

/** One object's bytes: a view, good as long as it is held, and not to be written to. */
export interface ArrayObject {
  readonly data: Buffer;
}

/** Why a stream cannot be read on: it is not an array of objects, or one of them is longer than allowed. */
export type JsonArrayFlaw = "damaged" | "too_long";

/**
 * Push a chunk, then call `next` until it is false. It stops at *pieces*: the opening bracket, an object with the comma
 * before it and the space behind it, the closing bracket. Between two pieces the text can be ended with another object.
 * Strings and nesting are all that is looked at inside an object. An object without a bracket around it is taken, too.
 */
export class JsonArrayScanner {
  /** The current piece's object; undefined when the piece has none. */
  frame: ArrayObject | undefined;
  flaw: JsonArrayFlaw | undefined;
  readonly #maxBytes: number;
  readonly #held = new ByteAccumulator();
  #chunk: Buffer = Buffer.alloc(0);
  /** Next byte to look at, and first byte of the piece. */
  #at = 0;
  #from = 0;
  #place: Place = "before";
  /** The text began with a brace. */
  #isBare = false;
  /** How many bytes of the piece stand before its object. */
  #objectAt = 0;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #isEmpty = true;
  #endsInLine = false;
  #raw: readonly Stretch[] = [];

  /** @param maxBytes the longest piece */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes of the current piece as they came. */
  get raw(): readonly Stretch[] {
    return this.#raw;
  }

  /** The closing bracket has come. */
  get closed(): boolean {
    return this.#place === "closed";
  }

  push(chunk: Uint8Array): void {
    this.#chunk = asBuffer(chunk);
    this.#at = 0;
    this.#from = 0;
  }

  /** Moves to the next piece; false when the rest is incomplete, or the text has a flaw. */
  next(): boolean {
    while (this.flaw === undefined && this.#at < this.#chunk.length) {
      if (this.#place === "inside" ? this.#scanObject() : this.#scanOutside()) return true;
    }
    if (this.flaw !== undefined || this.#from === this.#at) return false;
    this.#held.append(this.#chunk.subarray(this.#from, this.#at));
    this.#from = this.#at;
    if (this.#held.length > this.#maxBytes) this.flaw = "too_long";
    return false;
  }

  /**
   * What has to follow all pieces so far for the text to be a whole array, with this JSON as its last object; undefined
   * = none is added. Empty where nothing can follow any more.
   */
  ending(json: string | undefined): string {
    if (this.#isBare ? !this.#isEmpty : this.closed) return "";
    const opened = this.#place !== "before" && !this.#isBare;
    if (json === undefined) return opened ? "]" : "";
    if (!opened) return `[${json}]`;
    if (this.#isEmpty) return `${json}]`;
    // As the array's first maker writes it: readers take it apart at the comma that begins a line.
    return `${this.#endsInLine ? "" : "\n"},\r\n${json}\n]`;
  }

  /** Looks at bytes outside of objects; true when a piece ends. */
  #scanOutside(): boolean {
    this.#skipSpace();
    const byte = this.#chunk[this.#at];
    if (this.#place === "closed") {
      this.#at = this.#chunk.length;
      return this.#end(undefined);
    }
    // Space does not wait for what follows it, unless it stands behind a comma.
    const mayEnd = this.#place === "behind" || this.#place === "first";
    if (mayEnd && this.#at > this.#from) return this.#end(undefined);
    if (byte === undefined) return false;
    this.#at++;
    if (this.#place === "before") return this.#open(byte);
    if (byte === CLOSE_BRACKET && this.#place !== "comma") {
      this.#place = "closed";
      this.#at = this.#chunk.length;
      return this.#end(undefined);
    }
    if (byte === COMMA && this.#place === "behind") this.#place = "comma";
    else if (byte === OPEN_BRACE && this.#place !== "behind") this.#enter();
    else this.flaw = "damaged";
    return false;
  }

  #open(byte: number): boolean {
    if (byte === OPEN_BRACKET) {
      this.#place = "first";
      this.#skipSpace();
      return this.#end(undefined);
    }
    if (byte === OPEN_BRACE) {
      this.#isBare = true;
      this.#enter();
    } else if (!BYTE_ORDER_MARK.includes(byte)) this.flaw = "damaged";
    return false;
  }

  #enter(): void {
    this.#place = "inside";
    this.#depth = 1;
    this.#objectAt = this.#held.length + this.#at - 1 - this.#from;
  }

  /** Looks at bytes of an object; true when it ends. */
  #scanObject(): boolean {
    const chunk = this.#chunk;
    for (; this.#at < chunk.length; this.#at++) {
      const byte = chunk[this.#at];
      if (this.#inString) this.#scanString(byte);
      else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --this.#depth === 0) break;
    }
    if (this.#at >= chunk.length) return false;
    this.#at++;
    const length = this.#held.length + this.#at - this.#from;
    this.#place = this.#isBare ? "closed" : "behind";
    this.#skipSpace();
    return this.#end(length);
  }

  /** Most of an answer is long strings, in which only two bytes mean anything. */
  #scanString(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#chunk[this.#at];
      if (byte !== 0x20 && byte !== LINE_FEED && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  /** Ends the piece here; its object, if it has one, ends `objectEnd` bytes behind the piece's start. */
  #end(objectEnd: number | undefined): boolean {
    if ((objectEnd ?? 0) > this.#maxBytes) {
      this.flaw = "too_long";
      return false;
    }
    const rest = { bytes: this.#chunk, start: this.#from, end: this.#at };
    this.#from = this.#at;
    this.#endsInLine = this.#chunk[this.#at - 1] === LINE_FEED;
    const held = this.#held.take();
    this.#raw = held.length === 0 ? [rest] : [{ bytes: held, start: 0, end: held.length }, rest];
    this.frame = undefined;
    if (objectEnd === undefined) return true;
    this.#isEmpty = false;
    const here = this.#chunk.subarray(rest.start, rest.end);
    const piece = held.length === 0 ? here : Buffer.concat([held, here]);
    this.frame = { data: piece.subarray(this.#objectAt, objectEnd) };
    return true;
  }
}
