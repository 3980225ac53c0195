// Warns callers that a budget is nearly used up: the value of `x-postern-budget-warning`.

import type { Level } from "../store/entry.ts";
import { headerName } from "./header-names.ts";
import type { Claim, Policy } from "./policy.ts";

/**
 * `NAME;P%` of every spend policy at or above its `warn_at`, with commas between them; undefined when there is none.
 * P = spent ÷ limit before this call; where a policy only warns this call's estimate is part of it.
 *
 * @param levels how the claims' counters stood before this call, in the same order
 * @param heldNanoUsd what this call may cost
 */
export function warningsOf(
  claims: readonly Claim[],
  levels: readonly Level[],
  heldNanoUsd: bigint,
): string | undefined {
  let warnings: string | undefined;
  for (let index = 0; index < claims.length; index++) {
    const claim = claims[index];
    const level = levels[index];
    if (claim?.metric !== "usd" || level === undefined || !claim.policy.enabled) continue;
    const { policy, limit } = claim;
    const used = policy.onBreach === "warn" ? level.spent + heldNanoUsd : level.spent;
    if (!isNear(used, limit, policy)) continue;
    const warning = `${headerName(policy.name)};${percentOf(used, limit)}%`;
    warnings = warnings === undefined ? warning : `${warnings}, ${warning}`;
  }
  return warnings;
}

/** Whether a policy warns at this amount. */
export function isNear(used: bigint, limit: bigint, { warnAt }: Policy): boolean {
  return used * 100n >= limit * BigInt(warnAt);
}

/** Rounded down, so that 100 means the limit is reached; a limit of 0 always is. */
function percentOf(used: bigint, limit: bigint): bigint {
  return limit === 0n ? 100n : (used * 100n) / limit;
}
