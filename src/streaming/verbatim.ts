// Lets a stream pass byte for byte, takes note of what it says, and may take one chunk out.

import type { Usage } from "../formats/usage.ts";
import { ByteOutput } from "../lib/byte-output.ts";
import { EventScanner } from "../lib/sse.ts";
import { ErrorHold } from "./error-hold.ts";
import { CUT_MESSAGE, type StreamObserver } from "./observer.ts";
import type { StreamFailure } from "./transform.ts";
import { MAX_EVENT_BYTES, type StreamEnd, type StreamTransform } from "./transform.ts";

/** How every stream of events begins: with a field or a comment. */
const EVENTS_START = /^\uFEFF?[\r\n]*(?:data|event|id|retry)?:/;

/** More than that is not needed to tell. */
const START_BYTES = 64;

export class VerbatimTransform implements StreamTransform {
  readonly #scanner: EventScanner;
  readonly #observer: StreamObserver;
  readonly #hideUsage: boolean;
  readonly #output = new ByteOutput();
  readonly #hold = new ErrorHold();
  /** The first bytes, until an event has come. */
  #start = Buffer.alloc(0);
  #sawEvent = false;
  /** It ended properly and never was a stream of events: there is nothing in it to judge. */
  #opaque = false;

  /** Hiding usage needs every event whole before it leaves; else chunks leave as they arrive. */
  constructor(observer: StreamObserver, hideUsage: boolean) {
    this.#observer = observer;
    this.#hideUsage = hideUsage;
    this.#scanner = new EventScanner({ maxBytes: MAX_EVENT_BYTES, keepRaw: hideUsage });
  }

  get started(): boolean {
    return this.#observer.started;
  }

  get betweenEvents(): boolean {
    return this.#hideUsage || this.#scanner.betweenBlocks;
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
    return this.#opaque || this.#observer.whole;
  }

  get finished(): boolean {
    return this.#observer.finished ?? this.whole;
  }

  get broken(): boolean {
    return this.#scanner.tooLong;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.broken) return undefined;
    if (!this.#sawEvent && this.#start.length < START_BYTES)
      this.#start = Buffer.concat([this.#start, chunk.subarray(0, START_BYTES)]);
    this.#scanner.push(chunk);
    this.#scan();
    if (this.#hideUsage) return this.#output.take();
    return this.#hold.push(chunk, this.#scanner.openBytes, this.failure !== undefined);
  }

  end(how: StreamEnd): Uint8Array | undefined {
    // Bytes of an event that never ended have left, and are closed so that what follows is an event of its own. Held
    // ones are dropped, as every reader of such a stream would.
    const unfinished = !this.#scanner.betweenBlocks;
    if (!this.broken) {
      const held = this.#hold.take();
      this.#output.keep(held, 0, held.length);
      this.#scanner.finish();
      this.#scan();
    }
    const isOther = this.#start.length > 0 && !EVENTS_START.test(this.#start.toString("utf8"));
    this.#opaque = how.kind === "eof" && !this.#sawEvent && isOther;
    if (this.whole) return this.#output.take();
    if (this.#hideUsage && this.failure === undefined) this.#output.take();
    else if (unfinished) this.#output.write("\n\n");
    const cut = { code: "upstream_unreachable", message: CUT_MESSAGE } as const;
    if (!this.#observer.ended) this.#output.write(this.#observer.terminal(how.kind === "failed" ? how : cut));
    return this.#output.take();
  }

  #scan(): void {
    const scanner = this.#scanner;
    while (scanner.next()) {
      if (scanner.event !== undefined) this.#sawEvent = true;
      const hidden = scanner.event !== undefined && this.#observer.see(scanner.event) && this.#hideUsage;
      if (hidden) continue;
      for (const { bytes, start, end } of scanner.raw) this.#output.keep(bytes, start, end);
    }
  }
}
