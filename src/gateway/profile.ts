// Who calls what, as one object per combination, so that rows of the store can refer to it by number.

import type { Target, VirtualKey } from "../exchange.ts";
import type { Claim } from "../policies/policy.ts";
import type { Profile } from "../store/entry.ts";
import { withoutKeys } from "../telemetry/record.ts";

/** Callers may name models that nobody has heard of: more combinations than this per key are made anew. */
const MAX_KEPT = 1_000;

/** No model that exists has a longer name; policies and all. */
const MAX_KEPT_LENGTH = 4_096;

const kept = new WeakMap<VirtualKey, Map<string, Profile>>();

/** The profile of a call; the same object for the same caller, target and policies while the configuration lasts. */
export function profileOf(key: VirtualKey, target: Target | undefined, claims: readonly Claim[]): Profile {
  const policies = namesOf(claims);
  // The provider apart: `a/b/c` may be `b/c` of `a`, or `c` of `a/b`.
  const text = `${target?.provider.name ?? ""}\n${target?.id ?? ""}\n${policies.join("\n")}`;
  let profiles = kept.get(key);
  if (profiles === undefined) {
    profiles = new Map();
    kept.set(key, profiles);
  }
  const known = profiles.get(text);
  if (known !== undefined) return known;
  const profile: Profile = {
    key: key.name,
    user: key.user,
    workspace: key.workspace,
    tags: key.tags,
    provider: target?.provider.name,
    model: withoutKeys(target?.model),
    policies,
  };
  if (profiles.size < MAX_KEPT && text.length <= MAX_KEPT_LENGTH) profiles.set(text, profile);
  return profile;
}

/** A rate limit may have several counters, and is one policy. */
function namesOf(claims: readonly Claim[]): readonly string[] {
  if (claims.length === 0) return NONE;
  const names: string[] = [];
  for (const { policy } of claims) if (!names.includes(policy.name)) names.push(policy.name);
  return names;
}

const NONE: readonly string[] = [];
