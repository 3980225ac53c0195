// Pumps a stream of server-sent events from upstream to client: what has arrived leaves at once, silence is bridged, and
// every end is told apart.

import { GatewayError } from "../errors.ts";
import type { End } from "../exchange.ts";
import { type ByteRead, type ByteReader, byteReader } from "../lib/byte-reader.ts";
import { sniffingReader } from "../lib/sniffing-reader.ts";
import { createAlarm, type Due, type Wheel } from "../lib/wheel.ts";
import { createStreamTransform } from "../streaming/create-transform.ts";
import type { StreamEnd, StreamFailure, StreamTransform } from "../streaming/transform.ts";
import { type Answered, breakOff, discard, finish, reportedError } from "./attempt.ts";
import { scrubBytes } from "./scrub.ts";

export interface StreamSettings {
  readonly wheel: Wheel;
  /** Milliseconds of silence after which a comment is sent; 0 = never. */
  readonly keepaliveMs: number;
  /** When the head has to go out at the latest, in the wheel's clock. */
  readonly headBy: number;
}

/** One newline only: a blank line after a comment makes old clients dispatch an empty event. */
const PING = new TextEncoder().encode(": ping\n");

/**
 * Waits for the first event that carries content, a tool call or an error (but not longer than the keep-alive time),
 * so that a failure before it is an ordinary error; then the head goes out and the rest follows.
 *
 * @throws {GatewayError} when the upstream fails while the head is held
 */
export async function relayStream(
  answered: Answered,
  headers: Record<string, string>,
  settings: StreamSettings,
): Promise<Response> {
  const relay = new StreamRelay(
    answered,
    readerOf(answered, byteReader(answered.reply.response.body)),
    settings,
  );
  answered.record.waitForUpstream();
  await relay.hold();
  return streamResponse(answered, relay, headers);
}

function readerOf({ target }: Answered, source: ByteReader): ByteReader {
  return target.provider.repair ? sniffingReader(source) : source;
}

/** A stream whose head goes out at once, before the upstream has answered at all. */
export function relayLate(answered: Answered, source: ByteReader, settings: StreamSettings): Response {
  const relay = new StreamRelay(answered, readerOf(answered, source), settings);
  return streamResponse(answered, relay, { "content-type": "text/event-stream" });
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
  /** A read that is outstanding while nobody waits for it: the one that was under way when the head went out. */
  #reading: Promise<ByteRead> | undefined;
  /** What may leave as soon as somebody takes it. */
  #held: Uint8Array[] = [];
  /** How it ended, once it has: whether the body was read to its end, and what the record says. */
  #ending: { readonly whole: boolean; readonly end: End } | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting = false;

  constructor(answered: Answered, reader: ByteReader, settings: StreamSettings) {
    const { call, hideUsage, target, record } = answered;
    this.#answered = answered;
    this.#settings = settings;
    this.#transform = createStreamTransform({
      endpoint: call.endpoint.name,
      repair: target.provider.repair,
      hideUsage: hideUsage || (target.provider.repair && !call.asksUsage),
      requestId: record.id,
      model: target.model,
    });
    this.#reader = reader;
  }

  /** Reads until the head may go out. */
  async hold(): Promise<void> {
    const until = createAlarm(this.#settings.wheel, this.#settings.headBy);
    try {
      while (!this.#transform.started && this.#ending === undefined) {
        this.#reading ??= this.#reader.read();
        const result = await Promise.race([this.#reading, until.rang]);
        if (result === undefined) return;
        this.#reading = undefined;
        this.#take(result);
      }
      this.#refuseFailure();
    } catch (error) {
      const failure = error instanceof GatewayError ? error : breakOff(this.#answered, error).error;
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
    record.usage = this.#transform.usage;
    record.detail = logDetail(failure);
    if (failure !== undefined) throw reportedError(this.#answered, failure);
    const what = this.#transform.broken ? "is too long to relay" : "ended before its answer began";
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
    if (this.#waiting && this.#transform.betweenEvents) this.#controller?.enqueue(PING);
  }

  async #pull(): Promise<void> {
    try {
      while (this.#held.length === 0 && this.#ending === undefined) {
        const reading = this.#reading ?? this.#reader.read();
        this.#reading = undefined;
        this.#answered.reply.timers.waiting();
        this.#waiting = true;
        const result = await reading;
        this.#waiting = false;
        this.#take(result);
      }
    } catch (error) {
      this.#waiting = false;
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
    if (!before && this.#transform.started) timers.started();
    timers.paused();
    if (out !== undefined && out.byteLength > 0) this.#held.push(this.#cleared(out));
    if (this.#transform.broken) {
      const message = `an event of provider ${this.#answered.target.provider.name} is too long to relay`;
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
    if (last !== undefined && last.byteLength > 0) this.#held.push(this.#cleared(last));
    const { record } = this.#answered;
    const { failure, usage, whole } = this.#transform;
    record.usage = usage;
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
    if (this.#answered.record.isClosed) return;
    this.#answered.control.abort("client_closed");
    this.#answered.record.usage = this.#transform.usage;
    this.#close(false, "client_closed");
  }

  #close(whole: boolean, end: End): void {
    this.#settings.wheel.remove(this);
    finish(this.#answered, whole, end);
  }
}

/** An upstream's own words may repeat what the client wrote, so they are not logged. */
function logDetail(failure: StreamFailure | undefined): string | undefined {
  if (failure === undefined) return undefined;
  const status = failure.status === undefined ? "" : ` with status ${failure.status}`;
  return `the upstream reported an error in its stream${status}`;
}
