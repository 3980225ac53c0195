// Pumps a stream of server-sent events from upstream to client: what has arrived leaves at once, silence is bridged, and
// every end is told apart.

import { GatewayError } from "../errors.ts";
import type { End } from "../exchange.ts";
import { EVENTS_TYPE, pingFor, type StreamForm } from "../formats/stream-form.ts";
import { type ByteRead, type ByteReader, byteReader } from "../lib/byte-reader.ts";
import { sniffingReader } from "../lib/sniffing-reader.ts";
import { createAlarm, type Due, type Wheel } from "../lib/wheel.ts";
import type { StreamEnd, StreamTransform } from "../streaming/transform.ts";
import { accountForStream } from "./account-answer.ts";
import {
  type AbortReason,
  type Answered,
  breakOff,
  discard,
  finish,
  flawWords,
  logDetail,
  reportedError,
} from "./attempt.ts";
import { scrubBytes } from "./scrub.ts";
import { transformFor } from "./stream-transform.ts";

export interface StreamSettings {
  readonly wheel: Wheel;
  /** Milliseconds of silence after which a comment is sent; 0 = never. */
  readonly keepaliveMs: number;
  /** When the head has to go out at the latest, in the wheel's clock. */
  readonly headBy: number;
}

/** How long usage is waited for after the end of an answer, when its client has left. */
const LATE_USAGE_MS = 1_000;

/**
 * Waits for the first event that carries content, a tool call or an error (but not longer than the keep-alive time),
 * so that a failure before it is an ordinary error; then the head goes out and the rest follows.
 *
 * @throws {GatewayError} when the upstream fails while the head is held
 */
export async function relayStream(
  answered: Answered,
  form: StreamForm,
  headers: Record<string, string>,
  settings: StreamSettings,
): Promise<Response> {
  const reader = readerOf(answered, byteReader(answered.reply.response.body));
  const relay = new StreamRelay(answered, transformFor(answered, form), reader, settings);
  answered.record.waitForUpstream();
  await relay.hold(form);
  return streamResponse(answered, relay, headers);
}

function readerOf({ target }: Answered, source: ByteReader): ByteReader {
  return target.provider.repair ? sniffingReader(source) : source;
}

/** A stream of events whose head goes out at once, before the upstream has answered at all. */
export function relayLate(answered: Answered, source: ByteReader, settings: StreamSettings): Response {
  const reader = readerOf(answered, source);
  const relay = new StreamRelay(answered, transformFor(answered, "events"), reader, settings);
  return streamResponse(answered, relay, { "content-type": EVENTS_TYPE });
}

function streamResponse(answered: Answered, relay: StreamRelay, headers: Record<string, string>): Response {
  const { status } = answered.reply.response;
  answered.record.status = status;
  answered.record.firstByte();
  return new Response(relay.body(), {
    status,
    headers: { ...headers, "cache-control": "no-cache", "x-accel-buffering": "no" },
  });
}

class StreamRelay implements Due {
  dueAt = Number.POSITIVE_INFINITY;
  readonly #answered: Answered;
  readonly #settings: StreamSettings;
  readonly #transform: StreamTransform;
  readonly #reader: ByteReader;
  /** A read that is outstanding, whoever waits for it. */
  #reading: Promise<ByteRead> | undefined;
  /** What may leave as soon as somebody takes it. */
  #held: Uint8Array[] = [];
  /** How it ended, once it has: whether the body was read to its end, and what the record says. */
  #ending: { readonly whole: boolean; readonly end: End } | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting = false;
  /** The client has left with the whole answer, and what is read now is no longer for it. */
  #isAwaitingUsage = false;

  constructor(answered: Answered, transform: StreamTransform, reader: ByteReader, settings: StreamSettings) {
    this.#answered = answered;
    this.#settings = settings;
    this.#transform = transform;
    this.#reader = reader;
  }

  /** Reads until the head may go out. When it is due, a form without comments waits for bytes to send it with. */
  async hold(form: StreamForm): Promise<void> {
    const until = createAlarm(this.#settings.wheel, this.#settings.headBy);
    let isDue = false;
    try {
      while (!this.#transform.started && this.#ending === undefined) {
        if (isDue && (form === "events" || this.#held.length > 0)) return;
        this.#reading ??= this.#reader.read();
        const result: ByteRead | undefined = await (isDue
          ? this.#reading
          : Promise.race([this.#reading, until.rang]));
        isDue ||= result === undefined;
        if (result === undefined) continue;
        this.#reading = undefined;
        this.#take(result);
      }
      this.#refuseFailure();
    } catch (error) {
      const failure = error instanceof GatewayError ? error : breakOff(this.#answered, error).error;
      // What came before may have said what the input was.
      accountForStream(this.#answered, this.#transform, this.#transform.whole);
      discard(this.#answered);
      throw failure;
    } finally {
      until.cancel();
    }
  }

  /** While the head is held, an error in place of the answer is an ordinary error, and so is an answer that is none. */
  #refuseFailure(): void {
    const { failure, whole } = this.#transform;
    const { record, target } = this.#answered;
    const { name } = target.provider;
    if (failure === undefined && (this.#ending === undefined || whole)) return;
    if (failure?.beforeContent === false) return;
    record.detail = logDetail(failure);
    if (failure !== undefined) throw reportedError(this.#answered, failure);
    const what = this.#transform.broken ? flawWords(this.#transform) : "ended before its answer began";
    throw new GatewayError(
      "upstream_unreachable",
      `the stream of provider ${name} ${what}; send the request again`,
    );
  }

  body(): ReadableStream<Uint8Array> {
    const { wheel, keepaliveMs } = this.#settings;
    if (keepaliveMs > 0 && this.#ending === undefined) {
      this.dueAt = wheel.now() + keepaliveMs;
      wheel.add(this);
    }
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
  }

  /** The wheel: the upstream has been silent for the keep-alive time. */
  due(nowMs: number): void {
    this.dueAt = nowMs + this.#settings.keepaliveMs;
    if (this.#waiting && this.#transform.betweenEvents)
      this.#controller?.enqueue(pingFor(this.#answered.call.endpoint));
  }

  async #pull(): Promise<void> {
    try {
      while (this.#held.length === 0 && this.#ending === undefined) {
        this.#reading ??= this.#reader.read();
        this.#answered.reply.timers.waiting();
        this.#waiting = true;
        const result = await this.#reading;
        this.#waiting = false;
        if (this.#isAwaitingUsage) return;
        this.#reading = undefined;
        this.#take(result);
      }
    } catch (error) {
      this.#waiting = false;
      if (this.#isAwaitingUsage) return;
      const { end, error: failure } = breakOff(this.#answered, error);
      // It may be an upstream's own words, with a credential in them.
      const message = this.#answered.scrub(failure.message);
      this.#end({ kind: "failed", code: failure.code, message }, end);
    }
    // The client may have left in the meantime.
    if (!this.#answered.record.isClosed) this.#flush();
  }

  /** One read's worth: through the transform, and the end if it was the last. */
  #take(result: ByteRead): void {
    const { timers } = this.#answered.reply;
    if (result.done) {
      timers.paused();
      this.#end({ kind: "eof" }, "completed");
      return;
    }
    const before = this.#transform.started;
    const out = this.#transform.push(result.value);
    // A client that leaves from here on has its answer; what is still to come may be the usage.
    if (this.#transform.finished) this.#answered.hangUp.ignored = true;
    if (!before && this.#transform.started) timers.started();
    timers.paused();
    if (out !== undefined && out.byteLength > 0) this.#held.push(this.#cleared(out));
    if (this.#transform.broken) {
      const message = `an event of provider ${this.#answered.target.provider.name} ${flawWords(this.#transform)}`;
      this.#end({ kind: "failed", code: "upstream_unreachable", message }, "upstream_error");
      this.#answered.control.abort("interrupted");
    }
  }

  /** An error may repeat a credential, as error bodies do. */
  #cleared(bytes: Uint8Array): Uint8Array {
    return this.#transform.failure === undefined ? bytes : scrubBytes(this.#answered.scrub, bytes);
  }

  /** Nothing more will be read: the last bytes are added, and how it ended is known when they leave. */
  #end(how: StreamEnd, end: End): void {
    if (this.#ending !== undefined) return;
    const last = this.#transform.end(how);
    // Part of an error that never came to its end may be among it.
    if (last !== undefined && last.byteLength > 0) this.#held.push(scrubBytes(this.#answered.scrub, last));
    const { record } = this.#answered;
    const { failure, whole } = this.#transform;
    accountForStream(this.#answered, this.#transform, whole);
    record.detail ??= logDetail(failure);
    const isCut = end === "completed" && !(whole && failure === undefined);
    this.#ending = { whole: how.kind === "eof", end: isCut ? "upstream_error" : end };
  }

  #flush(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    for (const bytes of this.#held) controller.enqueue(bytes);
    this.#held = [];
    if (this.#ending === undefined) this.dueAt = this.#settings.wheel.now() + this.#settings.keepaliveMs;
    else {
      this.#close(this.#ending.whole, this.#ending.end);
      controller.close();
    }
  }

  #cancel(): void {
    // Nobody is left who could be told that the stream is alive.
    this.#settings.wheel.remove(this);
    if (this.#answered.record.isClosed) return;
    const { usage, finished } = this.#transform;
    const isRead = finished && this.#held.length === 0;
    if (isRead && usage === undefined && this.#ending === undefined) void this.#awaitUsage();
    else this.#leave(isRead ? "completed" : "client_closed");
  }

  /** The client has left. */
  #leave(end: End): void {
    this.#answered.control.abort("client_closed" satisfies AbortReason);
    accountForStream(this.#answered, this.#transform, this.#transform.finished);
    this.#close(false, end);
  }

  /** The client has read the answer to its end and left; some upstreams report the usage after that. */
  async #awaitUsage(): Promise<void> {
    this.#isAwaitingUsage = true;
    const { wheel } = this.#settings;
    const until = createAlarm(wheel, wheel.now() + LATE_USAGE_MS);
    try {
      while (this.#transform.usage === undefined) {
        this.#reading ??= this.#reader.read();
        const result = await Promise.race([this.#reading, until.rang]);
        if (result === undefined || result.done) break;
        this.#reading = undefined;
        this.#transform.push(result.value);
      }
    } catch {
      // The upstream broke off, or the gateway stops: the answer was complete all the same.
    } finally {
      until.cancel();
      this.#leave("completed");
    }
  }

  #close(whole: boolean, end: End): void {
    this.#settings.wheel.remove(this);
    finish(this.#answered, whole, end);
  }
}
