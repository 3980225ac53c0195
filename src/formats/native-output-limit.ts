// Finds how much a native request may produce: the limit on output tokens, and how many answers are asked for.

import type { TopLevel } from "../lib/json-scan.ts";
import type { NativeAction } from "./native-action.ts";
import { valuesBelow } from "./native-members.ts";
import { readCount } from "./usage.ts";

export interface OutputLimit {
  /** Tokens of one answer; undefined = the request sets no limit. */
  readonly maxTokens: number | undefined;
  /** Answers asked for, at least 1. */
  readonly n: number;
}

/** Keys from the top of the body inwards, each in all spellings that the API reads as the same. */
type Places = readonly (readonly (readonly string[])[])[];

interface LimitPlaces {
  readonly maxTokens: Places;
  readonly n: Places;
}

/** Google reads every member in camel and in snake case. */
const GENERATION_CONFIG = ["generationConfig", "generation_config"];

const GEMINI: LimitPlaces = {
  maxTokens: [[GENERATION_CONFIG, ["maxOutputTokens", "max_output_tokens"]]],
  n: [[GENERATION_CONFIG, ["candidateCount", "candidate_count"]]],
};

const MODEL_FIELDS = ["max_tokens", "max_completion_tokens", "maxTokens", "max_new_tokens"];

const CONVERSE: LimitPlaces = {
  maxTokens: [
    [["inferenceConfig"], ["maxTokens"]],
    [["additionalModelRequestFields"], MODEL_FIELDS],
    [["additionalModelRequestFields"], ["inferenceConfig"], MODEL_FIELDS],
  ],
  n: [],
};

/** By model maker: Anthropic and most, Llama, Nova, Titan. */
const INVOKE: LimitPlaces = {
  maxTokens: [
    [[...MODEL_FIELDS, "max_tokens_to_sample", "max_gen_len"]],
    [["inferenceConfig"], MODEL_FIELDS],
    [["textGenerationConfig"], ["maxTokenCount"]],
  ],
  n: [[["n", "num_generations", "numResults"]]],
};

const ANTHROPIC: LimitPlaces = { maxTokens: [[["max_tokens"]]], n: [] };

const NONE: LimitPlaces = { maxTokens: [], n: [] };

const PLACES: Readonly<Record<NativeAction, LimitPlaces>> = {
  generate_content: GEMINI,
  stream_generate_content: GEMINI,
  gemini_count_tokens: NONE,
  embed_content: NONE,
  batch_embed_contents: NONE,
  converse: CONVERSE,
  converse_stream: CONVERSE,
  invoke: INVOKE,
  invoke_stream: INVOKE,
  bedrock_count_tokens: NONE,
  raw_predict: ANTHROPIC,
  stream_raw_predict: ANTHROPIC,
  raw_count_tokens: NONE,
};

/**
 * The limit that a request sets. Where it is set in several places, or twice, the largest counts, because any of them
 * may be the one that is read behind the gateway.
 *
 * @param text the body as Latin-1 text of its UTF-8 bytes
 */
export function readOutputLimit(action: NativeAction, text: string, top: TopLevel): OutputLimit {
  const { maxTokens, n } = PLACES[action];
  return {
    maxTokens: largest(text, top, maxTokens),
    n: Math.max(1, largest(text, top, n) ?? 1),
  };
}

function largest(text: string, top: TopLevel, places: Places): number | undefined {
  let found: number | undefined;
  for (const place of places) {
    for (const value of valuesBelow(text, top, place)) {
      const count = readCount(value);
      // Zero is how some of these APIs spell "not set".
      if (count !== undefined && count > 0) found = Math.max(found ?? 0, count);
    }
  }
  return found;
}
