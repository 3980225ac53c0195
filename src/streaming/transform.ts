// The way of a stream's bytes from upstream to client: what the pump of the gateway sees of this folder.

import type { ErrorCode } from "../errors.ts";
import type { NativeAction } from "../formats/native-action.ts";
import type { StreamForm } from "../formats/stream-form.ts";
import type { EndpointName } from "../formats/table.ts";
import type { Usage } from "../formats/usage.ts";

/**
 * Bytes of one upstream stream → bytes for the client. Pure and synchronous: no timers, no I/O; it never throws.
 * One instance per attempt, not reusable.
 */
export interface StreamTransform {
  /**
   * Takes what was read from the upstream (decoded from any content-encoding) and returns what may leave now:
   * undefined while nothing may (an event is incomplete, or was taken out). May return the chunk itself.
   * The chunk must not be written to afterwards.
   */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /**
   * The upstream ended or failed. Returns the last bytes: held ones, the end that the upstream forgot, or, when
   * the stream is not whole, a terminal error event in the client's format. Call it once; not after a hang-up.
   */
  end(how: StreamEnd): Uint8Array | undefined;
  /** An event with content, a tool call, an error or an end has come (comments and role-only frames do not count). */
  readonly started: boolean;
  /** What was returned so far ends between two events: a `: ping` line may be inserted now. */
  readonly betweenEvents: boolean;
  /** Last non-null usage seen, wherever it was put; undefined when none came. Read it after `end()`. */
  readonly usage: Usage | undefined;
  /**
   * Bytes of text that the model wrote (answer, reasoning, arguments of tool calls), as far as it has come: what is
   * counted where usage is missing. An estimate: of an event that passes verbatim only the first such text may count.
   */
  readonly textBytes: number;
  /** The model that the stream says it is from; undefined while none was named. */
  readonly answerModel: string | undefined;
  /** The error the upstream put into the stream, if it did. */
  readonly failure: StreamFailure | undefined;
  /** The stream came to its proper end, as against cut short or failed; known after `end()`. */
  readonly whole: boolean;
  /** Nothing that a client waits for is still to come: all answers have ended, and not just the first of several. */
  readonly finished: boolean;
  /** An event is longer than {@link MAX_EVENT_BYTES}: stop reading the upstream and call `end()` with a failure. */
  readonly broken: boolean;
  /** Why it is broken, where that is not the length of an event. */
  readonly flaw?: "damaged" | "too_long" | undefined;
}

/** An error that came as an event of a stream whose HTTP status was 200. */
export interface StreamFailure {
  /** In the upstream's own words. */
  readonly message: string;
  /** Nothing of the answer had come yet, so that another attempt can be made. */
  readonly beforeContent: boolean;
  /** HTTP status that the event names (as `code` or `status`), if it does. */
  readonly status: number | undefined;
}

/** How the upstream's body ended; the message of a failure is for the client. */
export type StreamEnd =
  | { readonly kind: "eof" }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

export interface StreamOptions {
  readonly endpoint: EndpointName;
  /** Repair drift: an OpenAI-compatible provider whose `normalize` is not off. False = verbatim. */
  readonly repair: boolean;
  /**
   * The client did not ask for usage and gets none: `include_usage` was injected by us, or (with repair) the
   * upstream may send usage unasked. Chat and completions only; ignored elsewhere.
   */
  readonly hideUsage: boolean;
  /** For ids that an upstream left out, and for error envelopes that carry it. */
  readonly requestId: string;
  /** Model for chunks that name none; undefined = not known. */
  readonly model: string | undefined;
}

/** What it takes to see through a stream of a provider's own format. */
export interface NativeStreamOptions {
  readonly action: NativeAction;
  /** How the answer is cut into pieces. */
  readonly form: StreamForm;
  readonly requestId: string;
  /** Takes every configured secret out of a text. */
  readonly scrub: (text: string) => string;
}

/** The most one event may have, its field names and line ends included. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;
