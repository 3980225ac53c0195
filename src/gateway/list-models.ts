// What a key can call now: public names, its own aliases, declared and discovered models, each once.

import { refusalOf } from "../access/allowlist.ts";
import type { Provider, Route, Target, VirtualKey } from "../exchange.ts";
import { type Discovered, NOTHING_DISCOVERED } from "../routing/discovery.ts";
import { type Directory, resolveModel, routeTo, splitProvider, targetOf } from "../routing/resolve.ts";

export interface ListedModel {
  readonly id: string;
  /** Name of the provider behind it. */
  readonly owner: string;
}

/** Every id that the key may send on the unified endpoint, as far as configuration and providers have named them. */
export function listModels(
  key: VirtualKey,
  directory: Directory,
  discovered: Discovered = NOTHING_DISCOVERED,
): ListedModel[] {
  const listed = new Map<string, ListedModel>();
  const add = (id: string, route: Route): void => {
    const target = route.targets.find((candidate) => isCallable(key, candidate, route.publicName));
    if (target !== undefined && !listed.has(id)) listed.set(id, { id, owner: target.provider.name });
  };
  for (const [name, route] of directory.models) add(name, route);
  for (const name of key.aliases.keys()) add(name, resolveModel(name, key, directory));
  for (const provider of directory.providers.values())
    for (const id of [...provider.declared, ...discovered.idsOf(provider)]) {
      const target = targetOf(provider, id);
      // An id that begins like the name of another provider leads to that one.
      if (splitProvider(target.id, directory.providers)?.provider === provider)
        add(target.id, routeTo(target));
    }
  return [...listed.values()];
}

/** Allowed, and its credential is there, or the caller may have one. */
function isCallable(key: VirtualKey, target: Target, publicName: string | undefined): boolean {
  const { provider } = target;
  return (
    (hasCredential(provider) || provider.subscriptionLogins) &&
    refusalOf(key, target, publicName) === undefined
  );
}

/** Whether the provider has the credential that its way of authenticating needs: what is exchanged or signs is there. */
export function hasCredential({ auth, credential }: Provider): boolean {
  return (auth.kind !== "header" && auth.kind !== "query") || credential !== undefined;
}
