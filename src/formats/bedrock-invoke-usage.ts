// Reads the usage of an invocation on Amazon Bedrock, whose body is in the model maker's own format.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { AnthropicUsage } from "./anthropic-usage.ts";
import { fromCounts, readConverseUsage } from "./bedrock-usage.ts";
import { readOpenAiUsage } from "./openai-usage.ts";
import { readCount, type Usage } from "./usage.ts";

/** Top-level members of an invocation's answer that hold counts in one format or another. */
export const INVOKE_USAGE_MEMBERS = [
  "type",
  "usage",
  "meta",
  "prompt_token_count",
  "generation_token_count",
  "inputTextTokenCount",
  "totalOutputTextTokenCount",
  "results",
] as const;

/**
 * The usage that a whole answer, or one chunk that repeats what was used so far, holds; undefined when it holds no count.
 * By shape: Anthropic, Nova, OpenAI's (Mistral, Jamba, DeepSeek, gpt-oss), Llama, Titan, Cohere.
 */
export function readInvokeUsage(answer: JsonRecord): Usage | undefined {
  const { usage } = answer;
  if (isRecord(usage)) {
    if (answer["type"] === "message" || "cache_read_input_tokens" in usage) return readAnthropic(usage);
    return "inputTokens" in usage ? readConverseUsage(usage) : readOpenAiUsage(usage);
  }
  const units = isRecord(answer["meta"]) ? answer["meta"]["billed_units"] : undefined;
  if (isRecord(units)) return readOpenAiUsage(units);
  const llama = {
    input: readCount(answer["prompt_token_count"]),
    output: readCount(answer["generation_token_count"]),
  };
  const titan = { input: readCount(answer["inputTextTokenCount"]), output: titanOutput(answer) };
  return fromCounts(llama) ?? fromCounts(titan);
}

function readAnthropic(value: unknown): Usage | undefined {
  const usage = new AnthropicUsage();
  usage.see(value);
  return usage.usage;
}

/** Each result has its own count; a stream has the sum so far. */
function titanOutput({ results, totalOutputTextTokenCount: total }: JsonRecord): number | undefined {
  const list = Array.isArray(results) ? results.filter(isRecord) : [];
  const counts = list.map((result) => readCount(result["tokenCount"])).filter((count) => count !== undefined);
  return counts.length > 0 ? counts.reduce((sum, count) => sum + count, 0) : readCount(total);
}
