// Lets a stream pass frame by frame: only whole, sound frames leave, so that an error can always follow them.

import type { StreamError } from "../formats/terminal-event.ts";
import type { Usage } from "../formats/usage.ts";
import { ByteOutput } from "../lib/byte-output.ts";
import type { Stretch } from "../lib/sse.ts";
import { CUT_MESSAGE } from "./observer.ts";
import type { StreamEnd, StreamFailure, StreamTransform } from "./transform.ts";

/** Finds frames in bytes that arrive piece by piece; `next` moves on, and is false when the rest is incomplete. */
export interface FrameScanner<Frame> {
  /** What stands in the current frame; undefined when it only has bytes (a bracket, space). */
  readonly frame: Frame | undefined;
  /** The current frame's bytes as they came. */
  readonly raw: readonly Stretch[];
  /** Why nothing more can be read; undefined while all is well. */
  readonly flaw: "damaged" | "too_long" | undefined;
  push(chunk: Uint8Array): void;
  next(): boolean;
}

/** What is noticed about the stream; the same as with events. */
export interface FrameObserver<Frame> {
  readonly started: boolean;
  readonly usage: Usage | undefined;
  readonly textBytes: number;
  readonly answerModel: string | undefined;
  readonly failure: StreamFailure | undefined;
  readonly whole: boolean;
  see(frame: Frame): void;
}

/** How frames of one kind are written. */
export interface FrameWriter<Frame> {
  /** What ends the stream: after an error when one is given, else in order; undefined = nothing is needed. */
  end(error: StreamError | undefined): Uint8Array | undefined;
  /** An upstream's error as it may leave; undefined = as it came. */
  clear(frame: Frame): Uint8Array | undefined;
  /** The framing itself says that nothing follows, which makes the stream whole. */
  readonly isClosed: () => boolean;
}

export class WholeFramesTransform<Frame> implements StreamTransform {
  readonly #scanner: FrameScanner<Frame>;
  readonly #observer: FrameObserver<Frame>;
  readonly #writer: FrameWriter<Frame>;
  readonly #output = new ByteOutput();

  constructor(scanner: FrameScanner<Frame>, observer: FrameObserver<Frame>, writer: FrameWriter<Frame>) {
    this.#scanner = scanner;
    this.#observer = observer;
    this.#writer = writer;
  }

  get started(): boolean {
    return this.#observer.started;
  }

  /** Never: there is no comment in such a stream. */
  get betweenEvents(): boolean {
    return false;
  }

  get usage(): Usage | undefined {
    return this.#observer.usage;
  }

  get textBytes(): number {
    return this.#observer.textBytes;
  }

  get answerModel(): string | undefined {
    return this.#observer.answerModel;
  }

  get failure(): StreamFailure | undefined {
    return this.#observer.failure;
  }

  get whole(): boolean {
    return this.failure === undefined && (this.#observer.whole || this.#writer.isClosed());
  }

  get finished(): boolean {
    return this.whole;
  }

  /** It cannot be read on: see {@link flaw}. */
  get broken(): boolean {
    return this.flaw !== undefined;
  }

  get flaw(): "damaged" | "too_long" | undefined {
    return this.#scanner.flaw;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.broken) return undefined;
    const scanner = this.#scanner;
    scanner.push(chunk);
    while (scanner.next()) {
      if (scanner.frame !== undefined) this.#observer.see(scanner.frame);
      this.#pass(scanner.frame);
    }
    return this.#output.take();
  }

  end(how: StreamEnd): Uint8Array | undefined {
    const cut = { code: "upstream_unreachable", message: CUT_MESSAGE } as const;
    const isOver = this.whole || this.failure !== undefined;
    return this.#writer.end(isOver ? undefined : how.kind === "failed" ? how : cut);
  }

  #pass(frame: Frame | undefined): void {
    const cleared = frame === undefined || this.failure === undefined ? undefined : this.#writer.clear(frame);
    if (cleared !== undefined) this.#output.keep(cleared, 0, cleared.length);
    else for (const { bytes, start, end } of this.#scanner.raw) this.#output.keep(bytes, start, end);
  }
}
