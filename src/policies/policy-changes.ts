// What a reload does to counters: which policies start to count at 0, and whether that looks like a renaming.

import type { Policy, PolicySet } from "./policy.ts";

/** `new policy` and `new counter` start at 0; those of a removed policy are kept, should it come back. */
interface PolicyChange {
  readonly name: string;
  readonly kind: Policy["kind"];
  readonly change: "new policy" | "new counter" | "removed";
  /** For people: what may have been meant. */
  readonly hint: string | undefined;
}

/** What changed about counters, in the order of the new file, then what is gone. New limits keep their counters. */
export function policyChanges(before: PolicySet, after: PolicySet): readonly PolicyChange[] {
  const removed = before.all.filter((policy) => counterpartOf(policy, after) === undefined);
  const changes: PolicyChange[] = [];
  for (const policy of after.all) {
    const { name, kind } = policy;
    const known = counterpartOf(policy, before);
    if (known === undefined) {
      const hint = renamingHint(policy, removed);
      changes.push({ name, kind, change: "new policy", hint });
    } else if (!keepsCounters(known, policy))
      changes.push({ name, kind, change: "new counter", hint: undefined });
  }
  return [
    ...changes,
    ...removed.map(({ name, kind }) => ({ name, kind, change: "removed" as const, hint: undefined })),
  ];
}

function counterpartOf({ kind, name }: Policy, { all }: PolicySet): Policy | undefined {
  return all.find((policy) => policy.kind === kind && policy.name === name);
}

function keepsCounters(before: Policy, after: Policy): boolean {
  const shapes = new Set(before.meters.map(({ metric, shape }) => `${metric} ${shape}`));
  return after.meters.every(({ metric, shape }) => shapes.has(`${metric} ${shape}`));
}

function renamingHint(policy: Policy, removed: readonly Policy[]): string | undefined {
  const twin = removed.find((gone) => gone.kind === policy.kind && limitsOf(gone) === limitsOf(policy));
  if (twin === undefined) return undefined;
  return `it looks like ${twin.name} under a new name; counters belong to names, so give it the old one to keep what was counted`;
}

function limitsOf({ meters }: Policy): string {
  return JSON.stringify(meters.map(({ metric, shape, limit }) => [metric, shape, String(limit)]));
}
