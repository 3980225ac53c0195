// The texts and numbers in which the store keeps what has no column of its own: profiles, prices, details, flags.

import type { Price, Rates } from "../exchange.ts";
import type { Flag, Profile, RequestRow } from "./entry.ts";

/** Bits of the column `flags`. `forwarded` = the request was sent to an upstream, so it counts as one in sums. */
export const FLAG_BITS = {
  estimated: 1,
  interrupted: 2,
  unpriced: 4,
  subscription: 8,
  cached: 16,
  forwarded: 32,
} as const;

const FLAGS: readonly Flag[] = ["estimated", "interrupted", "unpriced", "subscription", "cached"];

/** The number that the column `flags` holds. */
export function encodeFlags(flags: readonly Flag[], forwarded: boolean): number {
  return flags.reduce<number>((bits, flag) => bits | FLAG_BITS[flag], forwarded ? FLAG_BITS.forwarded : 0);
}

/** The marks of a row, in the order of their bits; `forwarded` is none of them. */
export function decodeFlags(bits: number): readonly Flag[] {
  return FLAGS.filter((flag) => (bits & FLAG_BITS[flag]) !== 0);
}

/** Equal profiles give equal texts, whatever the order of their tags. */
export function encodeProfile(profile: Profile): string {
  const { key, user, workspace, tags, provider, model, policies } = profile;
  const sorted = Object.fromEntries(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ key, user, workspace, tags: sorted, provider, model, policies });
}

/** Reads what {@link encodeProfile} wrote. */
export function decodeProfile(text: string): Profile {
  const { key, user, workspace, tags, provider, model, policies } = JSON.parse(text) as Profile;
  return { key, user, workspace, tags, provider, model, policies };
}

/** Rates as they are written: bigints as decimal numbers in strings, since JSON has no integers of that size. */
type WrittenRates = { readonly [Name in keyof Rates]: string };

type WrittenPrice = WrittenRates & {
  readonly source: Price["source"];
  readonly match: string;
  readonly request: string;
  readonly tiers: readonly (WrittenRates & { readonly above: number })[];
};

/** Equal prices give equal texts. */
export function encodePrice(price: Price): string {
  const { source, match, request, tiers } = price;
  const written: WrittenPrice = {
    source,
    match,
    ...writtenRates(price),
    request: String(request),
    tiers: tiers.map((tier) => ({ above: tier.above, ...writtenRates(tier) })),
  };
  return JSON.stringify(written);
}

/** Reads what {@link encodePrice} wrote. */
export function decodePrice(text: string): Price {
  const { source, match, request, tiers, ...rates } = JSON.parse(text) as WrittenPrice;
  return {
    source,
    match,
    ...readRates(rates),
    request: BigInt(request),
    tiers: tiers.map((tier) => ({ above: tier.above, ...readRates(tier) })),
  };
}

function writtenRates(rates: Rates): WrittenRates {
  return {
    input: String(rates.input),
    output: String(rates.output),
    cacheRead: String(rates.cacheRead),
    cacheWrite: String(rates.cacheWrite),
    cacheWrite1h: String(rates.cacheWrite1h),
    audioInput: String(rates.audioInput),
    audioOutput: String(rates.audioOutput),
  };
}

function readRates(written: WrittenRates): Rates {
  return {
    input: BigInt(written.input),
    output: BigInt(written.output),
    cacheRead: BigInt(written.cacheRead),
    cacheWrite: BigInt(written.cacheWrite),
    cacheWrite1h: BigInt(written.cacheWrite1h),
    audioInput: BigInt(written.audioInput),
    audioOutput: BigInt(written.audioOutput),
  };
}

/** What a row keeps beside its columns. */
type DetailMember =
  | "endpoint"
  | "format"
  | "requestedModel"
  | "stream"
  | "ended"
  | "attempts"
  | "totalMs"
  | "firstByteMs"
  | "overheadMs"
  | "passed"
  | "violated"
  | "clientIp"
  | "userAgent"
  | "traceId";

export interface Detail extends Pick<RequestRow, DetailMember> {
  /** Parts of the usage that have no column; undefined where there is no usage. */
  readonly audioInput: number | undefined;
  readonly audioOutput: number | undefined;
  readonly cacheWrite1h: number | undefined;
}

type WrittenDetail = Omit<Detail, "attempts"> & {
  readonly attempts: readonly (Omit<Detail["attempts"][number], "costNanoUsd"> & {
    readonly costNanoUsd: string;
  })[];
};

/** The text for the column `detail`. */
export function encodeDetail(row: RequestRow): string {
  const written: WrittenDetail = {
    endpoint: row.endpoint,
    format: row.format,
    requestedModel: row.requestedModel,
    stream: row.stream,
    ended: row.ended,
    attempts: row.attempts.map(({ target, status, outcome, ms, costNanoUsd }) => ({
      ...{ target, status, outcome, ms },
      costNanoUsd: String(costNanoUsd),
    })),
    totalMs: row.totalMs,
    firstByteMs: row.firstByteMs,
    overheadMs: row.overheadMs,
    passed: row.passed,
    violated: row.violated,
    clientIp: row.clientIp,
    userAgent: row.userAgent,
    traceId: row.traceId,
    audioInput: row.usage?.audioInputTokens,
    audioOutput: row.usage?.audioOutputTokens,
    cacheWrite1h: row.usage?.cacheWrite1hTokens,
  };
  return JSON.stringify(written);
}

/** Reads what {@link encodeDetail} wrote. */
export function decodeDetail(text: string): Detail {
  const written = JSON.parse(text) as WrittenDetail;
  return {
    ...written,
    attempts: written.attempts.map((attempt) => ({ ...attempt, costNanoUsd: BigInt(attempt.costNanoUsd) })),
  };
}
