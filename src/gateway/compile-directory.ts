// Compiles what model names resolve to: public models, declared ids, and the names to suggest for a typing error.

import type { Config } from "../config/schema.ts";
import type { Provider, Route } from "../exchange.ts";
import { closest } from "../lib/did-you-mean.ts";
import { isLiteral } from "../lib/glob.ts";
import { NOTHING_DISCOVERED, type Unasked } from "../routing/discovery.ts";
import { type Directory, splitProvider, targetOf } from "../routing/resolve.ts";
import { isServedBelowV1 } from "./ask-models.ts";
import { hasCredential, listModels } from "./list-models.ts";

/** The directory of a configuration that has passed its checks. */
export function compileDirectory(config: Config, providers: ReadonlyMap<string, Provider>): Directory {
  const models = new Map<string, Route>();
  for (const [name, id] of Object.entries(config.models)) {
    const found = splitProvider(id, providers);
    if (found !== undefined)
      models.set(name, { publicName: name, targets: [targetOf(found.provider, found.rest)] });
  }
  const declaredBy = new Map<string, Provider[]>();
  for (const provider of providers.values())
    for (const id of provider.declared) declaredBy.set(id, [...(declaredBy.get(id) ?? []), provider]);
  const open = [...providers.values()].filter(hasUnnamedModels);
  const directory: Directory = {
    providers,
    models,
    declaredBy,
    discoverable: open.filter((provider) => reasonNotToAsk(provider) === undefined),
    unaskable: open.flatMap(unasked),
    defaultProvider: providers.get(config.default_provider ?? ""),
    suggest: (name, key, discovered = NOTHING_DISCOVERED) => {
      const isBareName = (id: string): boolean =>
        (declaredBy.get(id) ?? discovered.offering(id)).length === 1;
      const listed = listModels(key, directory, discovered).slice(0, MAX_COMPARED);
      return closest(
        name,
        listed.flatMap(({ id, owner }) => {
          const bare = id.slice(owner.length + 1);
          return isBareName(bare) ? [id, bare] : [id];
        }),
      );
    },
  };
  return directory;
}

/** Looking for close names takes time, and providers may list thousands. */
const MAX_COMPARED = 1_000;

/**
 * Whether only the provider itself knows all its models: nothing pins one, and its list is absent or has wildcards. None
 * of those whose paths are their own is asked: nothing below `/v1` leads there.
 */
function hasUnnamedModels({ pin, models, endpoints, dialect }: Provider): boolean {
  if (!isServedBelowV1(dialect) || pin !== undefined || !endpoints.has("models")) return false;
  if (models === undefined) return true;
  const { patterns } = models;
  return (
    patterns[0]?.startsWith("!") === true ||
    patterns.some((pattern) => !pattern.startsWith("!") && !isLiteral(pattern))
  );
}

function unasked(provider: Provider): Unasked[] {
  const reason = reasonNotToAsk(provider);
  return reason === undefined ? [] : [{ provider, reason }];
}

function reasonNotToAsk(provider: Provider): string | undefined {
  if (!hasCredential(provider)) return `no credential; set ${provider.credentialName}`;
  return provider.auth.kind === "passthrough" ? "it has no credential of its own" : undefined;
}
