// A spend policy or rate limit, compiled, and what it asks of one call.

import type { WindowUnit } from "../lib/calendar.ts";
import type { CounterKey, Metric } from "../store/entry.ts";

/** Whoever calls, as far as policies look at it. */
export interface PolicyCaller {
  readonly key: string;
  readonly user: string | undefined;
  readonly workspace: string | undefined;
}

/** What a call is, as far as policies look at it. */
export interface Subject extends PolicyCaller {
  readonly provider: string | undefined;
  /** `provider/model`; undefined where no model is known (model lists). */
  readonly target: string | undefined;
  /** The public name it was reached by; patterns are tried on both. */
  readonly publicName: string | undefined;
  /** The client's headers: `X-Gateway-*` and `X-Gateway-Metadata` are read from them. */
  readonly headers: Headers;
}

/** What a policy has a counter for each of. */
export type Each =
  | { readonly kind: "key" | "user" | "workspace" | "provider" | "model" }
  | {
      readonly kind: "header";
      /** As the configuration spells it. */
      readonly header: string;
      /** The name the header carries: `customer`. */
      readonly name: string;
      /** Calls without it are refused. */
      readonly required: boolean;
    };

export interface Policy {
  readonly name: string;
  readonly kind: "spend" | "rate";
  readonly enabled: boolean;
  readonly onBreach: "block" | "warn";
  /** Status of its refusals. */
  readonly status: 402 | 429;
  /** Whether its refusals may show amounts: it counts single keys or users, or is told to. */
  readonly showAmounts: boolean;
  /** Percent of the limit, from which on calls are warned of: 80. */
  readonly warnAt: number;
  /**
   * 0 organization, 1 workspace, 2 user, 3 key, 4 provider, 5 model, 6 header: the narrowest of `applies_to` and `each`.
   * Refusals name the broadest first.
   */
  readonly breadth: number;
  /** Place in the file, spend policies first. */
  readonly order: number;
  /** Undefined = all calls it applies to share its counters. */
  readonly each: Each | undefined;
  readonly meters: readonly Meter[];
  /** Whether it applies to calls of this caller, to all or to some of them. */
  readonly concerns: (caller: PolicyCaller) => boolean;
}

/** One limit of a policy. A spend policy has one, a rate limit up to seven. */
export interface Meter {
  readonly metric: Metric;
  /** Undefined = no window, but what is under way now. */
  readonly unit: WindowUnit | undefined;
  readonly timezone: string;
  /** The shape of all its counters. */
  readonly shape: string;
  /** In the metric's unit: nano-dollars, tokens, requests. */
  readonly limit: bigint;
  /** Limits of single subjects, in place of that. */
  readonly overrides: ReadonlyMap<string, bigint>;
  /** What it asks of a call at that time; the same object for the same subject while the window lasts. */
  claim(subject: string | undefined, atMs: number): Claim;
}

/** One counter that a call has to pass. */
export interface Claim {
  readonly policy: Policy;
  readonly meter: Meter;
  readonly metric: Metric;
  readonly counter: CounterKey;
  /** In the counter's unit, overrides applied. */
  readonly limit: bigint;
  /** How many subjects the policy counts at a time; undefined = any number. Clients choose subjects of headers. */
  readonly maxSubjects: number | undefined;
  /** For the reader of a refusal: `workspace research`, `user alice`. */
  readonly who: string;
}

/** All policies of a configuration, compiled; immutable. */
export interface PolicySet {
  /** True = there is nothing to match, and nothing to do per call. */
  readonly isEmpty: boolean;
  /**
   * What a call has to pass, broadest first, disabled policies included (they count). `paid`: spend policies too.
   *
   * @throws {GatewayError} `invalid_request` where a policy requires a header that is not there, or cannot read one
   */
  match(subject: Subject, at: number, paid: boolean): readonly Claim[];
  /** In the order of the file, spend policies first. */
  readonly all: readonly Policy[];
}
