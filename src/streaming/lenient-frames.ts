// Reads a stream that only resembles server-sent events, the way a forgiving person would.

import { isUtf8 } from "node:buffer";
import { isDone } from "../formats/openai-chunk.ts";
import { parseJson } from "../lib/json-value.ts";
import { behindByteOrderMark, type Stretch } from "../lib/sse.ts";
import { LineScanner } from "../lib/sse-lines.ts";
import type { Frame } from "./frame.ts";
import { JsonLines } from "./json-lines.ts";

const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const DATA = Buffer.from("data");
const EVENT = Buffer.from("event");
const ERROR = Buffer.from("error");
const IGNORED = [Buffer.from("id"), Buffer.from("retry")];
/** How far behind the start of a line a value stands when it is written as the standard's examples write it. */
const DATA_VALUE = "data: ".length;
const EVENT_VALUE = "event: ".length;
const LONGEST_DONE = 16;

/**
 * Push a chunk, then call `next` until it is undefined. A frame is complete with the line that completes its JSON: the
 * blank line behind it is not waited for, because line-based servers send none. JSON that is not complete at the end
 * of its line goes on in the lines behind it, up to a blank one. Indented fields, repeated `data:`, lines without any
 * field name, all line ends and a byte order mark are read; comments, ids and empty data are passed over.
 */
export class LenientFrames {
  /** A line or a frame is longer than allowed: the stream cannot be read on. */
  tooLong = false;

  readonly #maxBytes: number;
  readonly #lines = new LineScanner();
  readonly #unfinished = new JsonLines();
  #waiting: Frame[] = [];
  #name: string | undefined;
  #nameLine: Stretch | undefined;
  #atStart = true;
  #finished = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  finish(): void {
    this.#finished = true;
    this.#lines.finish();
  }

  next(): Frame | undefined {
    const lines = this.#lines;
    while (this.#waiting.length === 0 && !this.tooLong && lines.next()) {
      const start = this.#atStart ? behindByteOrderMark(lines.bytes, lines.start) : lines.start;
      this.#atStart = false;
      this.#bound(lines.end - start);
      const frame = this.tooLong ? undefined : this.#line(lines.bytes, start, lines.end);
      if (frame !== undefined) return frame;
    }
    if (this.#waiting.length > 0) return this.#waiting.shift();
    this.#bound(lines.pending);
    if (this.#finished && !this.tooLong) this.#waiting = this.#unfinished.take(false, this.#name);
    return this.#waiting.shift();
  }

  #bound(lineBytes: number): void {
    if (lineBytes + this.#unfinished.length > this.#maxBytes) this.tooLong = true;
  }

  /** The frame that this line completes. */
  #line(bytes: Buffer, start: number, end: number): Frame | undefined {
    const from = skipSpace(bytes, start, end);
    const to = trimmedEnd(bytes, from, end);
    if (from === to) return this.#blank();
    if (bytes[from] === COLON) return undefined;
    const untrimmed = from === start && to === end;
    const data = fieldValue(DATA, bytes, from, to);
    if (data >= 0) {
      const exact = untrimmed && data === from + DATA_VALUE;
      return this.#payload(bytes, data, to, exact ? { bytes, start, end } : undefined);
    }
    const name = fieldValue(EVENT, bytes, from, to);
    if (name >= 0) {
      this.#nameEvent(bytes, name, to, untrimmed && name === from + EVENT_VALUE ? start : undefined);
      return undefined;
    }
    const error = fieldValue(ERROR, bytes, from, to);
    if (error >= 0) return errorField(bytes.toString("utf8", error, to));
    if (IGNORED.some((field) => fieldValue(field, bytes, from, to) >= 0)) return undefined;
    return this.#payload(bytes, from, to, undefined);
  }

  #blank(): Frame | undefined {
    if (this.#unfinished.length > 0) this.#waiting = this.#unfinished.take(true, this.#name);
    this.#forgetName();
    return this.#waiting.shift();
  }

  /** The value of a `data` line, or a line without a field name. */
  #payload(bytes: Buffer, from: number, to: number, line: Stretch | undefined): Frame | undefined {
    const start = behindRepeatedData(bytes, from, to);
    // Servers that cannot send comments wrap them: `data: : keepalive`.
    if (start === to || bytes[start] === COLON) return undefined;
    const exact = start === from ? line : undefined;
    if (to - start < LONGEST_DONE && isDone(bytes.toString("latin1", start, to))) {
      const isExact = exact !== undefined && bytes.toString("latin1", start, to) === "[DONE]";
      this.#waiting = this.#unfinished.take(true, this.#name);
      this.#waiting.push({ kind: "done", line: isExact ? exact : undefined });
      this.#forgetName();
      return this.#waiting.shift();
    }
    if (this.#unfinished.length > 0) {
      this.#unfinished.append(bytes.subarray(start, to));
      return undefined;
    }
    return this.#single(bytes, start, to, exact);
  }

  /** A value that may be complete by itself. */
  #single(bytes: Buffer, start: number, end: number, line: Stretch | undefined): Frame | undefined {
    const text = bytes.toString("utf8", start, end);
    if (bytes[start] !== OPEN_BRACE && bytes[start] !== OPEN_BRACKET) {
      const frame: Frame = { kind: "text", text, name: this.#name };
      this.#forgetName();
      return frame;
    }
    const value = parseJson(text);
    if (value === undefined) {
      this.#unfinished.append(bytes.subarray(start, end));
      return undefined;
    }
    const intact = !text.includes("\uFFFD") || isUtf8(bytes.subarray(start, end));
    const above = this.#nameLine?.bytes === bytes && this.#nameLine.end === line?.start;
    const frame: Frame = {
      kind: "json",
      value,
      text,
      line: intact ? line : undefined,
      name: this.#name,
      nameLine: above ? this.#nameLine : undefined,
    };
    this.#forgetName();
    return frame;
  }

  /** @param start of the line, if it is as the standard's examples have it */
  #nameEvent(bytes: Buffer, value: number, end: number, start: number | undefined): void {
    const name = bytes.toString("utf8", value, end);
    const exact = bytes[end] === LF && !name.includes("\uFFFD");
    this.#name = name || undefined;
    this.#nameLine = start !== undefined && exact ? { bytes, start, end: end + 1 } : undefined;
  }

  #forgetName(): void {
    this.#name = undefined;
    this.#nameLine = undefined;
  }
}

function errorField(text: string): Frame {
  return { kind: "error", value: parseJson(text) ?? { message: text } };
}

/** Where the value of a field begins, spaces skipped; -1 when the line is another field, or none. */
function fieldValue(field: Buffer, bytes: Buffer, from: number, to: number): number {
  const colon = from + field.length;
  if (colon > to) return -1;
  for (let i = 0; i < field.length; i++) if (bytes[from + i] !== field[i]) return -1;
  if (colon === to) return to;
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1, to) : -1;
}

function behindRepeatedData(bytes: Buffer, from: number, to: number): number {
  let start = from;
  for (;;) {
    const value = fieldValue(DATA, bytes, start, to);
    if (value < 0) return start;
    start = value;
  }
}

function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}

function trimmedEnd(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
  return end;
}
