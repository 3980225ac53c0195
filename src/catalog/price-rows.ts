// Reads a row of the price table: rates by size of input, and prices that begin on a day or hold for hours of the day.

import type { ConditionalPrice, ModelPrice } from "@pydantic/genai-prices";
import type { Price, Rates } from "../exchange.ts";
import { parseUsd } from "../lib/money.ts";
import type { PriceRow } from "./price-table.ts";

/** A price and when it holds; of several that hold the last one counts, and the first where none does. */
export interface DatedPrice {
  readonly holdsAt: (atMs: number) => boolean;
  /** Undefined = the model is not paid for by tokens then. */
  readonly price: Price | undefined;
}

const DAY_MS = 86_400_000;

/** Below every threshold. */
const NONE = -1;

/** All prices of a model. */
export function readPrices({ name, prices }: PriceRow): readonly DatedPrice[] {
  const all: readonly ConditionalPrice[] = Array.isArray(prices) ? prices : [{ prices }];
  return all.map((one) => ({ holdsAt: conditionOf(one.constraint), price: readPrice(one.prices, name) }));
}

export function priceAt(prices: readonly DatedPrice[], atMs: number): Price | undefined {
  return (prices.findLast(({ holdsAt }) => holdsAt(atMs)) ?? prices[0])?.price;
}

function conditionOf(constraint: ConditionalPrice["constraint"]): DatedPrice["holdsAt"] {
  if (constraint === undefined) return () => true;
  if (constraint.type === "start_date") {
    const start = Date.parse(constraint.start_date);
    return (atMs) => atMs >= start;
  }
  const start = timeOfDay(constraint.start_time);
  const end = timeOfDay(constraint.end_time);
  return (atMs) => {
    const time = ((atMs % DAY_MS) + DAY_MS) % DAY_MS;
    return end < start ? time >= start || time < end : time >= start && time < end;
  };
}

/** `16:30:00Z`, `18:30:00+02:00` → milliseconds since midnight, UTC. */
function timeOfDay(time: string): number {
  return (Date.parse(`1970-01-02T${time}`) + DAY_MS) % DAY_MS;
}

/** Undefined when tokens alone do not tell what a call costs: the price is per hour of audio, or per image. */
function readPrice(prices: ModelPrice, match: string): Price | undefined {
  const { input_mtok: input, output_mtok: output, requests_kcount: requests } = prices;
  if (input === undefined) return undefined;
  if (output === undefined && Object.keys(prices).some((key) => key.startsWith("output_"))) return undefined;
  return {
    source: "bundled",
    match,
    request: parseUsd(rateAt(requests, NONE) ?? 0) / 1000n,
    ...ratesAt(prices, NONE),
    tiers: thresholdsOf(prices).map((above) => ({ above, ...ratesAt(prices, above) })),
  };
}

/** The rates of a call whose input has more tokens than `above`. Models without a price for output produce none. */
function ratesAt(prices: ModelPrice, above: number): Rates {
  const rate = (key: string, otherwise: bigint) => {
    const usd = rateAt(prices[key], above);
    return usd === undefined ? otherwise : parseUsd(usd);
  };
  const input = rate("input_mtok", 0n);
  const output = rate("output_mtok", 0n);
  const cacheWrite = rate("cache_write_mtok", input);
  return {
    input,
    output,
    cacheRead: rate("cache_read_mtok", input),
    cacheWrite,
    cacheWrite1h: rate("cache_write_1h_mtok", cacheWrite),
    audioInput: rate("input_audio_mtok", input),
    audioOutput: rate("output_audio_mtok", output),
  };
}

/** Dollars per million, or per thousand where the key says so. */
function rateAt(value: ModelPrice[string], above: number): number | undefined {
  if (typeof value !== "object") return value;
  let highest = { start: NONE, price: value.base };
  for (const tier of value.tiers) if (tier.start <= above && tier.start > highest.start) highest = tier;
  return highest.price;
}

/** Where rates change, ascending. */
function thresholdsOf(prices: ModelPrice): readonly number[] {
  const starts = Object.values(prices).flatMap((value) =>
    typeof value === "object" ? value.tiers.map(({ start }) => start) : [],
  );
  return [...new Set(starts)].sort((a, b) => a - b);
}
