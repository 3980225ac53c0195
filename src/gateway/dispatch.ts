// Tries the targets of a route: the only loop over attempts, and the only caller of the upstream.

import { GatewayError } from "../errors.ts";
import type { Call, Target } from "../exchange.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { buildRequest } from "../upstream/request.ts";
import type { Outcome } from "../upstream/send.ts";
import { type Answered, timeoutError } from "./attempt.ts";
import { bodyFor } from "./edit-body.ts";
import { createHold } from "./hold-memory.ts";
import { relay } from "./relay.ts";
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
  const outcome = await state.upstream.send(upstreamRequest, target.provider, control);
  record.upstreamAnswered();
  if (outcome.kind === "reply") {
    const answered: Answered = {
      reply: outcome.reply,
      call,
      target,
      record,
      control,
      hideUsage,
      rewrite: work.rewrite,
      hold: createHold(record, state, snapshot.server.maxBufferedBytes),
      scrub: snapshot.scrub,
      release,
    };
    return await relay(answered, { wheel: state.wheel, keepaliveMs: snapshot.server.keepaliveMs });
  }
  release();
  throw failureOf(outcome, target, control.signal);
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
