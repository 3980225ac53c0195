// How the policies stand, for administrators and for metrics.

import type { PolicySet } from "../policies/policy.ts";
import { policyRows } from "../policies/status-rows.ts";
import type { Ledger } from "../store/ledger.ts";
import type { PolicyGauge } from "../telemetry/gauges.ts";

type Standing = Pick<Ledger, "now" | "level" | "counters">;

/** One row of `GET policies`, as it is answered. */
export type PolicyRow = ReturnType<typeof policyRows>[number];

/** All policies as they stand now, in the order of the file. */
export function describePolicies(policies: PolicySet, ledger: Standing): readonly PolicyRow[] {
  return policyRows(policies, ledger);
}

/** Spend policies for metrics. Subjects that clients choose by a header stay unnamed. */
export function policyGauges(policies: PolicySet, ledger: Standing): readonly PolicyGauge[] {
  const byHeader = new Set(
    policies.all.filter(({ each }) => each?.kind === "header").map(({ name }) => name),
  );
  return policyRows(policies, ledger).flatMap(({ kind, name, subject, ...row }) =>
    kind !== "spend"
      ? []
      : {
          policy: name,
          subject: subject === null || byHeader.has(name) ? undefined : subject,
          spentNanoUsd: BigInt(row.spent_nano_usd ?? 0),
          limitNanoUsd: BigInt(row.limit_nano_usd ?? 0),
        },
  );
}
