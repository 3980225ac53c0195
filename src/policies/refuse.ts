// The refusal of a call by policies: which of them, why, and what the caller can do.

import { GatewayError } from "../errors.ts";
import type { Level } from "../store/entry.ts";
import { headerName } from "./header-names.ts";
import type { Claim } from "./policy.ts";
import { describeBudget, describeRate, isOnlyHeld } from "./refusal-text.ts";

/** One counter that stood in the way. */
export interface Violation {
  readonly claim: Claim;
  readonly level: Level;
  /** The policy counts too many subjects already, so this one has no counter. */
  readonly crowded: boolean;
  /** What the call would have held. */
  readonly amount: bigint;
}

/**
 * The error for everything that stood in the way, at least one. `budget_exceeded` (402, or 429 where all its policies say
 * so) wins over `rate_limited`; the message names the policies of the one that won, broadest first.
 */
export function refusalOf(violations: readonly Violation[], nowMs: number): GatewayError {
  const sorted = violations.toSorted(
    ({ claim: { policy: a } }, { claim: { policy: b } }) => a.breadth - b.breadth || a.order - b.order,
  );
  const budgets = sorted.filter(({ claim, crowded }) => claim.policy.kind === "spend" && !crowded);
  return budgets.length > 0 ? budgetExceeded(budgets) : rateLimited(sorted, nowMs);
}

/** No `retry-after`: what has run out comes back at the window's end, which may be a month away. */
function budgetExceeded(violations: readonly Violation[]): GatewayError {
  const isFinal = violations.some(({ claim }) => claim.policy.status === 402);
  return new GatewayError("budget_exceeded", messageOf(violations, describeBudget), {
    headers: policyHeader(violations),
    status: isFinal ? 402 : 429,
    mayRetry: violations.every(isOnlyHeld),
  });
}

function rateLimited(violations: readonly Violation[], nowMs: number): GatewayError {
  const waitMs = Math.max(...violations.map((violation) => waitOf(violation, nowMs)));
  const message = messageOf(violations, describeRate);
  const headers = policyHeader(violations);
  if (waitMs === Number.POSITIVE_INFINITY) return new GatewayError("rate_limited", message, { headers });
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  const hint = violations.some(isTooLarge) ? "" : ` Please retry in ${retryAfterSeconds}s.`;
  return new GatewayError("rate_limited", message + hint, {
    headers,
    retryAfterSeconds,
    retryAfterMs: waitMs,
  });
}

const SECOND_MS = 1_000;

/** Milliseconds until trying again can help, at least 1; a running request may end at any time. */
function waitOf({ claim: { metric, counter } }: Violation, nowMs: number): number {
  return metric === "concurrent" ? SECOND_MS : Math.max(1, counter.end - nowMs);
}

function isTooLarge({ claim, crowded, amount }: Violation): boolean {
  return !crowded && claim.metric === "tokens" && amount > claim.limit;
}

function messageOf(violations: readonly Violation[], describe: (violation: Violation) => string): string {
  const names = namesOf(violations);
  const details = violations.map((violation) => {
    const text = describe(violation);
    return names.length === 1 ? text : `${violation.claim.policy.name}: ${text}`;
  });
  return `Request blocked by gateway policies: ${names.join(", ")}. ${details.join(" ")}`;
}

function policyHeader(violations: readonly Violation[]): Readonly<Record<string, string>> {
  return { "x-postern-policy": namesOf(violations).map(headerName).join(", ") };
}

/** A rate limit may be violated in several ways, and is one policy. */
function namesOf(violations: readonly Violation[]): readonly string[] {
  return [...new Set(violations.map(({ claim }) => claim.policy.name))];
}
