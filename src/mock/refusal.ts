// The errors a mock answers with, in the envelope of the endpoint's family.

import type { Family } from "../formats/table.ts";

/** Statuses after which trying again can help. */
const RETRY_LATER: ReadonlySet<number> = new Set([429, 503]);

const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  429: "rate_limit_error",
};

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** Ends a request of the mock with an error answer; thrown anywhere below `createMock`, shaped by it. */
export class Refusal extends Error {
  readonly status: number;
  readonly param: string | undefined;

  constructor(status: number, message: string, param?: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.param = param;
  }
}

/** A 400 for a body that is not what the endpoint needs. `param` is the field's path. */
export function badRequest(message: string, param?: string): Refusal {
  return new Refusal(400, message, param);
}

/** The error as the endpoint's clients expect it; 429 and 503 say when to try again. */
export function refusalResponse(refusal: Refusal, family: Family, newId: () => string): Response {
  const { status, message } = refusal;
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (RETRY_LATER.has(status)) headers["retry-after"] = "1";
  if (family === "anthropic") {
    const requestId = `req_${newId()}`;
    headers["request-id"] = requestId;
    const type = ANTHROPIC_TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
    const body = { type: "error", error: { type, message }, request_id: requestId };
    return new Response(JSON.stringify(body), { status, headers });
  }
  const type = OPENAI_TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error");
  const code = status === 429 ? "rate_limit_exceeded" : null;
  const error = { message, type, param: refusal.param ?? null, code };
  return new Response(JSON.stringify({ error }), { status, headers });
}
