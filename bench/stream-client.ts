// One streamed request: sends it, and holds every event that comes back against the one that must come next.

import type { Socket } from "bun";
import { type AnswerEvents, AnswerReader } from "./framing.ts";
import {
  type EventFrame,
  eventFrame,
  firstEvent,
  lastEvents,
  NUMBER_DIGITS,
  nowMicros,
  streamName,
  streamRequest,
  TIME_DIGITS,
} from "./payloads.ts";
import { SocketWriter } from "./socket-writer.ts";

/** What the streams report to, all of them. */
export interface StreamTally {
  /** Microseconds from the upstream's write to here. */
  delay(micros: number): void;
  /** Milliseconds from the request to the first event. */
  first(ms: number): void;
  began(client: StreamClient): void;
  ended(client: StreamClient): void;
}

interface StreamAsk {
  readonly port: number;
  readonly key: string;
  readonly chunks: number;
}

/** Starts a stream; its `done` resolves, never rejects. */
export function openStream(ask: StreamAsk, stream: number, tally: StreamTally): StreamClient {
  const client = new StreamClient(ask, stream, tally);
  Bun.connect<StreamClient>({
    hostname: "127.0.0.1",
    port: ask.port,
    data: client,
    socket: {
      open: (socket) => client.opened(socket),
      data: (socket, bytes) => socket.data.arrived(bytes),
      drain: (socket) => socket.data.drained(),
      close: (socket) => socket.data.fail("the connection was closed before the end"),
    },
  }).catch((error: unknown) => client.fail(`no connection: ${String(error)}`));
  return client;
}

export class StreamClient implements AnswerEvents {
  /** Content events so far. */
  chunks = 0;
  failure: string | undefined;
  readonly done: Promise<void>;
  readonly #request: Buffer;
  readonly #expectedChunks: number;
  readonly #frame: EventFrame;
  readonly #first: string;
  #opened = false;
  readonly #last: readonly string[];
  readonly #tally: StreamTally;
  readonly #reader = new AnswerReader(this);
  #socket: Socket<StreamClient> | undefined;
  #writer: SocketWriter | undefined;
  #sentAt = 0;
  /** The beginning of an event whose end has not arrived. */
  #kept = "";
  #lastSeen = 0;
  #finished = false;
  #resolve: () => void = () => {};

  constructor(ask: StreamAsk, stream: number, tally: StreamTally) {
    this.#request = streamRequest(ask.key, stream, ask.chunks);
    this.#expectedChunks = ask.chunks;
    this.#frame = eventFrame(streamName(stream));
    this.#first = firstEvent(streamName(stream));
    // The request does not ask for usage: nobody may see any, whoever else asked for it.
    this.#last = lastEvents(streamName(stream), false);
    this.#tally = tally;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  opened(socket: Socket<StreamClient>): void {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    this.#sentAt = performance.now();
    this.#writer.write(this.#request);
    this.#tally.began(this);
  }

  arrived(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  drained(): void {
    this.#writer?.drain();
  }

  giveUp(): void {
    this.fail(`no end after ${this.chunks} of ${this.#expectedChunks} chunks`);
  }

  fail(reason: string): void {
    if (this.#finished) return;
    this.failure = reason;
    this.#finish();
  }

  head(status: number, head: string): void {
    if (status !== 200) throw new Error(`answered ${head.split("\r\n", 1)[0]}`);
  }

  body(bytes: Buffer): void {
    const now = nowMicros();
    let text = this.#kept + bytes.toString("latin1");
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      this.#event(text.slice(0, end + 2), now);
      text = text.slice(end + 2);
    }
    this.#kept = text;
  }

  end(): void {
    if (this.chunks !== this.#expectedChunks || this.#lastSeen !== this.#last.length || this.#kept !== "")
      throw new Error(`ended after ${this.chunks} chunks and ${this.#lastSeen} closing events`);
    this.#finish();
  }

  #event(text: string, now: number): void {
    if (!this.#opened) {
      if (text !== this.#first) throw new Error(`unexpected first event: ${text.slice(0, 80)}`);
      this.#opened = true;
    } else if (this.chunks < this.#expectedChunks) this.#content(text, now);
    else {
      if (text !== this.#last[this.#lastSeen]) throw new Error(`unexpected event: ${text.slice(0, 80)}`);
      this.#lastSeen += 1;
    }
  }

  #content(text: string, now: number): void {
    const { before, after } = this.#frame;
    const numberEnd = before.length + NUMBER_DIGITS;
    const timeEnd = numberEnd + 1 + TIME_DIGITS;
    const expected =
      text.length === timeEnd + after.length &&
      text.startsWith(before) &&
      text.endsWith(after) &&
      Number(text.slice(before.length, numberEnd)) === this.chunks;
    if (!expected) throw new Error(`event ${this.chunks} is damaged: ${text.slice(0, 80)}`);
    this.chunks += 1;
    this.#tally.delay(now - Number(text.slice(numberEnd + 1, timeEnd)));
    if (this.chunks === 1) this.#tally.first(performance.now() - this.#sentAt);
  }

  #finish(): void {
    this.#finished = true;
    this.#tally.ended(this);
    this.#socket?.end();
    this.#resolve();
  }
}
