// One request and its answer, on whichever connection carries it.

import { Answer, type UpstreamResponse } from "./answer.ts";
import { AnswerBody } from "./answer-body.ts";
import type { AnswerHead } from "./answer-head.ts";
import { ChunkDecoder } from "./chunk-decoder.ts";
import { BadAnswer, TransportError } from "./failure.ts";
import { HeadReader } from "./head-reader.ts";

/** A request in the form it is written in. */
export interface WireRequest {
  readonly method: string;
  /** Latin-1, with the empty line. */
  readonly head: string;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The connection that an exchange is on. */
export interface Carrier {
  pause(): void;
  resume(): void;
  /** Closes the socket at once. */
  terminate(): void;
  /** The answer is whole; what is reusable may carry another exchange. */
  finished(isReusable: boolean): void;
}

/** A copy this small costs less than a second view of the same bytes. */
const COPIED_BYTES = 1_000;

export class Exchange {
  readonly request: WireRequest;
  /** A byte of the request was written. */
  isWritten = false;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (reason: unknown) => void;
  #carrier: Carrier | undefined;
  #isReused = false;
  #hasArrived = false;
  #isOver = false;
  #reader: HeadReader | undefined = new HeadReader();
  #head: AnswerHead | undefined;
  #body: AnswerBody | undefined;
  #chunks: ChunkDecoder | undefined;
  /** Bytes of the body that are still to come, where its length is known. */
  #left = 0;

  constructor(
    request: WireRequest,
    resolve: (response: UpstreamResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    request.signal?.addEventListener("abort", this);
  }

  /** It failed on a socket that was used before, and not a byte came back: nobody's fault, worth one more try. */
  get isStale(): boolean {
    return this.#isReused && !this.#hasArrived && !this.#isOver;
  }

  /** A connection takes it over. */
  begin(carrier: Carrier, isReused: boolean): void {
    this.#carrier = carrier;
    this.#isReused = isReused;
  }

  /** The signal was aborted: the socket is closed before this returns. */
  handleEvent(): void {
    if (this.#isOver) return;
    this.#end();
    this.#carrier?.terminate();
    const reason: unknown = this.request.signal?.reason;
    if (this.#body === undefined) this.#reject(new TransportError("ABORT_ERR", this.isWritten, reason));
    else this.#body.abort(reason);
  }

  /** There is no answer, or no rest of it. */
  fail(code: string, cause?: unknown): void {
    if (this.#isOver) return;
    this.#end();
    const error = new TransportError(code, this.isWritten, cause);
    if (this.#body === undefined) this.#reject(error);
    else this.#body.fail(error);
  }

  /** The socket is closed; without an error the upstream closed it in order. */
  closed(error: unknown): void {
    if (this.#isOver) return;
    const isWhole = this.#head?.framing === "close" || this.#chunks?.isWhole === true;
    if (error !== undefined || !isWhole) this.fail("ECONNRESET", error);
    else {
      this.#end();
      this.#body?.close();
    }
  }

  /** Bytes of the answer, in whatever pieces. */
  receive(chunk: Buffer): void {
    this.#hasArrived = true;
    try {
      if (this.#head === undefined) this.#takeHead(chunk);
      else this.#takeBody(this.#head, chunk, 0);
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error;
      this.#carrier?.terminate();
      this.fail(error.code);
    }
  }

  #takeHead(chunk: Buffer): void {
    let bytes = chunk;
    for (;;) {
      const found = this.#reader?.push(bytes, this.request.method);
      if (found === undefined) return;
      const { head, rest } = found;
      bytes = found.bytes;
      if (head.status >= 200) {
        this.#answer(head, bytes, rest);
        return;
      }
      // Nobody asked for another protocol.
      if (head.status === 101) throw new BadAnswer("UnrequestedUpgrade");
      if (rest === bytes.length) return;
      bytes = bytes.subarray(rest);
    }
  }

  #answer(head: AnswerHead, bytes: Buffer, rest: number): void {
    const body = new AnswerBody(this.#carrier as Carrier);
    this.#reader = undefined;
    this.#head = head;
    this.#body = body;
    this.#left = head.length;
    if (head.framing === "chunks") this.#chunks = new ChunkDecoder();
    this.#resolve(new Answer(head.status, head.fields, body));
    if (head.framing === "none") this.#finish(bytes.length === rest);
    else if (rest < bytes.length) this.#takeBody(head, bytes, rest);
  }

  #takeBody(head: AnswerHead, bytes: Buffer, from: number): void {
    if (this.#chunks !== undefined) this.#takeChunks(this.#chunks, bytes, from);
    else if (head.framing === "close") this.#body?.push(piece(bytes, from, bytes.length), false);
    else {
      const to = Math.min(bytes.length, from + this.#left);
      this.#left -= to - from;
      this.#body?.push(piece(bytes, from, to), this.#left === 0);
      if (this.#left === 0) this.#finish(to === bytes.length);
    }
  }

  #takeChunks(chunks: ChunkDecoder, bytes: Buffer, from: number): void {
    let failure: unknown;
    try {
      chunks.push(bytes, from);
    } catch (error) {
      failure = error;
    }
    // What stands before a fault is good.
    if (chunks.end > chunks.start) this.#body?.push(piece(bytes, chunks.start, chunks.end), chunks.done);
    if (failure !== undefined) throw failure;
    if (chunks.done) this.#finish(chunks.rest === bytes.length);
  }

  /** A server that says more than its answer cannot be trusted with another request. */
  #finish(isAllRead: boolean): void {
    this.#end();
    this.#carrier?.finished(isAllRead && this.#head?.keepsAlive === true);
    this.#body?.close();
  }

  #end(): void {
    this.#isOver = true;
    this.request.signal?.removeEventListener("abort", this);
  }
}

/** A part of what was read; the whole of it as it is. */
function piece(bytes: Buffer, from: number, to: number): Uint8Array {
  if (from === 0 && to === bytes.length) return bytes;
  return to - from > COPIED_BYTES
    ? bytes.subarray(from, to)
    : Uint8Array.prototype.slice.call(bytes, from, to);
}
