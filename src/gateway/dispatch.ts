// Tries the targets of a route: the only loop over attempts, and the only caller of the upstream.

import { GatewayError } from "../errors.ts";
import type { Call, Target } from "../exchange.ts";
import { formAsked } from "../formats/stream-form.ts";
import { createAlarm } from "../lib/wheel.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { buildRequest, type UpstreamRequest } from "../upstream/request.ts";
import type { Outcome, Reply } from "../upstream/send.ts";
import { leaveWhenDone } from "../upstream/slots.ts";
import { accessTo } from "./access-token.ts";
import { sendAskingUsage } from "./ask-usage.ts";
import { type Answered, discard, timeoutError } from "./attempt.ts";
import { bodyFor } from "./edit-body.ts";
import { createHold } from "./hold-memory.ts";
import { createLateReply } from "./late-reply.ts";
import type { VertexPlace } from "./native-path.ts";
import { queueError } from "./queue-error.ts";
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
  /** On Vertex AI: where the call runs. */
  readonly vertex: VertexPlace | undefined;
  /** The client's own `Authorization`, which goes upstream as it is, in place of the provider's credential. */
  readonly subscription: string | undefined;
  /** Epoch milliseconds. */
  readonly nowMs: number;
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
  const { usageRefusals } = state;
  const { body, hideUsage } = bodyFor(call, target, !usageRefusals.has(target.provider));
  const control = new AbortController();
  const { release, hangUp } = onInterrupt(request.signal, control, state);
  record.waitForUpstream();
  const admission = await state.slots.take(target.provider.name, control.signal);
  record.upstreamAnswered();
  if (admission.kind !== "admitted") {
    release();
    throw admission.kind === "aborted"
      ? abortError(control.signal)
      : queueError(target.provider.name, admission.kind);
  }
  record.attempts += 1;
  record.waitForUpstream();
  const { keepaliveMs } = snapshot.server;
  const settings = { wheel: state.wheel, keepaliveMs, headBy: state.wheel.now() + (keepaliveMs || HOLD_MS) };
  const onSending = (): void => record.account?.sending(record.now());
  const send = async (bytes: Uint8Array | undefined): Promise<Outcome> => {
    const access = await accessTo(target.provider, control.signal);
    if (access.kind !== "granted") return access;
    const request = requestFor(work, bytes, access.token);
    return await state.upstream.send(request, target.provider, control, onSending);
  };
  const plain = (): Uint8Array | undefined => bodyFor(call, target, false).body;
  const sending = leaveWhenDone(
    admission.leave,
    hideUsage ? sendAskingUsage({ asking: body, plain }, send, target.provider, usageRefusals) : send(body),
  );
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
    hangUp,
    release,
  });
  const replied = async (): Promise<Reply> => {
    try {
      const outcome = await sending;
      if (outcome.kind === "reply") {
        record.account?.answered(true, outcome.reply.response.status);
        return outcome.reply;
      }
      record.account?.answered(outcome.reached, undefined);
      throw failureOf(outcome, target, control.signal);
    } catch (error) {
      release();
      throw error;
    }
  };
  // No head leaves before the first byte of its body, and only in a stream of events a comment can be that.
  const mayPing = call.stream && formAsked(call.endpoint, work.search) === "events";
  const reply = mayPing ? await untilHeadIsDue(replied(), settings) : await replied();
  record.upstreamAnswered();
  if (reply instanceof Late) return relayWithoutAnswer(reply.pending, answered, settings);
  return await relayOrDiscard(answered(reply), settings);
}

function requestFor(
  work: Dispatch,
  body: Uint8Array | undefined,
  accessToken: string | undefined,
): UpstreamRequest {
  return buildRequest({
    provider: work.target.provider,
    endpoint: work.call.endpoint,
    path: work.path,
    search: work.search,
    clientHeaders: work.request.headers,
    subscription: work.subscription,
    accessToken,
    location: work.vertex?.location,
    nowMs: work.nowMs,
    body,
    hops: work.hops,
  });
}

/** No failure, a fault of our own included, leaves timers, hooks or a slot behind; discarding twice does no harm. */
async function relayOrDiscard(attempt: Answered, settings: StreamSettings): Promise<Response> {
  try {
    return await relay(attempt, settings);
  } catch (error) {
    discard(attempt);
    throw error;
  }
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
      return abortError(signal);
    case "unreachable":
      return new GatewayError(
        "upstream_unreachable",
        `provider ${name} could not be reached: ${outcome.message}`,
      );
  }
}

/** Why an attempt was given up from here. */
function abortError({ reason }: AbortSignal): GatewayError {
  if (reason !== "interrupted") return new GatewayError("client_closed", "the client hung up");
  return new GatewayError("no_healthy_target", "the gateway is stopping; send the request again", {
    retryAfterSeconds: 1,
  });
}

/** Ends the attempt when the client hangs up or the gateway has to stop, until it is released. */
function onInterrupt(
  client: AbortSignal,
  control: AbortController,
  state: State,
): Pick<Answered, "hangUp" | "release"> {
  const hangUp = { ignored: false };
  const leave = (): void => {
    if (!hangUp.ignored) control.abort("client_closed");
  };
  const interrupt = (): void => control.abort("interrupted");
  if (client.aborted) leave();
  client.addEventListener("abort", leave, { once: true });
  state.interrupts.add(interrupt);
  const release = (): void => {
    client.removeEventListener("abort", leave);
    state.interrupts.delete(interrupt);
  };
  return { release, hangUp };
}
