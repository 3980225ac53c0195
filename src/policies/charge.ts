// What an attempt is charged when it is over: by its usage, or, where that is missing, by what can be known without.

import type { Price } from "../exchange.ts";
import { MAX_TOKENS, toUsage, type Usage } from "../formats/usage.ts";
import type { Flag } from "../store/entry.ts";
import { costOf } from "./cost.ts";
import type { Estimate } from "./estimate.ts";

/** What is known of an attempt that has ended. */
export interface ChargeFacts {
  /** Undefined = the model has none. */
  readonly price: Price | undefined;
  /** Whether calls of this kind cost money: lists of models and counts of tokens do not. */
  readonly paid: boolean;
  /** What was held for it. */
  readonly estimate: Estimate;
  /** As the upstream reported it; undefined = it did not. */
  readonly usage: Usage | undefined;
  /** The answer has come whole, whether or not its client waited for it. */
  readonly complete: boolean;
  /** HTTP status of the upstream, or the one that an error behind a 200 names; undefined = it did not answer. */
  readonly status: number | undefined;
  /** Bytes of the answer's text that have come. */
  readonly textBytes: number;
  /** Milliseconds since the call was sent. */
  readonly sentMsAgo: number;
  /** Request bytes may have been written. */
  readonly reached: boolean;
}

export type Charge =
  /** The upstream did nothing: what was held is given back. */
  | { readonly kind: "release" }
  | {
      readonly kind: "settle";
      readonly costNanoUsd: bigint;
      /** What it is charged for; undefined where calls of its kind are not. */
      readonly usage: Usage | undefined;
      /** Input and output, for counters of tokens. */
      readonly tokens: number;
      readonly flags: readonly Flag[];
    };

const FREE: Charge = { kind: "settle", costNanoUsd: 0n, usage: undefined, tokens: 0, flags: [] };

/** Bytes of answer per token, times two: four bytes a token counts one token in eight too few. */
const HALF_BYTES_PER_TOKEN = 7;

/** How fast a model may have been writing what never arrived. */
const TOKENS_PER_SECOND = 100;

/**
 * The first rule that fits:
 *
 * 1. Nothing was sent, or the upstream answered with an error and no usage: nothing is charged.
 * 2. The upstream reported its usage: exactly that, also of a stream that was cut behind it.
 * 3. It reported usage in the middle of a stream (Anthropic says the input first): its input, and for the output what
 *    rule 4 or 5 says, but not less than it reported. Estimated.
 * 4. It reported none, or counts that no answer has, and the answer is whole: the estimate of the input, and the output
 *    counted by its bytes. Estimated.
 * 5. The same, and nothing or only a part of the answer has come: the estimate of the input, and as output what is
 *    counted by bytes, or what a fast model may have written since, whichever is more, but not more than was held.
 *    Estimated.
 */
export function chargeOf(facts: ChargeFacts): Charge {
  const { price, paid, usage, status, reached } = facts;
  // Redirects are no answers either: nobody follows them.
  const isError = status !== undefined && (status < 200 || status >= 300);
  if (!reached || (isError && usage === undefined)) return { kind: "release" };
  if (!paid) return FREE;
  const flags: Flag[] = [];
  const charged = usage !== undefined && usage.doubt === undefined ? usage : estimated(facts);
  if (charged !== usage) flags.push("estimated");
  if (price === undefined) flags.push("unpriced");
  return {
    kind: "settle",
    costNanoUsd: price === undefined ? 0n : costOf(charged, price),
    usage: charged,
    tokens: charged.inputTokens + charged.outputTokens,
    flags,
  };
}

function estimated(facts: ChargeFacts): Usage {
  const { usage, estimate } = facts;
  const outputTokens = estimatedOutput(facts);
  if (usage?.doubt === "interim")
    return toUsage({ ...usage, outputTokens: Math.max(usage.outputTokens, outputTokens) });
  return toUsage({ ...NOTHING, inputTokens: estimate.inputTokens, outputTokens });
}

const NOTHING: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
};

function estimatedOutput({ complete, textBytes, sentMsAgo, estimate }: ChargeFacts): number {
  const counted = Math.min(Math.ceil((textBytes * 2) / HALF_BYTES_PER_TOKEN), MAX_TOKENS);
  if (complete) return counted;
  const written = Math.ceil((Math.max(0, sentMsAgo) * TOKENS_PER_SECOND) / 1000);
  return Math.min(estimate.outputTokens, Math.max(counted, written));
}
