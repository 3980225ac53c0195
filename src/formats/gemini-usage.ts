// Reads `usageMetadata` of Gemini's answers, whose streams repeat it with every piece.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { readCount, toUsage, type Usage } from "./usage.ts";

/** Gathers the usage of one answer: counts are cumulative, so the last of each field wins; they are never summed. */
export class GeminiUsage {
  #last: JsonRecord = {};
  #isInterim = false;

  /** @param isInterim it stands in the middle of a stream: what it says of the output is not the last word */
  see(usageMetadata: unknown, isInterim = false): void {
    if (!isRecord(usageMetadata)) return;
    this.#isInterim = isInterim;
    const said = Object.entries(usageMetadata).filter(([, value]) => value !== null);
    this.#last = { ...this.#last, ...Object.fromEntries(said) };
  }

  /** Undefined while no count has been seen. */
  get usage(): Usage | undefined {
    const usage = readGeminiUsage(this.#last);
    return usage !== undefined && usage.doubt === undefined && this.#isInterim
      ? { ...usage, doubt: "interim" }
      : usage;
  }
}

/**
 * Undefined when the value holds no token count at all. The prompt contains what came from the cache; thoughts are billed
 * as output and are not part of the candidates; results of tools that ran on the server are input on top.
 */
export function readGeminiUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const prompt = readCount(value["promptTokenCount"]);
  const candidates = readCount(value["candidatesTokenCount"]);
  const total = readCount(value["totalTokenCount"]);
  if (prompt === undefined && candidates === undefined && total === undefined) return undefined;
  const thoughts = readCount(value["thoughtsTokenCount"]) ?? 0;
  const tools = readCount(value["toolUsePromptTokenCount"]) ?? 0;
  const rest = (known: number) => Math.max(0, (total ?? 0) - known - thoughts - tools);
  const inputTokens = (prompt ?? rest(candidates ?? 0)) + tools;
  const outputTokens = (candidates ?? rest(prompt ?? inputTokens - tools)) + thoughts;
  const audio = audioOf(value["promptTokensDetails"]) + audioOf(value["toolUsePromptTokensDetails"]);
  return toUsage({
    inputTokens,
    outputTokens,
    cacheReadTokens: readCount(value["cachedContentTokenCount"]) ?? 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    reasoningTokens: thoughts,
    audioInputTokens: Math.max(0, audio - audioOf(value["cacheTokensDetails"])),
    audioOutputTokens: audioOf(value["candidatesTokensDetails"]),
  });
}

/** Tokens of sound in a list of `{modality, tokenCount}`. */
function audioOf(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  let tokens = 0;
  for (const detail of details)
    if (isRecord(detail) && detail["modality"] === "AUDIO") tokens += readCount(detail["tokenCount"]) ?? 0;
  return tokens;
}
