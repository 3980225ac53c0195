// One limit of a policy, and the counters it has in the current window.

import { type TimeWindow, type WindowUnit, windowAt } from "../lib/calendar.ts";
import type { CounterKey, Metric } from "../store/entry.ts";
import type { Claim, Meter, Policy } from "./policy.ts";

/** More subjects than that are made anew for each call; the ledger knows them by their ids all the same. */
const MAX_KEPT = 10_000;

/** What clients name themselves is bounded: attribution must not fill the memory. */
const MAX_HEADER_SUBJECTS = 10_000;

/** Requests under way have no window. */
const NOW: TimeWindow = { start: 0, end: Number.POSITIVE_INFINITY };

/** Everything that a {@link WindowMeter} is made of. */
interface MeterSettings extends Omit<Meter, "claim"> {
  /** Whom a subject is for the reader of a refusal. */
  readonly whoIs: (subject: string | undefined) => string;
}

/** Lives as long as its configuration. */
export class WindowMeter implements Meter {
  readonly metric: Metric;
  readonly unit: WindowUnit | undefined;
  readonly timezone: string;
  readonly shape: string;
  readonly limit: bigint;
  readonly overrides: ReadonlyMap<string, bigint>;
  readonly #policy: Policy;
  readonly #whoIs: MeterSettings["whoIs"];
  /** The latest window, and its claims by subject. */
  #window: TimeWindow = { start: Number.NEGATIVE_INFINITY, end: Number.NEGATIVE_INFINITY };
  readonly #claims = new Map<string | undefined, Claim>();

  constructor(policy: Policy, settings: MeterSettings) {
    this.#policy = policy;
    this.metric = settings.metric;
    this.unit = settings.unit;
    this.timezone = settings.timezone;
    this.shape = settings.shape;
    this.limit = settings.limit;
    this.overrides = settings.overrides;
    this.#whoIs = settings.whoIs;
  }

  claim(subject: string | undefined, atMs: number): Claim {
    // A request that began in an earlier window is counted there to its end.
    if (atMs < this.#window.start) return this.#claimIn(this.#windowOf(atMs), subject);
    if (atMs >= this.#window.end) {
      this.#window = this.#windowOf(atMs);
      this.#claims.clear();
    }
    const known = this.#claims.get(subject);
    if (known !== undefined) return known;
    const claim = this.#claimIn(this.#window, subject);
    if (this.#claims.size >= MAX_KEPT) this.#claims.clear();
    this.#claims.set(subject, claim);
    return claim;
  }

  #windowOf(atMs: number): TimeWindow {
    return this.unit === undefined ? NOW : windowAt(this.unit, this.timezone, atMs);
  }

  #claimIn(window: TimeWindow, subject: string | undefined): Claim {
    const own = subject === undefined ? undefined : this.overrides.get(subject);
    return {
      policy: this.#policy,
      meter: this,
      metric: this.metric,
      counter: this.#counterIn(window, subject),
      limit: own ?? this.limit,
      maxSubjects: this.#policy.each?.kind === "header" ? MAX_HEADER_SUBJECTS : undefined,
      who: this.#whoIs(subject),
    };
  }

  #counterIn({ start, end }: TimeWindow, subject: string | undefined): CounterKey {
    const { metric, shape } = this;
    const policy = this.#policy.name;
    return {
      policy,
      metric,
      subject,
      shape,
      start,
      end,
      // Shape and start fix the end.
      id: JSON.stringify([policy, metric, subject ?? null, shape, start]),
      durable: metric === "usd" || this.unit === "day",
    };
  }
}
