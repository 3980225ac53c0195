// Repairs the drift of OpenAI-compatible servers: reads frames leniently, lets a format's rules see each, and writes
// them as the specification wants them. What was right leaves with the same bytes.

import type { StreamError } from "../formats/terminal-event.ts";
import type { Usage } from "../formats/usage.ts";
import { ByteOutput } from "../lib/byte-output.ts";
import type { Frame } from "./frame.ts";
import { LenientFrames } from "./lenient-frames.ts";
import { CUT_MESSAGE } from "./observer.ts";
import { MAX_EVENT_BYTES, type StreamEnd, type StreamFailure, type StreamTransform } from "./transform.ts";

/** The rules of one format. */
export interface FrameRepair {
  readonly started: boolean;
  readonly usage: Usage | undefined;
  readonly textBytes: number;
  readonly answerModel: string | undefined;
  readonly failure: StreamFailure | undefined;
  readonly whole: boolean;
  /** Writes what the client gets of this frame. */
  frame(frame: Frame, output: ByteOutput): void;
  /** The upstream has ended: writes the end that is missing, or the error. */
  end(error: StreamError, output: ByteOutput): void;
}

export class RepairTransform implements StreamTransform {
  readonly #frames = new LenientFrames(MAX_EVENT_BYTES);
  readonly #output = new ByteOutput();
  readonly #repair: FrameRepair;

  constructor(repair: FrameRepair) {
    this.#repair = repair;
  }

  get started(): boolean {
    return this.#repair.started;
  }

  /** Only whole events leave. */
  get betweenEvents(): boolean {
    return true;
  }

  get usage(): Usage | undefined {
    return this.#repair.usage;
  }

  get textBytes(): number {
    return this.#repair.textBytes;
  }

  get answerModel(): string | undefined {
    return this.#repair.answerModel;
  }

  get failure(): StreamFailure | undefined {
    return this.#repair.failure;
  }

  get whole(): boolean {
    return this.#repair.whole;
  }

  get finished(): boolean {
    return this.whole;
  }

  get broken(): boolean {
    return this.#frames.tooLong;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.broken) return undefined;
    this.#frames.push(chunk);
    this.#read();
    return this.#output.take();
  }

  end(how: StreamEnd): Uint8Array | undefined {
    if (!this.broken) {
      this.#frames.finish();
      this.#read();
    }
    const cut = { code: "upstream_unreachable", message: CUT_MESSAGE } as const;
    this.#repair.end(how.kind === "failed" ? how : cut, this.#output);
    return this.#output.take();
  }

  #read(): void {
    for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next())
      this.#repair.frame(frame, this.#output);
  }
}
