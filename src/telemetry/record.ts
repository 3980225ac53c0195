// What is remembered of one request: filled on its way, written once when it ends.

import type { ErrorCode } from "../errors.ts";
import type { Caller, End, Target } from "../exchange.ts";
import type { Usage } from "../formats/usage.ts";
import { formatUsd } from "../lib/money.ts";
import type { Throttle } from "../lib/throttle.ts";
import type { Flag } from "../store/entry.ts";
import type { Account } from "./account.ts";
import type { Log } from "./log.ts";

/** Clock, log and counter that records report to. */
export interface RecordSink {
  readonly log: Log;
  /** Milliseconds of a clock that never steps back. */
  readonly now: () => number;
  /** Called once per record, when it closes, before its line is written: settles its account. */
  readonly closed: (record: RequestRecord, end: End) => void;
  /** For lines of callers that could not say who they are: anybody can cause those, so they are rationed. */
  readonly throttle: Throttle;
}

/** The account of one request. Steps fill it in; {@link RequestRecord.close} ends it exactly once. */
export class RequestRecord {
  readonly id: string;
  readonly method: string;
  readonly clientIp: string | undefined;
  userAgent: string | undefined;
  /** Of the client's `traceparent`. */
  traceId: string | undefined;
  readonly #sink: RecordSink;
  readonly #startedAt: number;
  caller: Caller | undefined;
  endpoint: string | undefined;
  /** The wire format that the client speaks. */
  format: string | undefined;
  requestedModel: string | undefined;
  target: Target | undefined;
  stream = false;
  attempts = 0;
  status = 0;
  code: ErrorCode | undefined;
  usage: Usage | undefined;
  /** Why an attempt failed, for the log only. */
  detail: string | undefined;
  /** An unexpected failure, for the log only. */
  fault: unknown;
  /** Refused before it was counted as in flight. */
  uncounted = false;
  /** Bytes of bodies held in memory for this request. */
  heldBytes = 0;
  /** Epoch milliseconds at which it was admitted, by the ledger's clock; undefined = not yet. */
  at: number | undefined;
  /** What its attempt holds; undefined while nothing is held. */
  account: Account | undefined;
  /** Names of the policies that it had to pass. */
  matched: readonly string[] = [];
  /** Names of those that refused it. */
  violated: readonly string[] = [];
  /** For the client: policies whose limit is near. */
  budgetWarning: string | undefined;
  /** Known once it is closed, where the call has a price. */
  costNanoUsd: bigint | undefined;
  /** The answer is so long that its head says no cost, whether it was held or not. */
  isLong = false;
  flags: readonly Flag[] = [];
  #upstreamMs = 0;
  #waitingSince: number | undefined;
  #firstByteMs: number | undefined;
  #overheadMs: number | undefined;
  #closed = false;

  constructor(id: string, method: string, clientIp: string | undefined, sink: RecordSink) {
    this.id = id;
    this.method = method;
    this.clientIp = clientIp;
    this.#sink = sink;
    this.#startedAt = sink.now();
  }

  /** Milliseconds of a clock that never steps back. */
  now(): number {
    return this.#sink.now();
  }

  /** Milliseconds since the request came. */
  totalMs(): number {
    return this.#sink.now() - this.#startedAt;
  }

  /** Milliseconds until the first byte of the answer left; undefined = none has. */
  get firstByteMs(): number | undefined {
    return this.#firstByteMs;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** From here on the time belongs to the upstream. */
  waitForUpstream(): void {
    this.#waitingSince = this.#sink.now();
  }

  /** The upstream has answered; the time is ours again. */
  upstreamAnswered(): void {
    if (this.#waitingSince === undefined) return;
    this.#upstreamMs += this.#sink.now() - this.#waitingSince;
    this.#waitingSince = undefined;
  }

  /** The first byte of the answer is about to leave: from here on the time is the stream's own. */
  firstByte(): void {
    if (this.#firstByteMs !== undefined) return;
    this.upstreamAnswered();
    this.#firstByteMs = this.#sink.now() - this.#startedAt;
    this.#overheadMs = this.overheadMs();
  }

  /** Milliseconds spent here and not at the upstream, up to the first byte of the answer. */
  overheadMs(): number {
    return this.#overheadMs ?? Math.max(0, this.#sink.now() - this.#startedAt - this.#upstreamMs);
  }

  /** Ends the account; the second call and all later ones do nothing. */
  close(end: End): void {
    if (this.#closed) return;
    this.#closed = true;
    if (end !== "completed" && end !== "refused") this.code ??= CODE_OF_END[end];
    this.upstreamAnswered();
    this.#sink.closed(this, end);
    this.#write(end);
  }

  #write(end: End): void {
    const { log, throttle } = this.#sink;
    if (this.fault !== undefined) log.error({ request_id: this.id, err: this.fault }, "internal error");
    const unwritten = this.code === "invalid_api_key" ? throttle() : 0;
    if (unwritten === undefined) return;
    log.plain(unwritten > 0 ? { ...this.#fields(end), unwritten } : this.#fields(end), "request");
  }

  #fields(end: End): Record<string, unknown> {
    const key = this.caller?.key;
    return {
      request_id: this.id,
      method: this.method,
      endpoint: this.endpoint,
      key: key?.name,
      user: key?.user,
      workspace: key?.workspace,
      requested_model: withoutKeys(this.requestedModel),
      target: withoutKeys(this.target?.id),
      provider: this.target?.provider.name,
      model: withoutKeys(this.target?.model),
      stream: this.stream,
      status: this.status,
      code: this.code,
      ended: end,
      detail: this.detail,
      attempts: this.attempts,
      input_tokens: this.usage?.inputTokens,
      output_tokens: this.usage?.outputTokens,
      cost_usd: this.costNanoUsd === undefined ? undefined : formatUsd(this.costNanoUsd),
      flags: this.flags.length === 0 ? undefined : this.flags.join(","),
      total_ms: roundedMs(this.totalMs()),
      first_byte_ms: this.#firstByteMs === undefined ? undefined : roundedMs(this.#firstByteMs),
      overhead_ms: roundedMs(this.overheadMs()),
      client_ip: this.clientIp,
    };
  }
}

/** What it is called when an answer ends early after its head has left: the status cannot say it any more. */
const CODE_OF_END = {
  client_closed: "client_closed",
  upstream_error: "upstream_unreachable",
  timeout: "upstream_timeout",
  interrupted: "no_healthy_target",
} as const;

const OWN_KEY = /sk-postern-[A-Za-z0-9_-]{8,}/g;

/** A name that came from a caller: short, and without a key that was put in the wrong field. */
export function withoutKeys(name: string | undefined): string | undefined {
  return name?.slice(0, 300).replace(OWN_KEY, "[key]");
}

/** To hundredths. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
