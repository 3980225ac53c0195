// The paths of Amazon Bedrock's runtime API: which call is made, of which model, and how the same is written upstream.

import type { NativeAction, NativePath } from "./native-action.ts";
import { BAD_MODEL_ID, decodeModelId, encodeModelId } from "./native-model-id.ts";

export interface BedrockCall {
  readonly action: NativeAction;
  /** Decoded and checked: `us.anthropic.claude-x:0`, or an ARN. */
  readonly model: string;
  readonly stream: boolean;
}

const ACTIONS: ReadonlyMap<string, NativeAction> = new Map([
  ["converse", "converse"],
  ["converse-stream", "converse_stream"],
  ["invoke", "invoke"],
  ["invoke-with-response-stream", "invoke_stream"],
  ["count-tokens", "bedrock_count_tokens"],
]);

const OFFERED = `POST model/{id}/${[...ACTIONS.keys()].join(", ")}`;

/**
 * Reads the raw path segments below the native root; a trailing slash is taken off before. The slashes of an ARN are
 * taken as they are, too: some clients do not encode them.
 */
export function parseBedrockPath(method: string, segments: readonly string[]): NativePath<BedrockCall> {
  const word = segments.at(-1) ?? "";
  const id = segments.slice(1, -1);
  const action = ACTIONS.get(word);
  const isOneId = id.length === 1 || (id[0] ?? "").startsWith("arn:");
  if (method !== "POST" || segments[0] !== "model" || action === undefined || !isOneId) {
    const asked = `${method} ${segments.join("/")}`.slice(0, 120);
    const message = `${asked} is not offered on this native path; it can be: ${OFFERED}`;
    return { kind: "problem", problem: "unsupported", message };
  }
  const model = decodeModelId(id.join("/"));
  if (model === undefined) return { kind: "problem", problem: "bad_model", message: BAD_MODEL_ID };
  const stream = action === "converse_stream" || action === "invoke_stream";
  return { kind: "call", call: { action, model, stream } };
}

/** The path to forward, without a leading slash, for this call of that model. */
export function bedrockPath(call: BedrockCall, model: string = call.model): string {
  for (const [word, action] of ACTIONS)
    if (action === call.action) return `model/${encodeModelId(model)}/${word}`;
  throw new TypeError(`${call.action} is no action of this format`);
}
