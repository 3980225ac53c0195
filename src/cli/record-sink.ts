// What happens when a request ends: its account is closed, and whoever counts requests hears of it.

import type { End } from "../exchange.ts";
import { closeAccount } from "../gateway/close-account.ts";
import type { State } from "../gateway/state.ts";
import { createThrottle } from "../lib/throttle.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { RecordSink, RequestRecord } from "../telemetry/record.ts";

export interface SinkParts {
  readonly state: State;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds of a clock that never steps back. */
  readonly monotonic: () => number;
  /** Receives why a provider's latest attempt failed, in the words of the log. */
  readonly onProviderError: (provider: string, error: string) => void;
}

/** Callers that cannot say who they are get a line a second between them. */
const UNKNOWN_CALLERS_MS = 1_000;

export function createSink(parts: SinkParts): RecordSink {
  const { state, log, monotonic } = parts;
  return {
    log,
    now: monotonic,
    throttle: createThrottle(UNKNOWN_CALLERS_MS, monotonic),
    closed(record, end) {
      if (!record.uncounted) state.inFlight.give(1);
      state.buffered.give(record.heldBytes);
      closeAccount(record, end, state.ledger);
      if (record.caller !== undefined) state.lastUsed.set(record.caller.key.name, state.ledger.now());
      count(record, end, parts);
    },
  };
}

function count(record: RequestRecord, end: End, { metrics, onProviderError }: SinkParts): void {
  const { target, code, attempts } = record;
  const provider = target?.provider.name;
  metrics.requestClosed({
    provider,
    model: target?.model,
    key: record.caller?.key.name,
    status: record.status,
    code,
    stream: record.stream,
    totalMs: record.totalMs(),
    firstByteMs: record.firstByteMs,
    overheadMs: record.overheadMs(),
    usage: record.usage,
    costNanoUsd: record.costNanoUsd,
  });
  if (code !== undefined && end === "refused") metrics.refused(code, record.violated);
  if (provider === undefined || attempts === 0) return;
  metrics.attempt(provider, outcomeOf(record, end));
  if (record.detail !== undefined) onProviderError(provider, record.detail);
}

/** In one word: how the request ended, or which kind of status its upstream answered with. */
function outcomeOf({ account }: RequestRecord, end: End): string {
  const status = account?.upstreamStatus;
  if (end !== "completed" || status === undefined) return end;
  return status < 400 ? "ok" : status < 500 ? "4xx" : "5xx";
}
