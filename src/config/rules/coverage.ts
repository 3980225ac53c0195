// Warnings of calls that pass by a policy although somebody may think that it counts them.

import { shortName } from "../problem.ts";
import type { Scene } from "../scene.ts";
import type { AppliesToConfig, KeyConfig } from "../schema.ts";
import type { Scope } from "./applies-to.ts";

type Policies = Readonly<Record<string, Scope & { readonly enabled: boolean; readonly on_breach?: string }>>;

/** Keys without user and workspace: a policy that counts each of those does not hold for them. */
export function checkOwnerlessKeys(scene: Scene): void {
  const { spend_policies: spendPolicies, rate_limits: rateLimits, keys } = scene.config;
  const policies = [
    ...Object.entries<Scope & { enabled: boolean }>(spendPolicies),
    ...Object.entries(rateLimits),
  ];
  const counting = policies.filter(
    ([, { each, enabled }]) => enabled && (each === "user" || each === "workspace"),
  );
  if (counting.length === 0) return;
  for (const [name, key] of Object.entries(keys)) {
    if (!isOwnerless(key) || !scene.sound(["keys", name])) continue;
    const [policy, scope] = counting.find(([, { applies_to: whom }]) => mayApply(whom, name)) ?? [];
    if (policy === undefined) continue;
    const message = `has neither user nor workspace: \`${shortName(policy)}\` counts each ${scope?.each} and does not hold for it`;
    scene.warning(["keys", name], message, "key");
  }
}

function isOwnerless({ user, workspace, disabled }: KeyConfig): boolean {
  return user === undefined && workspace === undefined && !disabled;
}

/** Whether a policy means calls of a key that has neither user nor workspace. */
function mayApply(appliesTo: AppliesToConfig | undefined, key: string): boolean {
  if (appliesTo === undefined) return true;
  const { workspaces, users, keys } = appliesTo;
  return workspaces === undefined && users === undefined && (keys === undefined || keys.includes(key));
}

/** Callers choose their own headers: a policy that goes by one needs another beside it that does not. */
export function checkHeaderCover(scene: Scene): void {
  const { spend_policies: spendPolicies, rate_limits: rateLimits } = scene.config;
  const sections: Readonly<Record<string, Policies>> = {
    spend_policies: spendPolicies,
    rate_limits: rateLimits,
  };
  for (const [section, policies] of Object.entries(sections)) {
    const all = Object.entries(policies).filter(([, policy]) => policy.enabled);
    const covering = all
      .map(([, policy]) => policy)
      .filter((policy) => !isByHeader(policy) && policy.on_breach !== "warn");
    for (const [name, policy] of all) {
      if (!isByHeader(policy) || covering.some((other) => covers(other.applies_to, policy.applies_to)))
        continue;
      const message =
        "goes by a header, which callers set as they like, and no other policy limits the same calls: add one without a header";
      const setting = typeof policy.each === "object" ? ["each"] : ["applies_to", "header"];
      scene.warning([section, name, ...setting], message, "key");
    }
  }
}

function isByHeader({ applies_to: appliesTo, each }: Scope): boolean {
  return typeof each === "object" || appliesTo?.header !== undefined;
}

/** Whether one `applies_to` takes in all that another does; patterns are compared as texts. */
function covers(wide: AppliesToConfig | undefined, narrow: AppliesToConfig | undefined): boolean {
  const fields = ["workspaces", "users", "keys", "providers", "models"] as const;
  return fields.every((field) => {
    const names = wide?.[field];
    return names === undefined || (narrow?.[field]?.every((name) => names.includes(name)) ?? false);
  });
}
