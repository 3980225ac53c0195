// One attempt under way: its abort switch, its answer, and the one place where its record is closed.

import { GatewayError } from "../errors.ts";
import type { Call, End, Target } from "../exchange.ts";
import type { StreamFailure, StreamTransform } from "../streaming/transform.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import type { Reply } from "../upstream/send.ts";
import { TimeoutCause } from "../upstream/send.ts";
import type { TimerName } from "../upstream/timers.ts";
import type { HoldBytes } from "./hold-memory.ts";

/** Why the controller of an attempt was aborted, when no timer did it. */
export type AbortReason = "client_closed" | "interrupted";

/** An attempt whose upstream has answered. */
export interface Answered {
  readonly reply: Reply;
  readonly call: Call;
  readonly target: Target;
  readonly record: RequestRecord;
  readonly control: AbortController;
  /** Usage was asked for on the client's behalf. */
  readonly hideUsage: boolean;
  /** Changes a good answer that is not a stream; undefined = it passes byte for byte. */
  readonly rewrite: ((body: Uint8Array) => Uint8Array) | undefined;
  /** Counts bytes of the answer that are held in memory. */
  readonly hold: HoldBytes;
  /** Takes every configured secret out of a text. */
  readonly scrub: (text: string) => string;
  /** Whether the client may leave without ending the attempt: set once it has the whole answer. */
  readonly hangUp: { ignored: boolean };
  /** Removes the hang-up hooks; called with the end of the body. */
  readonly release: () => void;
}

/** Ends an attempt on every way out: timers, hooks and record, each exactly once. */
export function finish(answered: Answered, whole: boolean, end: End): void {
  answered.reply.done(whole);
  answered.release();
  answered.record.close(end);
}

/** Ends an attempt whose answer is not used: the caller gets an error instead, and that closes the record. */
export function discard(answered: Answered): void {
  answered.reply.done(false);
  answered.release();
  answered.control.abort("interrupted" satisfies AbortReason);
}

/** What to tell the client when the body of an answer could not be read to its end. */
export function breakOff(
  answered: Answered,
  error: unknown,
): { readonly end: End; readonly error: GatewayError } {
  const { reason } = answered.control.signal;
  const { provider } = answered.target;
  if (error instanceof GatewayError) return { end: endOf(error), error };
  if (reason instanceof TimeoutCause)
    return { end: "timeout", error: timeoutError(provider.name, reason.timer) };
  if (reason === "interrupted")
    return {
      end: "interrupted",
      error: new GatewayError("no_healthy_target", "the gateway is stopping; send the request again"),
    };
  if (reason === "client_closed")
    return { end: "client_closed", error: new GatewayError("client_closed", "the client hung up") };
  const message = `the answer of provider ${provider.name} broke off before its end; send the request again`;
  return {
    end: "upstream_error",
    error: new GatewayError("upstream_unreachable", message, { cause: error }),
  };
}

/** Words for a timer that ran out. */
export function timeoutError(provider: string, timer: TimerName): GatewayError {
  const what = {
    connect: "could not be connected to",
    first_byte: "did not begin to answer",
    idle: "fell silent in the middle of its answer",
    total: "did not finish its answer",
  }[timer];
  return new GatewayError(
    "upstream_timeout",
    `provider ${provider} ${what} within its \`timeouts.${timer}\`; try again, or raise the limit`,
  );
}

/** What the record says of a request that ended in this error. */
export function endOf(failure: GatewayError): End {
  switch (failure.code) {
    case "client_closed":
      return "client_closed";
    case "upstream_timeout":
      return "timeout";
    case "upstream_unreachable":
    case "credential_rejected":
      return "upstream_error";
    case "internal":
    case "no_healthy_target":
      return "interrupted";
    default:
      return "refused";
  }
}

/**
 * An error that an upstream reported behind a status of 200, in its own words. The status that it names goes on, because
 * SDKs tell by it whether trying again can help; not so a refusal of the gateway's own credential.
 */
export function reportedError(
  { scrub, target }: Answered,
  { message, status }: { readonly message: string; readonly status: number | undefined },
): GatewayError {
  const said = `provider ${target.provider.name} reported an error: ${scrub(message)}`;
  const own = status === 401 || status === 403;
  return new GatewayError("upstream_unreachable", said, { status: own ? undefined : status });
}

/** Status of an error that came behind a 200 and names none itself. */
const UNKNOWN_STATUS = 500;

/** The upstream has answered with an error before any content, although its status said otherwise: it is not charged. */
export function noteReportedError({ record }: Answered, status: number | undefined): void {
  record.account?.answered(true, status ?? UNKNOWN_STATUS);
}

/** An upstream's own words may repeat what the client wrote, so they are not logged. */
export function logDetail(failure: StreamFailure | undefined): string | undefined {
  if (failure === undefined) return undefined;
  const status = failure.status === undefined ? "" : ` with status ${failure.status}`;
  return `the upstream reported an error in its stream${status}`;
}

/** What is wrong with a stream that cannot be read on, as the end of a sentence. */
export function flawWords({ flaw }: Pick<StreamTransform, "flaw">): string {
  return flaw === "damaged" ? "is damaged: its checksum is wrong" : "is too long to relay";
}
