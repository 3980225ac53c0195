// Sentences of refusals: how a limit stands, and what to do. Amounts only where the policy shows them.

import { showUsd } from "../lib/money.ts";
import type { Level } from "../store/entry.ts";
import type { Claim } from "./policy.ts";

/** The part of a violation that is described. */
interface Described {
  readonly claim: Claim;
  readonly level: Level;
  readonly crowded: boolean;
  readonly amount: bigint;
}

/** Whether the call would pass if no other were running. */
export function isOnlyHeld({ claim: { limit }, level: { spent }, amount, crowded }: Described): boolean {
  return !crowded && spent < limit && spent + amount <= limit;
}

/** Why a spend policy refuses. */
export function describeBudget(violation: Described): string {
  if (isOnlyHeld(violation)) return describeHolds(violation);
  const { claim, level, amount } = violation;
  const { policy, limit, who } = claim;
  const standing = policy.showAmounts ? `Spent ${showUsd(level.spent)} of ${showUsd(limit)} for ${who}` : "";
  if (level.spent >= limit) return `${standing || `The budget for ${who} is used up`}; ${resetOf(claim)}.`;
  const cost = policy.showAmounts
    ? `${standing}; this request may cost ${showUsd(amount)}`
    : `This request may cost more than is left for ${who}`;
  return `${cost}: lower its max_tokens, or wait; ${resetOf(claim)}.`;
}

function describeHolds({
  claim: { policy, limit, who },
  level: { spent, held, holders },
}: Described): string {
  const requests = holders === 1 ? "request" : "requests";
  const running = `held by ${holders === undefined ? "" : `${holders} `}running ${requests}`;
  const advice = `try again when ${holders === 1 ? "it has" : "they have"} ended`;
  return policy.showAmounts
    ? `Of ${showUsd(limit)} for ${who}: ${showUsd(spent)} spent, ${showUsd(held)} ${running}; ${advice}.`
    : `What is left for ${who} is ${running}; ${advice}.`;
}

/** Why a rate limit refuses, or a spend policy that counts too many subjects. */
export function describeRate({ claim, level: { spent, held }, crowded, amount }: Described): string {
  const { metric, limit, meter, policy, who } = claim;
  if (crowded) return describeCrowd(claim);
  const used = spent + held;
  if (metric === "concurrent")
    return `The limit of ${numberOf(limit, "request")} at the same time for ${who} is reached.`;
  const rate = `${numberOf(limit, metric === "tokens" ? "token" : "request")} per ${meter.unit}`;
  if (metric === "tokens" && amount > limit)
    return `This request alone may need ${amount} tokens, more than the limit of ${rate} for ${who}: lower its max_tokens.`;
  if (metric === "tokens" && used < limit) {
    const left = policy.showAmounts ? `${limit - used} are left` : "less is left";
    return `This request may need ${amount} tokens, and of ${rate} for ${who} ${left}; ${resetOf(claim)}.`;
  }
  const standing = policy.showAmounts
    ? `Used ${used} of ${rate} for ${who}`
    : `The limit of ${rate} for ${who} is reached`;
  return `${standing}; ${resetOf(claim)}.`;
}

function numberOf(count: bigint, thing: string): string {
  return `${count} ${thing}${count === 1n ? "" : "s"}`;
}

function describeCrowd(claim: Claim): string {
  const { policy, maxSubjects, metric } = claim;
  const what = policy.each?.kind === "header" ? `values of ${policy.each.header}` : "subjects";
  const reset = metric === "concurrent" ? "try again when requests have ended" : resetOf(claim);
  return `It counts ${maxSubjects ?? "too many"} ${what} already, and no more: send one of those; ${reset}.`;
}

function resetOf({ counter: { end } }: Claim): string {
  if (end === Number.POSITIVE_INFINITY) return "it never resets, so ask whoever runs the gateway for more";
  return `resets ${new Date(end).toISOString().replace(".000Z", "Z")}`;
}
