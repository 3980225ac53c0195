// The paths of Google's Gemini API: which call is made, of which model, and how the same is written for the upstream.

import type { NativeAction, NativeModels, NativePath, NativeProblem } from "./native-action.ts";
import { BAD_MODEL_ID, decodeModelId, encodeModelId } from "./native-model-id.ts";

export interface GeminiCall {
  readonly action: NativeAction;
  /** `v1` or `v1beta`. */
  readonly version: string;
  /** Decoded and checked. */
  readonly model: string;
  readonly stream: boolean;
}

/** The word behind the colon, for each action that is offered. */
export const GEMINI_ACTIONS: ReadonlyMap<string, NativeAction> = new Map([
  ["generateContent", "generate_content"],
  ["streamGenerateContent", "stream_generate_content"],
  ["countTokens", "gemini_count_tokens"],
  ["embedContent", "embed_content"],
  ["batchEmbedContents", "batch_embed_contents"],
]);

const VERSIONS = new Set(["v1", "v1beta"]);

const OFFERED = `POST v1 or v1beta/models/{model}:${[...GEMINI_ACTIONS.keys()].join(", :")}, and GET models`;

/** Reads the raw path segments below the native root; a trailing slash is taken off before. */
export function parseGeminiPath(method: string, segments: readonly string[]): NativePath<GeminiCall> {
  const [version = "", collection = "", last, ...more] = segments;
  // `models:generateContent` names an action and no model.
  const isBare = last === undefined && collection.startsWith("models:");
  const isModels = VERSIONS.has(version) && (collection === "models" || isBare) && more.length === 0;
  if (!isModels) return unsupportedPath(method, segments, OFFERED);
  if (method === "GET" && !isBare && !namesAction(last)) return geminiModels(version, last);
  const { action, model } = splitAction(last ?? collection.slice("models".length));
  if (method !== "POST" || action === undefined) return unsupportedPath(method, segments, OFFERED);
  if (model === undefined) return badModel();
  return { kind: "call", call: { action, version, model, stream: action === "stream_generate_content" } };
}

/** The path to forward, without a leading slash, for this call of that model. */
export function geminiPath(call: GeminiCall, model: string = call.model): string {
  return `${call.version}/models/${encodeModelId(model)}:${wordOf(call.action)}`;
}

/** The path to forward for a list of models, or for one. */
export function geminiModelsPath({ version, modelId }: NativeModels): string {
  return modelId === undefined ? `${version}/models` : `${version}/models/${encodeModelId(modelId)}`;
}

/** Whether a stream is asked for as server-sent events; else it is an array of JSON, sent piece by piece. */
export function asksEvents(query: URLSearchParams): boolean {
  return (query.get("alt") ?? query.get("$alt")) === "sse";
}

/** Whether a segment has an action behind a colon, known or not: no list of models is asked for there. */
export function namesAction(segment: string | undefined): boolean {
  return segment?.includes(":") === true;
}

/** The list, or the one model that the segment names. */
export function geminiModels(version: string, segment: string | undefined): NativeModels | NativeProblem {
  if (segment === undefined) return { kind: "models", version, modelId: undefined };
  const modelId = decodeModelId(segment);
  return modelId === undefined ? badModel() : { kind: "models", version, modelId };
}

/** `gemini-x:countTokens` → the action and the model; each undefined when it is none. */
export function splitAction(segment: string): {
  action: NativeAction | undefined;
  model: string | undefined;
} {
  const colon = segment.lastIndexOf(":");
  const action = colon < 0 ? undefined : GEMINI_ACTIONS.get(segment.slice(colon + 1));
  return { action, model: decodeModelId(segment.slice(0, Math.max(colon, 0))) };
}

/** The word of the path for an action. */
export function wordOf(action: NativeAction): string {
  for (const [word, name] of GEMINI_ACTIONS) if (name === action) return word;
  throw new TypeError(`${action} is no action of this format`);
}

export function badModel(): NativeProblem {
  return { kind: "problem", problem: "bad_model", message: BAD_MODEL_ID };
}

/** A 501 that shows what was asked for, and what can be. */
export function unsupportedPath(method: string, segments: readonly string[], offered: string): NativeProblem {
  const asked = `${method} ${segments.join("/")}`.slice(0, 120);
  const message = `${asked} is not offered on this native path; it can be: ${offered}`;
  return { kind: "problem", problem: "unsupported", message };
}
