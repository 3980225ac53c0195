// Settings of prices: those of one's own models, and what happens where there is none.

import { Type } from "@sinclair/typebox";
import { count, named, oneOf, section, usd } from "./fields.ts";

/** A dollar per token: whoever charges more has written the price per something else. */
const MAX_USD = 1_000_000;

function perMillion(what: string) {
  return usd({ maximum: MAX_USD, description: `USD per million ${what}.` });
}

export const ModelPriceSchema = section(
  {
    input: perMillion("input tokens"),
    output: perMillion("output tokens, reasoning included"),
    cache_read: Type.Optional(
      perMillion("input tokens read from the provider's prompt cache; absent = `input`"),
    ),
    cache_write: Type.Optional(
      perMillion("input tokens written to the provider's prompt cache; absent = `input`"),
    ),
    cache_write_1h: Type.Optional(
      perMillion("input tokens written to the provider's prompt cache for an hour; absent = `cache_write`"),
    ),
    audio_input: Type.Optional(perMillion("input tokens of audio; absent = `input`")),
    audio_output: Type.Optional(perMillion("output tokens of audio; absent = `output`")),
    request: Type.Optional(usd({ maximum: MAX_USD, description: "USD per request, beside its tokens." })),
    max_output: Type.Optional(
      count({
        description: "Tokens that the model can produce at most: no more is held for one answer.",
        examples: [8192],
      }),
    ),
  },
  { description: "The price of the models that a pattern matches." },
);

export const PricingSchema = section(
  {
    unpriced: oneOf(["warn", "block"], {
      description:
        "Calls of a model without a price: `warn` = counted as 0 and marked, `block` = refused with 403.",
      default: "warn",
    }),
    reserve_output: Type.Union([Type.Literal("full"), count({})], {
      wants: "full, or a whole number of tokens",
      kind: "number or `full`",
      description:
        "How much of an answer that may still come is held against budgets while a call is under way: all of it, or so many tokens.",
      default: "full",
    }),
    models: named(ModelPriceSchema, {
      wants: "a map of models and prices",
      description:
        "Prices by `provider/model`; `*` stands for any run of characters, an exact name wins over a pattern. They win over the prices that Postern brings along.",
      default: {},
      examples: [{ "internal-vllm/*": { input: 0.1, output: 0.4 } }],
    }),
  },
  { description: "What calls cost.", default: {} },
);
