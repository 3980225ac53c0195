// Sends the chunks of many streams, one per stream and interval, spread evenly over the interval.

import {
  contentEvent,
  type EventFrame,
  eventFrame,
  firstEvent,
  httpChunk,
  LAST_HTTP_CHUNK,
  lastEvents,
  nowMicros,
  STREAM_HEAD,
} from "./payloads.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** Time between two chunks of a stream. */
export const CHUNK_EVERY_MS = 100;
const TICK_MS = 5;
const SLOTS = CHUNK_EVERY_MS / TICK_MS;

export class PacedStream {
  readonly #writer: SocketWriter;
  readonly #name: string;
  readonly #frame: EventFrame;
  readonly #chunks: number;
  readonly #withUsage: boolean;
  #sent = 0;

  constructor(writer: SocketWriter, name: string, chunks: number, withUsage: boolean) {
    this.#writer = writer;
    this.#name = name;
    this.#frame = eventFrame(name);
    this.#chunks = chunks;
    this.#withUsage = withUsage;
  }

  /** Sends the next chunk; false when it was the last. */
  advance(): boolean {
    if (this.#sent < this.#chunks) {
      const before = this.#sent === 0 ? STREAM_HEAD + httpChunk(firstEvent(this.#name)) : "";
      const event = httpChunk(contentEvent(this.#frame, this.#sent, nowMicros()));
      this.#writer.write(Buffer.from(before + event, "latin1"));
      this.#sent += 1;
      return true;
    }
    const events = lastEvents(this.#name, this.#withUsage).map(httpChunk);
    this.#writer.write(Buffer.from(events.join("") + LAST_HTTP_CHUNK, "latin1"));
    return false;
  }
}

/** One timer for all streams; it runs only while there are any. */
export class Pacer {
  readonly #slots: Set<PacedStream>[] = Array.from({ length: SLOTS }, () => new Set());
  #timer: ReturnType<typeof setInterval> | undefined;
  #startedAt = 0;
  #tick = 0;
  #count = 0;
  #next = 0;

  begin(stream: PacedStream): void {
    // Its head and first chunk leave at its slot, so that streams that begin together do not stay together.
    this.#slots[this.#next]?.add(stream);
    this.#next = (this.#next + 1) % SLOTS;
    this.#count += 1;
    if (this.#timer !== undefined) return;
    this.#startedAt = performance.now();
    this.#tick = 0;
    this.#timer = setInterval(() => this.#advance(), TICK_MS);
  }

  end(stream: PacedStream): void {
    for (const slot of this.#slots) if (slot.delete(stream)) this.#count -= 1;
    if (this.#count > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #advance(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / TICK_MS);
    for (; this.#tick < due; this.#tick++) {
      for (const stream of this.#slots[this.#tick % SLOTS] ?? []) if (!stream.advance()) this.end(stream);
    }
  }
}
