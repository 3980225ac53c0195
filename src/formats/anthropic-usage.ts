// Reads the `usage` objects of Anthropic's Messages API, whose stream reports them piece by piece.

import { isRecord } from "../lib/json-value.ts";
import { readCount, toUsage, type Usage } from "./usage.ts";

/**
 * Gathers the usage of one answer: a whole message has one object, a stream has the input side in `message_start` and
 * cumulative counts in `message_delta`. The last non-null count of each field wins; they are never summed.
 */
export class AnthropicUsage {
  #input: number | undefined;
  #output: number | undefined;
  #cacheRead: number | undefined;
  #cacheWrite: number | undefined;
  #cacheWrite1h: number | undefined;
  #reasoning: number | undefined;
  #isInterim = false;

  /** @param isInterim it stands at the beginning of a stream: what it says of the output is not the last word */
  see(usage: unknown, isInterim = false): void {
    if (!isRecord(usage)) return;
    this.#isInterim = isInterim;
    const creation = isRecord(usage["cache_creation"]) ? usage["cache_creation"] : {};
    const details = isRecord(usage["output_tokens_details"]) ? usage["output_tokens_details"] : {};
    this.#input = readCount(usage["input_tokens"]) ?? this.#input;
    this.#output = readCount(usage["output_tokens"]) ?? this.#output;
    this.#cacheRead = readCount(usage["cache_read_input_tokens"]) ?? this.#cacheRead;
    const for5m = readCount(creation["ephemeral_5m_input_tokens"]);
    const for1h = readCount(creation["ephemeral_1h_input_tokens"]);
    const written = for5m === undefined && for1h === undefined ? undefined : (for5m ?? 0) + (for1h ?? 0);
    this.#cacheWrite = readCount(usage["cache_creation_input_tokens"]) ?? written ?? this.#cacheWrite;
    this.#cacheWrite1h = for1h ?? this.#cacheWrite1h;
    this.#reasoning = readCount(details["thinking_tokens"]) ?? this.#reasoning;
  }

  /** Undefined while no count has been seen. Anthropic's `input_tokens` leave out the cache; ours contain it. */
  get usage(): Usage | undefined {
    if (this.#input === undefined && this.#output === undefined) return undefined;
    const cacheReadTokens = this.#cacheRead ?? 0;
    const cacheWriteTokens = this.#cacheWrite ?? 0;
    const usage = toUsage({
      inputTokens: (this.#input ?? 0) + cacheReadTokens + cacheWriteTokens,
      outputTokens: this.#output ?? 0,
      cacheReadTokens,
      cacheWriteTokens,
      cacheWrite1hTokens: this.#cacheWrite1h ?? 0,
      reasoningTokens: this.#reasoning ?? 0,
      audioInputTokens: 0,
      audioOutputTokens: 0,
    });
    return this.#isInterim && usage.doubt === undefined ? { ...usage, doubt: "interim" } : usage;
  }
}
