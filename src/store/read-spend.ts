// What was spent, by whom or on what: the report behind `postern spend` and the admin API.

import type { Database } from "bun:sqlite";
import { formatUsd, toJsonNano } from "../lib/money.ts";
import { quoted } from "../lib/quote.ts";
import { NOBODY, type Profile } from "./entry.ts";
import { INSTANT_WORDS, readInstant } from "./read-filter.ts";
import { definitionsReader } from "./read-rows.ts";
import { type Cut, type Piece, readSums } from "./read-sums.ts";
import {
  BUCKETS,
  type BucketName,
  bucketStart,
  type Span,
  WINDOWS,
  type WindowName,
  windowAt,
} from "./read-window.ts";
import { decodeProfile } from "./row-text.ts";

const FIELDS = ["key", "user", "workspace", "provider", "model", "policy"] as const;

/** What rows are named by: a member of the profile, or one tag. */
export type SpendBy = (typeof FIELDS)[number] | `tag:${string}`;

export interface SpendQuery {
  readonly by: SpendBy;
  /** Undefined when the span was given by its ends. */
  readonly window: WindowName | undefined;
  readonly span: Span;
  readonly bucket: BucketName | undefined;
}

/** What the contract of the admin API calls ROLLUP. */
export interface RollupJson {
  readonly requests: number;
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string;
  readonly cost_nano_usd: number | string;
  readonly estimated_requests: number;
  readonly unpriced_requests: number;
  readonly subscription_requests: number;
}

export interface BucketJson extends RollupJson {
  readonly start: string;
}

export interface SpendRowJson extends RollupJson {
  /** Null: calls that have no such name. */
  readonly name: string | null;
  /** Only where a bucket was asked for; those in which something happened. */
  readonly buckets?: readonly BucketJson[];
}

export interface SpendJson {
  readonly by: string;
  readonly window: string | null;
  /** RFC 3339, UTC; null = without an end on that side. */
  readonly from: string | null;
  readonly to: string | null;
  readonly total: RollupJson;
  /** The most expensive first. */
  readonly rows: readonly SpendRowJson[];
}

type SpendTexts = Readonly<Partial<Record<"by" | "window" | "from" | "to" | "bucket", string | undefined>>>;

/** Reads a question as people write it; without `by` it is by key, without a span for today. */
export function readSpendQuery(
  texts: SpendTexts,
  nowMs: number,
): { readonly query: SpendQuery } | { readonly problem: string } {
  const { by = "key", bucket } = texts;
  if (!isBy(by)) return { problem: `by wants one of ${FIELDS.join(", ")} or tag:NAME, not ${quoted(by)}` };
  if (bucket !== undefined && !isOneOf(BUCKETS, bucket))
    return { problem: `bucket wants one of ${BUCKETS.join(", ")}, not ${quoted(bucket)}` };
  if (texts.from === undefined && texts.to === undefined) {
    const window = texts.window ?? "day";
    if (!isOneOf(WINDOWS, window))
      return { problem: `window wants one of ${WINDOWS.join(", ")}, not ${quoted(window)}` };
    return { query: { by, window, span: windowAt(window, nowMs), bucket } };
  }
  if (texts.window !== undefined) return { problem: "window excludes from and to" };
  const span: { from: number | undefined; to: number | undefined } = { from: undefined, to: undefined };
  for (const end of ["from", "to"] as const) {
    const text = texts[end];
    if (text === undefined) continue;
    span[end] = readInstant(text, nowMs);
    if (span[end] === undefined) return { problem: `${end} wants ${INSTANT_WORDS}, not ${quoted(text)}` };
  }
  if (span.from !== undefined && span.to !== undefined && span.from >= span.to)
    return { problem: "from has to be before to" };
  return { query: { by, window: undefined, span, bucket } };
}

function isBy(text: string): text is SpendBy {
  return isOneOf(FIELDS, text) || /^tag:./s.test(text);
}

function isOneOf<T extends string>(list: readonly T[], text: string): text is T {
  return (list as readonly string[]).includes(text);
}

/** The sums of one name, altogether and in its buckets. */
interface Row {
  readonly all: Tally;
  readonly buckets: Map<number, Tally>;
}

/** Adds up what was spent. Only calls that were sent to a provider count. */
export function readSpend(db: Database, query: SpendQuery): SpendJson {
  // One transaction: what is booked or folded meanwhile is seen everywhere or nowhere.
  return db.transaction(() => addUp(db, query)).deferred();
}

function addUp(db: Database, query: SpendQuery): SpendJson {
  const { by, bucket, span } = query;
  const total = new Tally();
  const rows = new Map<string | undefined, Row>();
  const profileOf = definitionsReader(db, decodeProfile);
  for (const piece of readSums(db, span, cutOf(bucket))) {
    total.add(piece);
    for (const name of namesOf(profileOf(piece.profile) ?? NOBODY, by)) {
      const row = entry(rows, name, () => ({ all: new Tally(), buckets: new Map() }));
      row.all.add(piece);
      if (bucket !== undefined)
        entry(row.buckets, bucketStart(bucket, piece.starts), () => new Tally()).add(piece);
    }
  }
  return {
    by,
    window: query.window ?? null,
    from: timeText(span.from),
    to: timeText(span.to),
    total: total.json(),
    rows: [...rows]
      .filter(([, { all }]) => !all.isEmpty)
      .toSorted(([a, { all: x }], [b, { all: y }]) => x.compare(y) || compareNames(a, b))
      .map(([name, { all, buckets }]) => ({
        name: name ?? null,
        ...all.json(),
        ...(bucket === undefined ? {} : { buckets: bucketsJson(buckets) }),
      })),
  };
}

/** A sum that grows. */
class Tally {
  #requests = 0;
  #inputTokens = 0;
  #cacheReadTokens = 0;
  #outputTokens = 0;
  #costNanoUsd = 0n;
  #estimated = 0;
  #unpriced = 0;
  #subscription = 0;

  /** Attempts that cost nothing leave a trace in the sums all the same. */
  get isEmpty(): boolean {
    return (
      this.#requests === 0 && this.#inputTokens === 0 && this.#outputTokens === 0 && this.#costNanoUsd === 0n
    );
  }

  add(piece: Piece): void {
    this.#requests += piece.requests;
    this.#inputTokens += piece.inputTokens;
    this.#cacheReadTokens += piece.cacheReadTokens;
    this.#outputTokens += piece.outputTokens;
    this.#costNanoUsd += piece.costNanoUsd;
    this.#estimated += piece.estimated;
    this.#unpriced += piece.unpriced;
    this.#subscription += piece.subscription;
  }

  json(): RollupJson {
    return {
      requests: this.#requests,
      input_tokens: this.#inputTokens,
      cache_read_tokens: this.#cacheReadTokens,
      output_tokens: this.#outputTokens,
      cost_usd: formatUsd(this.#costNanoUsd),
      cost_nano_usd: toJsonNano(this.#costNanoUsd),
      estimated_requests: this.#estimated,
      unpriced_requests: this.#unpriced,
      subscription_requests: this.#subscription,
    };
  }

  /** For sorting: the most expensive first, then the busiest. */
  compare(other: Tally): number {
    if (this.#costNanoUsd !== other.#costNanoUsd) return this.#costNanoUsd > other.#costNanoUsd ? -1 : 1;
    return other.#requests - this.#requests;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Days are enough for what consists of days. */
function cutOf(bucket: BucketName | undefined): Cut {
  if (bucket === undefined) return "none";
  return bucket === "hour" ? "hour" : "day";
}

/** A call that matches several policies counts for each of them. */
function namesOf(profile: Profile, by: SpendBy): readonly (string | undefined)[] {
  if (by === "policy") return profile.policies.length === 0 ? [undefined] : profile.policies;
  if (by.startsWith("tag:")) {
    const tag = by.slice("tag:".length);
    return [Object.hasOwn(profile.tags, tag) ? profile.tags[tag] : undefined];
  }
  return [profile[by as "key" | "user" | "workspace" | "provider" | "model"]];
}

function bucketsJson(buckets: ReadonlyMap<number, Tally>): readonly BucketJson[] {
  return [...buckets]
    .toSorted(([a], [b]) => a - b)
    .map(([start, tally]) => ({ start: new Date(start).toISOString(), ...tally.json() }));
}

function compareNames(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}

/** Spans of people's own begin and end within what a date can be. */
function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
