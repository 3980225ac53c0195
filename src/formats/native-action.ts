// What the native paths of providers can ask for, and what follows from each for the gateway.

/**
 * Names as they stand in a provider's `endpoints` list, except that the three ways to count tokens are one there. What
 * begins with `raw_` is Anthropic's format on another's cloud.
 */
export type NativeAction =
  | "generate_content"
  | "stream_generate_content"
  | "gemini_count_tokens"
  | "embed_content"
  | "batch_embed_contents"
  | "converse"
  | "converse_stream"
  | "invoke"
  | "invoke_stream"
  | "bedrock_count_tokens"
  | "raw_predict"
  | "stream_raw_predict"
  | "raw_count_tokens";

/** What a path below a native root means; `Call` and `Models` are what its grammar read. */
export type NativePath<Call, Models = NativeModels> =
  | { readonly kind: "call"; readonly call: Call }
  | Models
  | NativeProblem;

/** `unsupported` is a 501, the others a 400; the message is for the caller. */
export interface NativeProblem {
  readonly kind: "problem";
  readonly problem: "unsupported" | "bad_model" | "bad_place";
  readonly message: string;
}

/** A list of models, or one of them. */
export interface NativeModels {
  readonly kind: "models";
  readonly version: string;
  /** Decoded; undefined = the whole list. */
  readonly modelId: string | undefined;
}
