// Shapes every error into the envelope that the client's SDK understands. The only place that does.

import { ERRORS, type ErrorCode, type GatewayError } from "../errors.ts";
import { anthropicErrorType } from "../formats/anthropic-error.ts";
import { bedrockErrorAnswer } from "../formats/bedrock-error.ts";
import { geminiErrorAnswer } from "../formats/gemini-error.ts";
import type { NativeErrorAnswer } from "../formats/native-error.ts";
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
  const { retryAfterSeconds, retryAfterMs, mayRetry } = error.details;
  if (FINAL_STATUSES.has(status) && mayRetry !== true) headers["x-should-retry"] = "false";
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  if (retryAfterMs !== undefined) headers["retry-after-ms"] = String(retryAfterMs);
  const answer = envelope(error, family, requestId);
  Object.assign(headers, answer.headers);
  return new Response(JSON.stringify(answer.body), { status, headers });
}

function envelope(error: GatewayError, family: Family, requestId: string): NativeErrorAnswer {
  const { message, code, details } = error;
  const status = wordStatus(error);
  const { retryAfterSeconds } = details;
  switch (family) {
    case "openai":
      return {
        headers: {},
        body: openAiBody(error, status),
      };
    case "anthropic":
      return {
        headers: { "request-id": requestId },
        body: {
          type: "error",
          error: { type: anthropicErrorType(status), message, details: { error_code: code } },
          request_id: requestId,
        },
      };
    case "gemini":
      return geminiErrorAnswer({ status: error.status, code, message, requestId, retryAfterSeconds });
    case "bedrock":
      return bedrockErrorAnswer({ status: error.status, code, message, requestId, retryAfterSeconds });
  }
}

function openAiBody({ message, code, details }: GatewayError, status: number): object {
  return {
    error: { message, type: openAiErrorType(status), param: details.param ?? null, code: openAiCode(code) },
  };
}

/**
 * The status that the words of the envelope go with. Money that has run out is called so even where a policy answers 429:
 * clients that read `insufficient_quota` there stop trying.
 */
function wordStatus({ code, status }: GatewayError): number {
  return isOutOfMoney(code) ? ERRORS[code].status : status;
}

function openAiCode(code: ErrorCode): string {
  return isOutOfMoney(code) ? "insufficient_quota" : code;
}

function isOutOfMoney(code: ErrorCode): boolean {
  return ERRORS[code].status === 402;
}
