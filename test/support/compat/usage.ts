// The usage every answer of the compatibility tests reports, in each format's words, and what it costs by hand.

/** USD per million tokens; in nano-dollars per token 150, 600, 75, 187.5 and 300. */
export const PRICES = {
  input: 0.15,
  output: 0.6,
  cache_read: 0.075,
  cache_write: 0.1875,
  cache_write_1h: 0.3,
};

type Json = Readonly<Record<string, unknown>>;

const CHAT: Json = {
  prompt_tokens: 1_000,
  completion_tokens: 301,
  total_tokens: 1_301,
  prompt_tokens_details: { cached_tokens: 400 },
  completion_tokens_details: { reasoning_tokens: 100 },
};

const RESPONSES: Json = {
  input_tokens: 200,
  input_tokens_details: { cached_tokens: 50 },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 12 },
  total_tokens: 230,
};

const MESSAGES: Json = {
  input_tokens: 100,
  cache_creation_input_tokens: 51,
  cache_read_input_tokens: 200,
  cache_creation: { ephemeral_5m_input_tokens: 31, ephemeral_1h_input_tokens: 20 },
  output_tokens: 40,
};

const GEMINI: Json = {
  promptTokenCount: 300,
  cachedContentTokenCount: 120,
  candidatesTokenCount: 25,
  thoughtsTokenCount: 17,
  totalTokenCount: 342,
};

const CONVERSE: Json = {
  inputTokens: 90,
  cacheReadInputTokens: 40,
  cacheWriteInputTokens: 22,
  outputTokens: 33,
  totalTokens: 185,
};

/** Formats whose costs differ; in nano-dollars. */
export const COST_NANO_USD = {
  // 600 × 150 + 400 × 75 + 301 × 600
  chat: 300_600,
  // 150 × 150 + 50 × 75 + 30 × 600
  responses: 44_250,
  // 100 × 150 + 200 × 75 + 31 × 187.5 + 20 × 300 + 40 × 600 = 65,812.5, half up
  messages: 65_813,
  // 180 × 150 + 120 × 75 + (25 + 17) × 600
  gemini: 61_200,
  // 90 × 150 + 40 × 75 + 22 × 187.5 + 33 × 600
  converse: 40_425,
} as const;

export type Format = keyof typeof COST_NANO_USD;

/** The same JSON with our usage wherever usage is reported. */
export function withUsage(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUsage);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      (name === "usage" || name === "usageMetadata") && isObject(member)
        ? usageLike(member)
        : withUsage(member),
    ]),
  );
}

function usageLike(usage: Json): Json {
  if ("promptTokenCount" in usage) return GEMINI;
  if ("inputTokens" in usage) return CONVERSE;
  if ("prompt_tokens" in usage) return CHAT;
  if (!("input_tokens" in usage)) return { output_tokens: MESSAGES["output_tokens"] };
  return "total_tokens" in usage ? RESPONSES : MESSAGES;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
