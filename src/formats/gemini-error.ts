// The error envelope of Google's APIs, for bodies and for events.

import { ERRORS } from "../errors.ts";
import type { NativeError, NativeErrorAnswer } from "./native-error.ts";
import type { StreamError } from "./terminal-event.ts";

/** What stands under `error`. */
export interface GeminiError {
  /** The HTTP status. */
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details: readonly object[];
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  402: "RESOURCE_EXHAUSTED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  424: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
  529: "UNAVAILABLE",
};

/** The name that goes with an HTTP status. */
export function geminiStatusName(status: number): string {
  return STATUS_NAMES[status] ?? (status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT");
}

/**
 * The envelope, with our code as `ErrorInfo` and the request id as `RequestInfo`. Gemini CLI waits for what `RetryInfo`
 * says, and gives up where that is more than five minutes; it does not read `retry-after`.
 */
export function geminiErrorAnswer(error: NativeError): NativeErrorAnswer {
  return { body: { error: geminiError(error) }, headers: {} };
}

/**
 * The event that ends a stream of server-sent events; nothing may follow it. What ends a stream in array form is the
 * same object as the array's last.
 */
export function geminiTerminal(error: StreamError, requestId: string): string {
  return `data: ${JSON.stringify(geminiStreamError(error, requestId))}\r\n\r\n`;
}

/** An error after the head of the answer has gone out. */
export function geminiStreamError(error: StreamError, requestId: string): { error: GeminiError } {
  return { error: geminiError({ ...error, status: ERRORS[error.code].status, requestId }) };
}

function geminiError({ status, code, message, requestId, retryAfterSeconds }: NativeError): GeminiError {
  const details: object[] = [
    detail("ErrorInfo", { reason: code.toUpperCase(), domain: "postern", metadata: { code } }),
    detail("RequestInfo", { requestId }),
  ];
  if (status === 429 && retryAfterSeconds !== undefined)
    details.push(detail("RetryInfo", { retryDelay: `${retryAfterSeconds}s` }));
  return { code: status, message, status: geminiStatusName(status), details };
}

function detail(name: string, members: object): object {
  return { "@type": `type.googleapis.com/google.rpc.${name}`, ...members };
}
