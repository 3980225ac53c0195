// Tries the targets of a route: the only loop over attempts, and the only caller of the upstream.

import { GatewayError } from "../errors.ts";
import type { Call, Target } from "../exchange.ts";
import { createAlarm } from "../lib/wheel.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { buildRequest } from "../upstream/request.ts";
import type { Outcome, Reply } from "../upstream/send.ts";
import { type Answered, timeoutError } from "./attempt.ts";
import { bodyFor } from "./edit-body.ts";
import { createHold } from "./hold-memory.ts";
import { createLateReply } from "./late-reply.ts";
import { relay, requireRelayable } from "./relay.ts";
import { relayLate, type StreamSettings } from "./relay-stream.ts";
import type { Snapshot } from "./snapshot.ts";
import type { State } from "./state.ts";

export interface Dispatch {
  readonly request: Request;
  readonly search: string;
  readonly call: Call;
  /** Path below the provider's root; the endpoint's own but for `models/{id}`. */
  readonly path: string;
  readonly target: Target;
  readonly passedAuthorization: string | undefined;
  readonly hops: string;
  /** Changes a good answer that is not a stream. */
  readonly rewrite?: (body: Uint8Array) => Uint8Array;
  readonly record: RequestRecord;
}

/**
 * Sends the call to its target and relays the answer.
 *
 * @throws {GatewayError} when there is no answer to relay
 */
export async function dispatch(work: Dispatch, snapshot: Snapshot, state: State): Promise<Response> {
  const { record, target, call, request } = work;
  record.stream = call.stream;
  const { body, hideUsage } = bodyFor(call, target);
  const control = new AbortController();
  const release = onInterrupt(request.signal, control, state);
  const upstreamRequest = buildRequest({
    provider: target.provider,
    endpoint: call.endpoint,
    path: work.path,
    search: work.search,
    clientHeaders: request.headers,
    passedAuthorization: work.passedAuthorization,
    body,
    hops: work.hops,
  });
  record.attempts += 1;
  record.waitForUpstream();
  const { keepaliveMs } = snapshot.server;
  const settings = { wheel: state.wheel, keepaliveMs, headBy: state.wheel.now() + (keepaliveMs || HOLD_MS) };
  const sending = state.upstream.send(upstreamRequest, target.provider, control);
  const answered = (reply: Reply): Answered => ({
    reply,
    call,
    target,
    record,
    control,
    hideUsage,
    rewrite: work.rewrite,
    hold: createHold(record, state, snapshot.server.maxBufferedBytes),
    scrub: snapshot.scrub,
    release,
  });
  const replied = async (): Promise<Reply> => {
    const outcome = await sending;
    if (outcome.kind === "reply") return outcome.reply;
    release();
    throw failureOf(outcome, target, control.signal);
  };
  const reply = call.stream ? await untilHeadIsDue(replied(), settings) : await replied();
  record.upstreamAnswered();
  if (reply instanceof Late) return relayWithoutAnswer(reply.pending, answered, settings);
  return await relay(answered(reply), settings);
}

/** The longest the head of a stream is held back when keep-alive comments are off. */
const HOLD_MS = 15_000;

/** The head of a stream is due, and the upstream has not answered yet. */
class Late {
  readonly pending: Promise<Reply>;

  constructor(pending: Promise<Reply>) {
    this.pending = pending;
  }
}

async function untilHeadIsDue(pending: Promise<Reply>, settings: StreamSettings): Promise<Reply | Late> {
  const alarm = createAlarm(settings.wheel, settings.headBy);
  try {
    return (await Promise.race([pending, alarm.rang])) ?? new Late(pending);
  } finally {
    alarm.cancel();
  }
}

/** Lets the head go out, so that neither client nor proxy gives up on a model that thinks for long. */
function relayWithoutAnswer(
  pending: Promise<Reply>,
  answered: (reply: Reply) => Answered,
  settings: StreamSettings,
): Response {
  const late = createLateReply(pending, (reply) => requireRelayable(attempt, reply));
  const attempt = answered(late.reply);
  return relayLate(attempt, late.source, settings);
}

function failureOf(
  outcome: Exclude<Outcome, { readonly kind: "reply" }>,
  target: Target,
  signal: AbortSignal,
): GatewayError {
  const { name } = target.provider;
  switch (outcome.kind) {
    case "timeout":
      return timeoutError(name, outcome.timer);
    case "aborted":
      return signal.reason === "interrupted"
        ? stopping()
        : new GatewayError("client_closed", "the client hung up");
    case "unreachable":
      return new GatewayError(
        "upstream_unreachable",
        `provider ${name} could not be reached: ${outcome.message}`,
      );
  }
}

function stopping(): GatewayError {
  return new GatewayError("no_healthy_target", "the gateway is stopping; send the request again", {
    retryAfterSeconds: 1,
  });
}

/** Ends the attempt when the client hangs up or the gateway has to stop; returns how to undo that. */
function onInterrupt(client: AbortSignal, control: AbortController, state: State): () => void {
  const hangUp = (): void => control.abort("client_closed");
  const interrupt = (): void => control.abort("interrupted");
  if (client.aborted) hangUp();
  client.addEventListener("abort", hangUp, { once: true });
  state.interrupts.add(interrupt);
  return () => {
    client.removeEventListener("abort", hangUp);
    state.interrupts.delete(interrupt);
  };
}
