// Which headers cross the gateway, in both directions: two allowlists, everything else stays behind.

import { AWS_HEADER_PREFIX } from "../catalog/aws.ts";
import { DIALECTS } from "../catalog/providers.ts";
import type { Dialect } from "../exchange.ts";

/** Request headers that reach the upstream as the client sent them. */
const FORWARDED = new Set([
  "content-type",
  "accept",
  "accept-language",
  "cache-control",
  "user-agent",
  "traceparent",
  "tracestate",
  "baggage",
  "anthropic-version",
  "anthropic-beta",
  "openai-beta",
  "idempotency-key",
  "x-client-request-id",
  "x-goog-api-client",
  "x-app",
  "x-claude-code-session-id",
  "session-id",
  "thread-id",
  "originator",
]);
const FORWARDED_PREFIXES = ["x-stainless-", "x-codex-"];
const BEDROCK_PREFIXES = [...FORWARDED_PREFIXES, AWS_HEADER_PREFIX];

/** Response headers that reach the client as the upstream sent them. */
const RETURNED = new Set([
  "content-type",
  "x-request-id",
  "request-id",
  "x-amzn-requestid",
  // AWS's SDKs read from it which error a refusal is.
  "x-amzn-errortype",
  "x-should-retry",
]);
const RETURNED_PREFIXES = ["retry-after", "x-ratelimit-", "anthropic-", "openai-", AWS_HEADER_PREFIX];

/** Header under which the ids of the instances a request has passed travel, so that a loop is noticed. */
export const HOP_HEADER = "x-postern-hop";

/** Marks the fields of `Connection`: they belong to one hop only (RFC 9110 section 7.6.1). */
function connectionOptions(headers: Headers): readonly string[] {
  const value = headers.get("connection");
  if (value === null || value === "keep-alive" || value === "close") return [];
  return value.split(",").map((option) => option.trim().toLowerCase());
}

/** The client's headers that may go upstream; `more` are a provider's `forward_headers`, in lower case. */
export function forwardedHeaders(
  headers: Headers,
  more: readonly string[],
  dialect: Dialect = DIALECTS.openai,
): Record<string, string> {
  const prefixes = dialect === DIALECTS.bedrock ? BEDROCK_PREFIXES : FORWARDED_PREFIXES;
  const dropped = connectionOptions(headers);
  const kept: Record<string, string> = {};
  headers.forEach((value, name) => {
    const allowed =
      FORWARDED.has(name) || more.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
    if (allowed && !dropped.includes(name)) kept[name] = value;
  });
  return kept;
}

/** Clients give up on heads of more than 16 KB; no value that says something to them is this long. */
const MAX_VALUE_CHARS = 4096;

/** The upstream's headers that may go to the client. Lengths and encodings never do: the body was decoded. */
export function returnedHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  headers.forEach((value, name) => {
    const allowed = RETURNED.has(name) || RETURNED_PREFIXES.some((prefix) => name.startsWith(prefix));
    if (allowed && value.length <= MAX_VALUE_CHARS) kept[name] = value;
  });
  return kept;
}
