// The wire formats and the endpoints that speak them: what a request path means before any provider is known.

import type { NativeAction } from "./native-action.ts";

/** Whose error envelope and stream conventions a client of this endpoint expects. */
export type Family = "openai" | "anthropic" | "gemini" | "bedrock";

/** One of the endpoints below `/v1`, or one that only a provider's own paths have. */
export type Endpoint = CommonEndpoint | NativeEndpoint;

export interface CommonEndpoint extends EndpointTraits {
  readonly name: EndpointName;
  readonly native: undefined;
}

export interface NativeEndpoint extends EndpointTraits {
  /** As it stands in a provider's `endpoints` list. */
  readonly name: OfferedName;
  readonly native: NativeAction;
}

interface EndpointTraits {
  readonly method: "GET" | "POST";
  /** Path below `/v1`, without a leading slash; of native ones the word that names the action. */
  readonly path: string;
  readonly family: Family;
  /** Whether a JSON answer carries text that may be streamed as server-sent events. */
  readonly streams: boolean;
  /** Whether `stream_options.include_usage` exists, so that usage can be asked for on a stream. */
  readonly usageOption: boolean;
  /** Whether a call costs money: lists of models and counts of tokens do not. */
  readonly paid: boolean;
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

/** Endpoints that only native paths have, as they stand in a provider's `endpoints` list. */
export const NATIVE_ENDPOINT_NAMES = [
  "generate_content",
  "stream_generate_content",
  "embed_content",
  "batch_embed_contents",
  "raw_predict",
  "stream_raw_predict",
  "converse",
  "converse_stream",
  "invoke",
  "invoke_stream",
] as const;

/** Everything that a provider's `endpoints` list may name. */
export type OfferedName = EndpointName | (typeof NATIVE_ENDPOINT_NAMES)[number];

export const NATIVE_ENDPOINTS: Readonly<Record<NativeAction, NativeEndpoint>> = {
  generate_content: native("generate_content", "gemini", "generateContent"),
  stream_generate_content: native("stream_generate_content", "gemini", "streamGenerateContent"),
  embed_content: native("embed_content", "gemini", "embedContent"),
  batch_embed_contents: native("batch_embed_contents", "gemini", "batchEmbedContents"),
  gemini_count_tokens: nativeCount("gemini_count_tokens", "gemini", "countTokens"),
  raw_predict: native("raw_predict", "anthropic", "rawPredict"),
  stream_raw_predict: native("stream_raw_predict", "anthropic", "streamRawPredict"),
  raw_count_tokens: nativeCount("raw_count_tokens", "anthropic", "count-tokens:rawPredict"),
  converse: native("converse", "bedrock", "converse"),
  converse_stream: native("converse_stream", "bedrock", "converse-stream"),
  invoke: native("invoke", "bedrock", "invoke"),
  invoke_stream: native("invoke_stream", "bedrock", "invoke-with-response-stream"),
  bedrock_count_tokens: nativeCount("bedrock_count_tokens", "bedrock", "count-tokens"),
};

function native(action: NativeAction & OfferedName, family: Family, path: string): NativeEndpoint {
  // A raw prediction streams where its body says so.
  const streams = action.includes("stream") || action === "raw_predict";
  return {
    name: action,
    native: action,
    method: "POST",
    path,
    family,
    streams,
    usageOption: false,
    paid: true,
  };
}

function nativeCount(action: NativeAction, family: Family, path: string): NativeEndpoint {
  const traits = { streams: false, usageOption: false, paid: false };
  return { name: "count_tokens", native: action, method: "POST", path, family, ...traits };
}

export const ENDPOINTS: Readonly<Record<EndpointName, CommonEndpoint>> = {
  chat: post("chat", "chat/completions", "openai", { streams: true, usageOption: true }),
  completions: post("completions", "completions", "openai", { streams: true, usageOption: true }),
  embeddings: post("embeddings", "embeddings", "openai", {}),
  responses: post("responses", "responses", "openai", { streams: true }),
  messages: post("messages", "messages", "anthropic", { streams: true }),
  count_tokens: post("count_tokens", "messages/count_tokens", "anthropic", { paid: false }),
  models: {
    name: "models",
    native: undefined,
    method: "GET",
    path: "models",
    family: "openai",
    streams: false,
    usageOption: false,
    paid: false,
  },
};

function post(
  name: EndpointName,
  path: string,
  family: Family,
  traits: { streams?: boolean; usageOption?: boolean; paid?: boolean },
): CommonEndpoint {
  const { streams = false, usageOption = false, paid = true } = traits;
  return { name, native: undefined, method: "POST", path, family, streams, usageOption, paid };
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
