// The wire formats and the endpoints that speak them: what a request path means before any provider is known.

/** Whose error envelope and stream conventions a client of this endpoint expects. */
export type Family = "openai" | "anthropic";

export interface Endpoint {
  readonly name: EndpointName;
  readonly method: "GET" | "POST";
  /** Path below `/v1`, without a leading slash. */
  readonly path: string;
  readonly family: Family;
  /** Whether a JSON answer carries text that may be streamed as server-sent events. */
  readonly streams: boolean;
  /** Whether `stream_options.include_usage` exists, so that usage can be asked for on a stream. */
  readonly usageOption: boolean;
}

/** Names as they stand in a provider's `endpoints` list. */
export const ENDPOINT_NAMES = [
  "chat",
  "completions",
  "embeddings",
  "responses",
  "messages",
  "count_tokens",
  "models",
] as const;

export type EndpointName = (typeof ENDPOINT_NAMES)[number];

export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = {
  chat: post("chat", "chat/completions", "openai", { streams: true, usageOption: true }),
  completions: post("completions", "completions", "openai", { streams: true, usageOption: true }),
  embeddings: post("embeddings", "embeddings", "openai", {}),
  responses: post("responses", "responses", "openai", { streams: true }),
  messages: post("messages", "messages", "anthropic", { streams: true }),
  count_tokens: post("count_tokens", "messages/count_tokens", "anthropic", {}),
  models: {
    name: "models",
    method: "GET",
    path: "models",
    family: "openai",
    streams: false,
    usageOption: false,
  },
};

function post(
  name: EndpointName,
  path: string,
  family: Family,
  traits: { streams?: boolean; usageOption?: boolean },
): Endpoint {
  const { streams = false, usageOption = false } = traits;
  return { name, method: "POST", path, family, streams, usageOption };
}

/** The family of paths that belong to no endpoint. */
export const DEFAULT_FAMILY: Family = "openai";

/** Whose envelope the client of a path below `/v1` expects, also where the path is none. */
export function familyOfPath(path: string): Family {
  return path.startsWith(ENDPOINTS.messages.path) ? "anthropic" : DEFAULT_FAMILY;
}

/** Whether a model list is asked for by an SDK of Anthropic's, which reads a shape and an envelope of its own. */
export function wantsAnthropicShape(headers: Headers): boolean {
  return headers.has("anthropic-version");
}

/** Whose envelope the client of an endpoint expects: two kinds of SDK ask for a model list. */
export function familyOfClient(endpoint: Endpoint, headers: Headers): Family {
  return endpoint.name === "models" && wantsAnthropicShape(headers) ? "anthropic" : endpoint.family;
}
