// Compiles what model names resolve to: public models, declared ids, and the names to suggest for a typing error.

import type { Config } from "../config/schema.ts";
import type { Provider, Route, VirtualKey } from "../exchange.ts";
import { closest } from "../lib/did-you-mean.ts";
import { type Directory, splitProvider, targetOf } from "../routing/resolve.ts";
import { listModels } from "./list-models.ts";

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
  const directory: Directory = {
    providers,
    models,
    declaredBy,
    defaultProvider: providers.get(config.default_provider ?? ""),
    suggest: (name: string, key: VirtualKey) =>
      closest(
        name,
        listModels(key, directory).flatMap(({ id, owner }) => {
          const bare = id.slice(owner.length + 1);
          return declaredBy.get(bare)?.length === 1 ? [id, bare] : [id];
        }),
      ),
  };
  return directory;
}
