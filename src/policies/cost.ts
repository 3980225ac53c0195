// What tokens cost: exact integer arithmetic in nano-dollars, rounded once.

import type { Price, Rates } from "../exchange.ts";
import type { Usage } from "../formats/usage.ts";
import { divideHalfUp } from "../lib/money.ts";

const MILLION = 1_000_000n;

/**
 * Nano-dollars. Each token has one rate: parts of the input (cache reads, cache writes, audio) are taken out of it
 * before the rest is charged, and audio out of the output; reasoning is output like any other. Where the price has
 * tiers, the size of the whole input chooses one for the whole call. Rounded half up, once.
 */
export function costOf(usage: Usage, price: Price): bigint {
  const rates = ratesOf(usage.inputTokens, price);
  const cacheRead = atMost(usage.cacheReadTokens, usage.inputTokens);
  const cacheWrite = atMost(usage.cacheWriteTokens, usage.inputTokens - cacheRead);
  const cacheWrite1h = atMost(usage.cacheWrite1hTokens, cacheWrite);
  const audioInput = atMost(usage.audioInputTokens, usage.inputTokens - cacheRead - cacheWrite);
  const audioOutput = atMost(usage.audioOutputTokens, usage.outputTokens);
  const input = usage.inputTokens - cacheRead - cacheWrite - audioInput;
  const output = usage.outputTokens - audioOutput;
  const sum =
    charge(input, rates.input) +
    charge(cacheRead, rates.cacheRead) +
    charge(cacheWrite - cacheWrite1h, rates.cacheWrite) +
    charge(cacheWrite1h, rates.cacheWrite1h) +
    charge(audioInput, rates.audioInput) +
    charge(output, rates.output) +
    charge(audioOutput, rates.audioOutput);
  return divideHalfUp(sum, MILLION) + price.request;
}

/** The tier that an input of this size falls into. */
export function ratesOf(inputTokens: number, price: Price): Rates {
  return price.tiers.findLast(({ above }) => inputTokens > above) ?? price;
}

/** Millionths of a nano-dollar. */
function charge(tokens: number, rate: bigint): bigint {
  return tokens === 0 ? 0n : BigInt(tokens) * rate;
}

function atMost(count: number, limit: number): number {
  return Math.min(count, limit);
}
