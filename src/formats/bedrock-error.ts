// The error envelope of Amazon Bedrock: a message, and the error's name in a header, for bodies and for event streams.

import { ERRORS } from "../errors.ts";
import { type EventStreamMessage, encodeEventStreamMessage } from "../lib/event-stream.ts";
import { parseJson } from "../lib/json-value.ts";
import type { NativeError, NativeErrorAnswer } from "./native-error.ts";
import type { StreamError } from "./terminal-event.ts";
import { NAMELESS_ERROR, readUpstreamError } from "./upstream-error.ts";

/** Names that the SDKs have classes for, where there is one; they retry by name, too. */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  401: "AccessDeniedException",
  402: "ServiceQuotaExceededException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  408: "RequestTimeoutException",
  409: "ConflictException",
  424: "ModelErrorException",
  429: "ThrottlingException",
  501: "UnknownOperationException",
  502: "ServiceUnavailableException",
  503: "ServiceUnavailableException",
  504: "ModelTimeoutException",
};

/** The name that goes with an HTTP status. */
export function bedrockErrorName(status: number): string {
  return ERROR_NAMES[status] ?? (status >= 500 ? "InternalServerException" : "ValidationException");
}

export function bedrockErrorAnswer({ status, message, requestId }: NativeError): NativeErrorAnswer {
  return {
    body: { message },
    headers: { "x-amzn-errortype": bedrockErrorName(status), "x-amzn-requestid": requestId },
  };
}

/** Names of exceptions in event streams and the HTTP status each stands for; undefined = an upstream that broke off. */
const EXCEPTIONS: Readonly<Record<string, number>> = {
  internalServerException: 500,
  modelTimeoutException: 504,
  serviceUnavailableException: 503,
  throttlingException: 429,
  validationException: 400,
};

/** The message that ends an event stream, which the SDKs raise as an exception of that name. */
export function bedrockTerminal(error: StreamError): Buffer {
  return encodeEventStreamMessage(
    [
      [":exception-type", exceptionOf(ERRORS[error.code].status)],
      [":content-type", "application/json"],
      [":message-type", "exception"],
    ],
    Buffer.from(JSON.stringify({ message: error.message }), "utf8"),
  );
}

/** Streams of every kind have a class for these; the failure of whoever stands behind us is the model's. */
function exceptionOf(status: number): string {
  if (status === 429) return "throttlingException";
  if (status === 502 || status === 504) return "modelStreamErrorException";
  if (status === 503) return "serviceUnavailableException";
  return status >= 500 ? "internalServerException" : "validationException";
}

/** What an upstream reports in place of an event; undefined when the message is an event. */
export function readException(
  message: EventStreamMessage,
): { readonly message: string; readonly status: number | undefined } | undefined {
  const type = message.headers.get(":message-type");
  if (type !== "exception" && type !== "error") return undefined;
  const name = message.headers.get(":exception-type") ?? message.headers.get(":error-code") ?? "";
  const said =
    readUpstreamError(parseJson(message.payload.toString("utf8")))?.message ??
    message.headers.get(":error-message");
  return { message: said ?? (name === "" ? NAMELESS_ERROR.message : name), status: EXCEPTIONS[name] };
}

/** The same message with other words in its payload and headers; the very bytes' equal where they stay the same. */
export function rewriteMessage(message: EventStreamMessage, rewrite: (text: string) => string): Buffer {
  const headers = [...message.headers].map(([name, value]) => [name, rewrite(value)] as const);
  return encodeEventStreamMessage(headers, Buffer.from(rewrite(message.payload.toString("utf8")), "utf8"));
}
