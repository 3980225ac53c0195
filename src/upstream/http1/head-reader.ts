// Collects the bytes of an answer until its head is whole, however they are cut.

import { type AnswerHead, parseAnswerHead } from "./answer-head.ts";
import { BadAnswer } from "./failure.ts";

/** Far beyond every real head, and less than what could hurt. */
const MAX_HEAD_BYTES = 2 * 1024 * 1024;

const EMPTY_LINE = Buffer.from("\r\n\r\n");
const BEGINNING = "HTTP/1.";
const TELLING_BYTES = 16;

/** A whole head, and the bytes that came with it. */
interface Found {
  readonly head: AnswerHead;
  readonly bytes: Buffer;
  /** Where the bytes behind the head begin. */
  readonly rest: number;
}

export class HeadReader {
  /** What came so far while the head is not whole; grows by doubling. */
  #buffer: Buffer | undefined;
  #length = 0;

  /**
   * Takes what has arrived; the head once it is whole. Informational answers are handed over like others.
   *
   * @throws {BadAnswer}
   */
  push(chunk: Buffer, method: string): Found | undefined {
    const from = Math.max(0, this.#length - 3);
    const bytes = this.#buffer === undefined ? chunk : this.#append(chunk);
    const end = headEnd(bytes, from);
    if (end < 0) {
      refuseOther(bytes);
      if (bytes.length > MAX_HEAD_BYTES) throw new BadAnswer("ResponseHeadersTooLarge");
      if (this.#buffer === undefined) this.#append(chunk);
      return undefined;
    }
    this.#buffer = undefined;
    this.#length = 0;
    const head = parseAnswerHead(bytes.toString("latin1", 0, end), method);
    return { head, bytes, rest: head.size };
  }

  /** Everything that came so far, the piece included. */
  #append(chunk: Buffer): Buffer {
    const needed = this.#length + chunk.length;
    if (this.#buffer === undefined || needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#length, 1024));
      this.#buffer?.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
    return this.#buffer.subarray(0, needed);
  }
}

/** Where the bytes behind the first empty line begin, or further on where lines end in `\n` only; -1: not there. */
function headEnd(bytes: Buffer, from: number): number {
  const usual = bytes.indexOf(EMPTY_LINE, from);
  if (usual >= 0) return usual + EMPTY_LINE.length;
  for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}

/**
 * Something that does not even begin like HTTP will never have a head: no need to wait for it. A few bytes may be the
 * alert of a server that speaks TLS, and that closes at once.
 */
function refuseOther(bytes: Buffer): void {
  if (bytes.length < TELLING_BYTES) return;
  const beginning = bytes.toString("latin1", 0, BEGINNING.length);
  if (beginning !== BEGINNING) throw new BadAnswer("Malformed_HTTP_Response");
}
