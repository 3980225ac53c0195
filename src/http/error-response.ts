// Shapes every error into the envelope that the client's SDK understands. The only place that does.

import { ERRORS, type ErrorCode, type GatewayError } from "../errors.ts";
import { anthropicErrorType } from "../formats/anthropic-error.ts";
import { openAiErrorType } from "../formats/openai-error.ts";
import type { Family } from "../formats/table.ts";

/** Statuses at which trying again cannot help, so that SDKs stop at once; never on 429. */
const FINAL_STATUSES = new Set<number>([402, 403, 501]);

/** The response for an error, in the client's format and with the headers that its SDK obeys. */
export function errorResponse(error: GatewayError, family: Family, requestId: string): Response {
  const { status } = error;
  const headers: Record<string, string> = {
    ...error.details.headers,
    "content-type": "application/json",
    "x-postern-code": error.code,
    "x-postern-request-id": requestId,
  };
  if (FINAL_STATUSES.has(status)) headers["x-should-retry"] = "false";
  const { retryAfterSeconds } = error.details;
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  if (family === "anthropic") headers["request-id"] = requestId;
  return new Response(JSON.stringify(envelope(error, family, requestId)), { status, headers });
}

function envelope(error: GatewayError, family: Family, requestId: string): object {
  const { message, code, status, details } = error;
  switch (family) {
    case "openai":
      return {
        error: {
          message,
          type: openAiErrorType(status),
          param: details.param ?? null,
          code: openAiCode(code),
        },
      };
    case "anthropic":
      return {
        type: "error",
        error: { type: anthropicErrorType(status), message, details: { error_code: code } },
        request_id: requestId,
      };
  }
}

/** Where a status means that money has run out, the word that clients stop at. */
function openAiCode(code: ErrorCode): string {
  return (ERRORS[code].status as number) === 402 ? "insufficient_quota" : code;
}
