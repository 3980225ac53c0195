// The models that a configuration names, as the holder of a virtual key may call them.

import { compileRule } from "../../access/allowlist.ts";
import { createProviderOf } from "../../config/rules/names.ts";
import type { Config } from "../../config/schema.ts";
import type { VirtualKey } from "../../exchange.ts";
import { isLiteral } from "../../lib/glob.ts";

export interface SiteModel {
  /** What `model` is to be on `/v1`: a public name, an alias of the key, or `provider/model`. */
  readonly id: string;
  readonly provider: string;
  /** The provider's own id: what `model` is to be on a native path. */
  readonly upstreamId: string;
  /** What the provider offers. */
  readonly endpoints: readonly string[];
}

/** Public names first, then the key's own aliases, then declared ids; what the key may not call is left out. */
export function modelsOf(config: Config, key: VirtualKey | undefined): SiteModel[] {
  const providerOf = createProviderOf(Object.keys(config.providers));
  const found: SiteModel[] = [];
  const add = (id: string, target: string, publicName: string | undefined): void => {
    const provider = providerOf(target);
    const settings = provider === undefined ? undefined : config.providers[provider];
    if (provider === undefined || settings === undefined) return;
    const upstreamId = settings.model ?? target.slice(provider.length + 1);
    const model = { id, provider, upstreamId, endpoints: settings.endpoints };
    if (mayCall(model, settings.models, publicName, key)) found.push(model);
  };
  for (const [name, target] of Object.entries(config.models)) add(name, target, name);
  for (const [name, target] of key?.aliases ?? []) {
    const publicTarget = config.models[target];
    add(name, publicTarget ?? target, publicTarget === undefined ? undefined : target);
  }
  for (const [name, { model, models }] of Object.entries(config.providers)) {
    const declared = model === undefined ? (models ?? []).filter(isLiteral) : [model];
    for (const id of declared) add(`${name}/${id}`, `${name}/${id}`, undefined);
  }
  return found;
}

/** As the gateway judges it: every list that has a say must allow. */
function mayCall(
  { provider, upstreamId }: SiteModel,
  offered: readonly string[] | undefined,
  publicName: string | undefined,
  key: VirtualKey | undefined,
): boolean {
  if (!compileRule(provider, offered).every((rule) => rule.allows([upstreamId]))) return false;
  if (key === undefined) return true;
  const full = `${provider}/${upstreamId}`;
  const names = publicName === undefined ? [full] : [full, publicName];
  return (
    key.access.providers.every((rule) => rule.allows([provider])) &&
    key.access.models.every((rule) => rule.allows(names))
  );
}
