// Reads the `usage` object of chat completions, completions, embeddings and Responses, with the variants servers send.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { readCount, toUsage, type Usage } from "./usage.ts";

/** Undefined when the value holds no token count at all. Cached tokens are part of the input, reasoning of the output. */
export function readOpenAiUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const input = readCount(value["prompt_tokens"], value["input_tokens"]);
  const output = readCount(value["completion_tokens"], value["output_tokens"]);
  const total = readCount(value["total_tokens"]);
  if (input === undefined && output === undefined && total === undefined) return undefined;
  const inputDetails = details(value, "prompt_tokens_details", "input_tokens_details");
  const outputDetails = details(value, "completion_tokens_details", "output_tokens_details");
  const reasoning = readCount(outputDetails["reasoning_tokens"]) ?? 0;
  const inputTokens = input ?? Math.max(0, (total ?? 0) - (output ?? 0));
  return toUsage({
    inputTokens,
    outputTokens: outputOf(inputTokens, output, total, reasoning),
    // DeepSeek names its cache hits beside the details.
    cacheReadTokens: readCount(inputDetails["cached_tokens"], value["prompt_cache_hit_tokens"]) ?? 0,
    cacheWriteTokens: readCount(inputDetails["cache_write_tokens"]) ?? 0,
    cacheWrite1hTokens: 0,
    reasoningTokens: reasoning,
    audioInputTokens: audioInputOf(inputDetails),
    audioOutputTokens: readCount(outputDetails["audio_tokens"]) ?? 0,
  });
}

/** Cached audio stays with the cache. Only the Realtime API says how much of it there is. */
function audioInputOf(inputDetails: JsonRecord): number {
  const cached = details(inputDetails, "cached_tokens_details");
  const audio = readCount(inputDetails["audio_tokens"]) ?? 0;
  return Math.max(0, audio - (readCount(cached["audio_tokens"]) ?? 0));
}

function outputOf(
  input: number,
  output: number | undefined,
  total: number | undefined,
  reasoning: number,
): number {
  if (output === undefined) return Math.max(0, (total ?? 0) - input);
  // xAI leaves reasoning out of `completion_tokens`, which shows in its total.
  const apart = reasoning > 0 && total === input + output + reasoning;
  return apart ? output + reasoning : output;
}

function details(usage: JsonRecord, ...names: readonly string[]): JsonRecord {
  for (const name of names) {
    const value = usage[name];
    if (isRecord(value)) return value;
  }
  return {};
}
