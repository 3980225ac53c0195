// What the ledger is told and tells: counters, holds, reservations, settlements, and the row of a request.

import type { Price } from "../exchange.ts";
import type { Usage } from "../formats/usage.ts";

/** What a counter counts: nano-dollars, tokens, requests, or requests under way. */
export type Metric = "usd" | "tokens" | "requests" | "concurrent";

/** One counter of one policy: for one subject, in one window. Make it once per window and share the object. */
export interface CounterKey {
  readonly policy: string;
  readonly metric: Metric;
  /** Whom it counts, by `each`; undefined = all that the policy applies to share it. */
  readonly subject: string | undefined;
  /** Window, time zone, `each` and `applies_to` as one text: where it differs, the counter is another one. */
  readonly shape: string;
  /** Epoch milliseconds: [start, end); a `total` has 0 and Infinity. */
  readonly start: number;
  readonly end: number;
  /** All of the above as one text: equal texts mean the same counter. */
  readonly id: string;
  /** Whether it outlives the process. */
  readonly durable: boolean;
}

/** What a call needs of one counter. */
export interface Hold {
  readonly counter: CounterKey;
  /** In the counter's unit. */
  readonly amount: bigint;
  /** Refused when spent ≥ limit, or spent + held + amount > limit; undefined = counted, never refused. */
  readonly limit: bigint | undefined;
  /** The policy counts at most so many subjects at a time; undefined = any number. For subjects that clients choose. */
  readonly maxSubjects?: number | undefined;
}

/** How a counter stood before a hold was added to it. */
export interface Level {
  readonly spent: bigint;
  readonly held: bigint;
  /** How many open reservations hold that; undefined = not counted. For the text of a refusal. */
  readonly holders?: number | undefined;
}

/** Who called what: one object per caller, target and matching policies, so that rows need not repeat the names. */
export interface Profile {
  readonly key: string | undefined;
  readonly user: string | undefined;
  readonly workspace: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly provider: string | undefined;
  /** The upstream's own id of the model. */
  readonly model: string | undefined;
  /** Names of the policies that match. */
  readonly policies: readonly string[];
}

/** Stands in where nobody knows who called: the sums stay right, only the names are missing. */
export const NOBODY: Profile = {
  key: undefined,
  user: undefined,
  workspace: undefined,
  tags: {},
  provider: undefined,
  model: undefined,
  policies: [],
};

/** One attempt that is about to be made. */
export interface Reserving {
  readonly requestId: string;
  /** 1 for the first attempt of a request. */
  readonly attempt: number;
  /** Epoch milliseconds of the request's first reserve: every window of every attempt is computed from it. */
  readonly at: number;
  readonly profile: Profile;
  /** Undefined = the model has no price. */
  readonly price: Price | undefined;
  /** Charged if this process dies before the attempt is settled. */
  readonly heldNanoUsd: bigint;
  readonly heldTokens: number;
  /** `usd` and `tokens`: for this attempt. `requests` and `concurrent`: for the request, so on its first attempt only. */
  readonly holds: readonly Hold[];
}

/** An open account. */
export interface Reservation {
  /** Never used again in this store, whatever ids clients choose. */
  readonly seq: number;
  readonly entry: Reserving;
  /** How the counters of `entry.holds` stood before, in their order. */
  readonly levels: readonly Level[];
}

export type Admission =
  | { readonly kind: "reserved"; readonly reservation: Reservation }
  /** Nothing was booked. Every hold that stands in the way. */
  | { readonly kind: "refused"; readonly refusals: readonly Refusal[] }
  /** The store cannot take reservations now: full, locked, read-only, or no free slot. The reason is for people. */
  | { readonly kind: "unavailable"; readonly reason: string };

export interface Refusal {
  /** Index in `entry.holds`. */
  readonly hold: number;
  readonly level: Level;
  /** The policy counts too many subjects already. */
  readonly crowded: boolean;
}

/** Marks of a row. */
export type Flag = "estimated" | "interrupted" | "unpriced" | "subscription" | "cached";

/** The end of one attempt. */
export interface Settlement {
  readonly costNanoUsd: bigint;
  readonly usage: Usage | undefined;
  /** Input and output: what token counters take in place of what they held. */
  readonly tokens: number;
  readonly flags: readonly Flag[];
  /** HTTP status for the client, for the row that is made of the slot after a crash. */
  readonly status: number;
  /** The request's row, if this is its last attempt; called when it is written, up to some 100 ms later. */
  readonly row: (() => RequestRow) | undefined;
}

export interface AttemptRow {
  readonly target: string;
  /** Of the upstream; undefined where it did not answer. */
  readonly status: number | undefined;
  readonly outcome: string;
  readonly ms: number;
  readonly costNanoUsd: bigint;
}

/** One request as it is kept. Never content, query strings or keys. */
export interface RequestRow {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly profile: Profile;
  readonly price: Price | undefined;
  readonly format: string;
  readonly endpoint: string;
  readonly requestedModel: string | undefined;
  readonly stream: boolean;
  readonly status: number;
  readonly code: string | undefined;
  readonly ended: string;
  readonly attempts: readonly AttemptRow[];
  readonly usage: Usage | undefined;
  /** Of all attempts together. */
  readonly costNanoUsd: bigint;
  readonly flags: readonly Flag[];
  readonly totalMs: number;
  readonly firstByteMs: number | undefined;
  readonly overheadMs: number;
  readonly passed: readonly string[];
  readonly violated: readonly string[];
  readonly clientIp: string | undefined;
  readonly userAgent: string | undefined;
  readonly traceId: string | undefined;
}
