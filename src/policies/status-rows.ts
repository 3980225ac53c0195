// How policies stand, as the admin API and callers are told: one row per policy, limit and subject.

import { formatUsd, toJsonNano } from "../lib/money.ts";
import type { CounterKey, Level } from "../store/entry.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Claim, Each, Policy, PolicyCaller, PolicySet } from "./policy.ts";
import { isNear } from "./warn.ts";

type Standing = Pick<Ledger, "now" | "level" | "counters">;

/** A row of `GET policies`; `spend` rows have amounts, `rate` rows `metric`, `per`, `limit`, `used`. Null = not told. */
export interface PolicyRow {
  readonly name: string;
  readonly kind: Policy["kind"];
  /** Null where all share one counter, and where `each` has not counted anybody yet. */
  readonly subject: string | null;
  readonly enabled: boolean;
  readonly on_breach: Policy["onBreach"];
  /** Null for requests at the same time. */
  readonly window: string | null;
  readonly timezone: string;
  readonly limit_usd?: string;
  readonly limit_nano_usd?: number | string;
  readonly spent_usd?: string | null;
  readonly spent_nano_usd?: number | string | null;
  readonly reserved_nano_usd?: number | string | null;
  readonly metric?: string;
  readonly per?: string | null;
  readonly limit?: number | string;
  readonly used?: number | string | null;
  /** RFC 3339 in UTC; null for a window without an end. */
  readonly starts_at: string | null;
  readonly resets_at: string | null;
  readonly state: "ok" | "warning" | "blocked";
}

/**
 * All policies as they stand now, in the order of the file. With `each`: the subjects that were counted in this window
 * and those with a limit of their own; one row without a subject where there is none.
 */
export function policyRows(policies: PolicySet, ledger: Standing): readonly PolicyRow[] {
  const now = ledger.now();
  const counted = subjectsCounted(policies, ledger);
  return policies.all.flatMap(({ each, meters }) =>
    meters.flatMap((meter) => {
      const shared = meter.claim(undefined, now);
      if (each === undefined) return [rowOf(shared, ledger.level(shared.counter))];
      const subjects = new Set([...meter.overrides.keys(), ...(counted.get(groupOf(shared.counter)) ?? [])]);
      if (subjects.size === 0) return [rowOf(shared, NOTHING)];
      return [...subjects].map((subject) => {
        const claim = meter.claim(subject, now);
        return rowOf(claim, ledger.level(claim.counter));
      });
    }),
  );
}

const NOTHING: Level = { spent: 0n, held: 0n };

function subjectsCounted(policies: PolicySet, ledger: Standing): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  if (policies.all.every(({ each }) => each === undefined)) return found;
  for (const { counter } of ledger.counters()) {
    if (counter.subject === undefined) continue;
    const group = groupOf(counter);
    const subjects = found.get(group);
    if (subjects === undefined) found.set(group, [counter.subject]);
    else subjects.push(counter.subject);
  }
  return found;
}

/** Counters of one limit in one window differ in their subjects only. */
function groupOf({ policy, metric, shape, start }: CounterKey): string {
  return JSON.stringify([policy, metric, shape, start]);
}

/**
 * The enabled policies that calls of this caller may be under, with limit, spent and reset; what is spent is null where
 * it depends on the call.
 */
export function policiesOfKey(
  { name, user, workspace }: { readonly name: string } & Omit<PolicyCaller, "key">,
  policies: PolicySet,
  ledger: Standing,
): readonly PolicyRow[] {
  const now = ledger.now();
  const caller: PolicyCaller = { key: name, user, workspace };
  return policies.all.flatMap(({ enabled, concerns, each, meters }) => {
    if (!enabled || !concerns(caller)) return [];
    const subject = subjectOf(each, caller);
    if (subject === NOBODY) return [];
    return meters.map((meter) => {
      const claim = meter.claim(subject === OPEN ? undefined : subject, now);
      const level = subject === OPEN ? NOTHING : ledger.level(claim.counter);
      return rowOf(claim, level, subject !== OPEN);
    });
  });
}

/** The caller is no such subject. */
const NOBODY = Symbol("nobody");
/** The subject depends on the call. */
const OPEN = Symbol("open");

function subjectOf(
  each: Each | undefined,
  caller: PolicyCaller,
): string | undefined | typeof NOBODY | typeof OPEN {
  if (each === undefined) return undefined;
  if (each.kind === "key" || each.kind === "user" || each.kind === "workspace")
    return caller[each.kind] ?? NOBODY;
  return OPEN;
}

function rowOf(claim: Claim, level: Level, tellsAmounts = true): PolicyRow {
  const { policy, meter, counter } = claim;
  return {
    name: policy.name,
    kind: policy.kind,
    subject: counter.subject ?? null,
    enabled: policy.enabled,
    on_breach: policy.onBreach,
    window: meter.unit ?? null,
    timezone: meter.timezone,
    ...(policy.kind === "spend" ? amountsOf(claim, level, tellsAmounts) : rateOf(claim, level, tellsAmounts)),
    starts_at: counter.end === Number.POSITIVE_INFINITY ? null : new Date(counter.start).toISOString(),
    resets_at: counter.end === Number.POSITIVE_INFINITY ? null : new Date(counter.end).toISOString(),
    state: stateOf(claim, level),
  };
}

function amountsOf({ limit }: Claim, { spent, held }: Level, isTold: boolean): Partial<PolicyRow> {
  return {
    limit_usd: formatUsd(limit),
    limit_nano_usd: toJsonNano(limit),
    spent_usd: isTold ? formatUsd(spent) : null,
    spent_nano_usd: isTold ? toJsonNano(spent) : null,
    reserved_nano_usd: isTold ? toJsonNano(held) : null,
  };
}

/** What is held is used: a rate limit is about what is under way, too. */
function rateOf(
  { metric, meter, limit }: Claim,
  { spent, held }: Level,
  isTold: boolean,
): Partial<PolicyRow> {
  return {
    metric,
    per: meter.unit ?? null,
    limit: toJsonNano(limit),
    used: isTold ? toJsonNano(spent + held) : null,
  };
}

function stateOf({ policy, limit }: Claim, { spent, held }: Level): PolicyRow["state"] {
  if (!policy.enabled) return "ok";
  if (policy.kind === "rate") return spent + held >= limit ? "blocked" : "ok";
  if (policy.onBreach === "block" && spent >= limit) return "blocked";
  return isNear(spent, limit, policy) ? "warning" : "ok";
}
