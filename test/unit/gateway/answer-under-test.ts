// An attempt whose upstream has answered with whatever a test says, and all that can be seen of its end.

import type { Call, Provider } from "../../../src/exchange.ts";
import { ENDPOINTS, type EndpointName } from "../../../src/formats/table.ts";
import type { AbortReason, Answered } from "../../../src/gateway/attempt.ts";
import { createHold } from "../../../src/gateway/hold-memory.ts";
import { bodylessCall } from "../../../src/gateway/read-call.ts";
import { relay } from "../../../src/gateway/relay.ts";
import { createScrubber } from "../../../src/gateway/scrub.ts";
import { Gauge } from "../../../src/gateway/state.ts";
import type { RequestRecord } from "../../../src/telemetry/record.ts";
import { TimeoutCause } from "../../../src/upstream/send.ts";
import { AttemptTimers, type TimerName } from "../../../src/upstream/timers.ts";
import {
  type FakeSink,
  FakeWheel,
  fakeProvider,
  fakeRecord,
  fakeSink,
  fakeTarget,
} from "../../support/fake-parts.ts";

export const SECRET = "configured-secret-1";
export const KEEPALIVE_MS = 500;

export interface Setting {
  readonly endpoint?: EndpointName;
  readonly stream?: boolean;
  readonly hideUsage?: boolean;
  readonly provider?: Partial<Provider>;
  readonly keepaliveMs?: number;
  readonly rewrite?: (body: Uint8Array) => Uint8Array;
}

/** A body that is sent by hand and whose read rejects when the attempt is aborted, as that of `fetch` does. */
export class HandBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Chunks that were asked for. */
  pulls = 0;
  #sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  #ended = false;

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.fail(signal.reason));
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#sink = controller;
        },
        pull: () => {
          this.pulls += 1;
        },
      },
      { highWaterMark: 0 },
    );
  }

  send(bytes: string | Uint8Array): void {
    if (!this.#ended) this.#sink?.enqueue(Buffer.from(bytes));
  }

  /** Sends a last piece, if one is given, and ends. */
  end(last = ""): void {
    if (last !== "") this.send(last);
    this.#ended = true;
    this.#sink?.close();
  }

  fail(error: unknown = new Error("ECONNRESET")): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink?.error(error);
  }
}

/** How an attempt ended, each thing as often as it happened. */
export interface Ending {
  /** Arguments of `reply.done`. */
  readonly done: readonly boolean[];
  readonly released: number;
  readonly closed: number;
  readonly ended: unknown;
  /** Deadlines that are still on the wheel. */
  readonly deadlines: number;
}

export class AnswerUnderTest {
  readonly wheel = new FakeWheel();
  readonly sink: FakeSink = fakeSink(() => this.wheel.now());
  readonly record: RequestRecord = fakeRecord(this.sink);
  readonly control = new AbortController();
  readonly body = new HandBody(this.control.signal);
  readonly buffered = new Gauge();
  /** Memory for bodies. */
  roomBytes = Number.POSITIVE_INFINITY;
  readonly #done: boolean[] = [];
  #released = 0;

  /** Relays an answer; its body is the one sent by hand unless another is given. */
  relay(setting: Setting, init: ResponseInit = {}, body?: Uint8Array | string | null): Promise<Response> {
    const given = body === undefined ? this.body.stream : body;
    const keepaliveMs = setting.keepaliveMs ?? KEEPALIVE_MS;
    const settings = { wheel: this.wheel, keepaliveMs, headBy: this.wheel.now() + (keepaliveMs || 15_000) };
    return relay(this.#answered(setting, new Response(given, init)), settings);
  }

  ending(): Ending {
    return {
      done: this.#done,
      released: this.#released,
      closed: this.sink.closings.length,
      ended: this.sink.log.lines.findLast(({ message }) => message === "request")?.fields["ended"],
      deadlines: this.wheel.items.size,
    };
  }

  /** Aborts as the gateway does. */
  abort(reason: AbortReason): void {
    this.control.abort(reason);
  }

  #answered(setting: Setting, response: Response): Answered {
    const { endpoint = "chat", stream = false, hideUsage = false } = setting;
    const provider = fakeProvider(setting.provider);
    const call: Call = { ...bodylessCall(ENDPOINTS[endpoint]), stream };
    const expire = (timer: TimerName): void => this.control.abort(new TimeoutCause(timer));
    const timers = new AttemptTimers(this.wheel, provider.timeouts, expire);
    const done = (whole: boolean): void => {
      timers.stop();
      this.#done.push(whole);
    };
    return {
      reply: { response, timers, done },
      call,
      target: fakeTarget(provider),
      record: this.record,
      control: this.control,
      hideUsage,
      rewrite: setting.rewrite,
      hold: createHold(this.record, this, this.roomBytes),
      scrub: createScrubber([SECRET]),
      hangUp: { ignored: false },
      release: () => {
        this.#released += 1;
      },
    };
  }
}

/** Yields to everything that is ready to run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Bun.sleep(0);
}

/** A promise's value or error, and whether it has settled. */
export function watched<T>(promise: Promise<T>): { value?: T; error?: unknown; settled: boolean } {
  const watch: { value?: T; error?: unknown; settled: boolean } = { settled: false };
  promise.then(
    (value) => Object.assign(watch, { value, settled: true }),
    (error: unknown) => Object.assign(watch, { error, settled: true }),
  );
  return watch;
}
