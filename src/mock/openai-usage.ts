// Usage as chat, completions and embeddings report it.

import type { TokenCounts } from "./turn.ts";

export interface OpenaiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export function openaiUsage(counts: TokenCounts): OpenaiUsage {
  return {
    prompt_tokens: counts.inputTokens,
    completion_tokens: counts.outputTokens,
    total_tokens: counts.inputTokens + counts.outputTokens,
  };
}
