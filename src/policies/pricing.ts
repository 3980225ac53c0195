// Which price a target has: one of the configuration, or one of the table that comes with the executable.

import { bundledPrice } from "../catalog/prices.ts";
import type { ModelPriceConfig, PricingConfig } from "../config/schema.ts";
import type { Price, Provider, Target } from "../exchange.ts";
import { compileGlob, isLiteral } from "../lib/glob.ts";
import { parseUsd } from "../lib/money.ts";

/** A target, as far as its price is concerned. */
export interface PricedTarget extends Pick<Target, "model" | "id"> {
  readonly provider: Pick<Provider, "name" | "type">;
}

/** The prices of one configuration. */
export interface Pricing {
  /** Models without a price are refused. */
  readonly refusesUnpriced: boolean;
  /** How much of an answer that is still to come a reservation holds, in tokens. */
  readonly reserveOutput: "full" | number;
  /** The price at a moment (epoch milliseconds); undefined = none is known. */
  priceOf(target: PricedTarget, atMs: number): Price | undefined;
  /** The same, by the model that the answer names where the target's own id has no price. */
  priceOfAnswer(target: PricedTarget, answerModel: string, atMs: number): Price | undefined;
  /** The most tokens that the target's model produces in one answer; undefined = not known. */
  maxOutput(target: PricedTarget): number | undefined;
}

interface OwnPrice {
  readonly price: Price;
  readonly maxOutput: number | undefined;
}

/** Clients choose ids, so what is remembered of them has an end. */
const MAX_REMEMBERED = 4096;

/** No model that exists has a longer name. */
const MAX_REMEMBERED_LENGTH = 500;

/**
 * Compiles `pricing`. A name without `*` wins over patterns; of several patterns that match, the last one of the file,
 * as in allowlists. All are matched on `provider/upstream-model`, and a target without a model on `provider/`.
 */
export function compilePricing(config: PricingConfig): Pricing {
  const find = compileOwnPrices(config.models);
  const priceOf = (target: PricedTarget, atMs: number) => {
    const { provider, model } = target;
    const own = find(nameOf(target));
    if (own !== undefined) return own.price;
    return model === undefined ? undefined : bundledPrice(provider.type, model, atMs);
  };
  return {
    refusesUnpriced: config.unpriced === "block",
    reserveOutput: config.reserve_output,
    priceOf,
    priceOfAnswer: (target, answerModel, atMs) => {
      const { provider } = target;
      const answering = { provider, model: answerModel, id: `${provider.name}/${answerModel}` };
      return priceOf(target, atMs) ?? priceOf(answering, atMs);
    },
    maxOutput: (target) => find(nameOf(target))?.maxOutput,
  };
}

function nameOf({ provider, model, id }: PricedTarget): string {
  return model === undefined ? `${provider.name}/` : id;
}

function compileOwnPrices(models: PricingConfig["models"]): (name: string) => OwnPrice | undefined {
  const exact = new Map<string, OwnPrice>();
  const patterns: { readonly matches: (name: string) => boolean; readonly own: OwnPrice }[] = [];
  for (const [pattern, prices] of Object.entries(models)) {
    const own = readOwnPrice(pattern, prices);
    if (isLiteral(pattern)) exact.set(pattern, own);
    else patterns.push({ matches: compileGlob(pattern), own });
  }
  if (patterns.length === 0) return (name) => exact.get(name);
  const known = new Map<string, OwnPrice | undefined>();
  return (name) => {
    const found = exact.get(name) ?? known.get(name);
    if (found !== undefined || known.has(name)) return found;
    const own = patterns.findLast(({ matches }) => matches(name))?.own;
    if (name.length > MAX_REMEMBERED_LENGTH) return own;
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(name, own);
    return own;
  };
}

function readOwnPrice(pattern: string, config: ModelPriceConfig): OwnPrice {
  const rate = (usd: number | undefined, otherwise: bigint) =>
    usd === undefined ? otherwise : parseUsd(usd);
  const input = parseUsd(config.input);
  const output = parseUsd(config.output);
  const cacheWrite = rate(config.cache_write, input);
  const price: Price = {
    source: "config",
    match: pattern,
    input,
    output,
    cacheRead: rate(config.cache_read, input),
    cacheWrite,
    cacheWrite1h: rate(config.cache_write_1h, cacheWrite),
    audioInput: rate(config.audio_input, input),
    audioOutput: rate(config.audio_output, output),
    request: rate(config.request, 0n),
    tiers: [],
  };
  return { price, maxOutput: config.max_output };
}
