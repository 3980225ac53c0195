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
}

/** No answer has more: a larger count is an upstream's mistake, or its malice. */
export const MAX_TOKENS = 1_000_000_000;

/** The first of these that is a count, clamped to whole numbers from 0 to {@link MAX_TOKENS}; undefined when none is. */
export function readCount(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number)) continue;
    return Math.min(Math.max(Math.round(number), 0), MAX_TOKENS);
  }
  return undefined;
}
