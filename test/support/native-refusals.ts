// What a refusal must look like in each client's own words, and what is wrong with one.

import type { Family } from "../../src/formats/table.ts";

export interface Expected {
  readonly status: number;
  readonly code: string;
  /** The policy that stood in the way, by name. */
  readonly policy?: string;
  /** It says when to come back. */
  readonly retry?: true;
}

/** Everything that is wrong with it, in words; empty = nothing is. */
export async function wrongWith(answer: Response, family: Family, expected: Expected): Promise<string[]> {
  const { status, code, policy, retry } = expected;
  const { headers } = answer;
  const text = await answer.text();
  const said = `${answer.status} ${headers.get("x-postern-code")}`;
  if (said !== `${status} ${code}`) return [`${said} instead of ${status} ${code}: ${text.slice(0, 200)}`];
  const wrong: string[] = [];
  const demand = (what: string, actual: unknown, wanted: unknown): void => {
    if (!Bun.deepEquals(actual, wanted))
      wrong.push(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  };
  demand("content-type", headers.get("content-type"), "application/json");
  demand("x-postern-policy", headers.get("x-postern-policy"), policy ?? null);
  demand("x-should-retry", headers.get("x-should-retry"), FINAL.has(status) ? "false" : null);
  const seconds = headers.get("retry-after");
  demand("retry-after", seconds !== null && /^[1-9]\d*$/.test(seconds), retry === true);
  demand("retry-after-ms", headers.has("retry-after-ms"), retry === true);
  if (retry && Number(headers.get("retry-after-ms")) > Number(seconds) * 1000)
    wrong.push("retry-after-ms is longer than retry-after");
  const body: unknown = JSON.parse(text);
  demand("body", shapeOf(body), WORDS[family]({ ...expected, headers, message: messageOf(body) }));
  const message = messageOf(body);
  if (policy !== undefined && !message.startsWith(`Request blocked by gateway policies: ${policy}.`))
    wrong.push(`the message is ${message}`);
  if (message === "") wrong.push("there is no message");
  return wrong;
}

/** Statuses at which trying again cannot help. */
const FINAL = new Set([402, 403, 501]);

interface Said extends Expected {
  readonly headers: Headers;
  readonly message: string;
}

/** The name that each client reads for a status, where this matrix meets it. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  404: "invalid_request_error",
  424: "invalid_request_error",
  429: "rate_limit_error",
  501: "server_error",
};
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  424: "invalid_request_error",
  501: "api_error",
  429: "rate_limit_error",
};
const GEMINI_NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "RESOURCE_EXHAUSTED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  424: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
};
const BEDROCK_NAMES: Readonly<Record<number, string>> = {
  400: "ValidationException",
  401: "AccessDeniedException",
  402: "ServiceQuotaExceededException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  424: "ModelErrorException",
  429: "ThrottlingException",
  501: "UnknownOperationException",
};

/** The body that the client expects, with `name` of Bedrock's header in place of a header. */
const WORDS: Readonly<Record<Family, (said: Said) => unknown>> = {
  openai: ({ status, code, message }) => ({
    error: {
      message,
      // Money that has run out is called so whatever the status: clients stop for it.
      type: code === "budget_exceeded" ? "insufficient_quota" : OPENAI_TYPES[status],
      code: code === "budget_exceeded" ? "insufficient_quota" : code,
    },
  }),
  anthropic: ({ status, code, message, headers }) => ({
    type: "error",
    error: {
      type: code === "budget_exceeded" ? "billing_error" : ANTHROPIC_TYPES[status],
      message,
      details: { error_code: code },
    },
    request_id:
      headers.get("x-postern-request-id") === headers.get("request-id") && headers.get("request-id"),
  }),
  gemini: ({ status, message, retry, headers }) => ({
    error: {
      code: status,
      message,
      status: GEMINI_NAMES[status],
      details: retry
        ? ["ErrorInfo", "RequestInfo", `RetryInfo ${headers.get("retry-after")}s`]
        : ["ErrorInfo", "RequestInfo"],
    },
  }),
  bedrock: ({ status, message, headers }) => {
    const name = headers.get("x-amzn-errortype");
    return name === BEDROCK_NAMES[status] ? { message } : `an error named ${name}`;
  },
};

type Json = Readonly<Record<string, unknown>>;

/** The body as far as it is compared: without `param`, and Gemini's details by name. */
function shapeOf(body: unknown): unknown {
  const { error, ...more } = body as { error?: Json };
  if (error === undefined) return body;
  const { param: _, details, ...rest } = error;
  const shown = Array.isArray(details) ? details.map(nameOf) : details;
  return { error: { ...rest, ...(shown === undefined ? {} : { details: shown }) }, ...more };
}

function nameOf(detail: Json): string {
  const name = String(detail["@type"]).replace("type.googleapis.com/google.rpc.", "");
  return detail["retryDelay"] === undefined ? name : `${name} ${String(detail["retryDelay"])}`;
}

function messageOf(body: unknown): string {
  const { error, message } = body as { error?: { message?: unknown }; message?: unknown };
  const said = error?.message ?? message;
  return typeof said === "string" ? said : "";
}
