// What a caller may use: every list that applies must allow, and a refusal names the one that did not.

import { GatewayError } from "../errors.ts";
import type { AccessRule, Provider, Target, VirtualKey } from "../exchange.ts";
import { compileGlobs } from "../lib/glob.ts";

/** One allowlist of the configuration; undefined (no list) allows everything and so is no rule. */
export function compileRule(owner: string, patterns: readonly string[] | undefined): AccessRule[] {
  return patterns === undefined ? [] : [{ owner, patterns, allows: compileGlobs(patterns) }];
}

/** The names that allowlists judge a target by: its full id, and the public name it was reached by. */
function namesOf(target: Target, publicName: string | undefined): readonly string[] {
  const id = target.model === undefined ? `${target.provider.name}/` : target.id;
  return publicName === undefined ? [id] : [id, publicName];
}

/** Why the caller may not use the provider at all; undefined = it may. */
export function providerRefusalOf(key: VirtualKey, provider: Provider): GatewayError | undefined {
  const names = [provider.name];
  const rule = key.access.providers.find(({ allows }) => !allows(names));
  if (rule === undefined) return undefined;
  return new GatewayError(
    "provider_not_allowed",
    `the provider ${provider.name} is not allowed by \`providers_allowed\` of ${rule.owner}`,
  );
}

/** Why the caller may not use the target; undefined = it may. */
export function refusalOf(
  key: VirtualKey,
  target: Target,
  publicName: string | undefined,
): GatewayError | undefined {
  const refusal = providerRefusalOf(key, target.provider);
  if (refusal !== undefined) return refusal;
  const names = namesOf(target, publicName);
  for (const rule of key.access.models)
    if (!rule.allows(names)) return notAllowed(target, `\`models_allowed\` of ${rule.owner}`);
  const { models } = target.provider;
  if (models !== undefined && !models.allows([target.model ?? ""]))
    return notAllowed(target, `\`models\` of ${models.owner}`);
  return undefined;
}

function notAllowed(target: Target, list: string): GatewayError {
  const what =
    target.model === undefined ? `calling ${target.provider.name} without a model` : `the model ${target.id}`;
  return new GatewayError("model_not_allowed", `${what} is not allowed by ${list}; see GET /v1/models`, {
    param: "model",
  });
}
