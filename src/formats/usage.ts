// Tokens as an upstream reports them, brought from every format into one shape.

/** Whole numbers from 0 to {@link MAX_TOKENS}. Input contains cache reads and writes, output contains reasoning. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of the input that came from the provider's prompt cache. */
  readonly cacheReadTokens: number;
  /** Part of the input that was written to the provider's prompt cache, whatever its lifetime. */
  readonly cacheWriteTokens: number;
  /** Part of `cacheWriteTokens` that was written for one hour. */
  readonly cacheWrite1hTokens: number;
  /** Part of the output that was reasoning. */
  readonly reasoningTokens: number;
  /** Part of the input that was audio and not from the cache. */
  readonly audioInputTokens: number;
  /** Part of the output that was audio. */
  readonly audioOutputTokens: number;
  /**
   * Why it cannot be charged as it stands: `interim` = said in the middle of a stream, so the output goes on;
   * `clamped` = a count was negative, or larger than any answer has.
   */
  readonly doubt?: "interim" | "clamped";
}

/** No answer has more: a larger count is an upstream's mistake, or its malice. */
export const MAX_TOKENS = 1_000_000_000;

/** What a count is read as that no answer can have: as unbelievable as one that is too large. */
const IMPOSSIBLE = MAX_TOKENS + 1;

/**
 * The first of these that is a count, as a whole number from 0 on, however large; undefined when none is. A negative one
 * is read as one that is too large.
 */
export function readCount(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number)) continue;
    const count = Math.round(number);
    return count < 0 ? IMPOSSIBLE : Math.min(count, Number.MAX_SAFE_INTEGER);
  }
  return undefined;
}

/** Brings counts into their range, and each part into what it is part of; says so where one was beyond it. */
export function toUsage(counts: Omit<Usage, "doubt">): Usage {
  const { inputTokens, outputTokens } = counts;
  const isClamped =
    inputTokens > MAX_TOKENS ||
    outputTokens > MAX_TOKENS ||
    counts.cacheReadTokens > MAX_TOKENS ||
    counts.cacheWriteTokens > MAX_TOKENS ||
    counts.cacheWrite1hTokens > MAX_TOKENS ||
    counts.reasoningTokens > MAX_TOKENS ||
    counts.audioInputTokens > MAX_TOKENS ||
    counts.audioOutputTokens > MAX_TOKENS;
  const input = Math.min(inputTokens, MAX_TOKENS);
  const output = Math.min(outputTokens, MAX_TOKENS);
  const cacheReadTokens = Math.min(counts.cacheReadTokens, input);
  const cacheWriteTokens = Math.min(counts.cacheWriteTokens, input - cacheReadTokens);
  const usage = {
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(counts.cacheWrite1hTokens, cacheWriteTokens),
    reasoningTokens: Math.min(counts.reasoningTokens, output),
    audioInputTokens: Math.min(counts.audioInputTokens, input - cacheReadTokens - cacheWriteTokens),
    audioOutputTokens: Math.min(counts.audioOutputTokens, output),
  };
  return isClamped ? { ...usage, doubt: "clamped" } : usage;
}
