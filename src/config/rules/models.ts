// Rules of public model names and of the provider for everything else.

import { shortName } from "../problem.ts";
import type { Scene } from "../scene.ts";
import { createProviderOf } from "./names.ts";

export function checkModels(scene: Scene): void {
  if (!scene.complete) return;
  const providers = scene.names(["providers"]);
  const names = { providers, known: new Set(providers), models: new Set(scene.names(["models"])) };
  const providerOf = createProviderOf(providers);
  for (const [name, target] of Object.entries(scene.config.models)) {
    if (providerOf(target) === undefined) scene.error(["models", name], targetProblem(scene, target, names));
  }
  const fallback = scene.config.default_provider;
  if (fallback !== null && !names.known.has(fallback))
    scene.error(["default_provider"], `is not a configured provider${scene.suggest(fallback, providers)}`);
}

interface Names {
  readonly providers: readonly string[];
  readonly known: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
}

function targetProblem(scene: Scene, target: string, { providers, known, models }: Names): string {
  const only = target.endsWith("/") ? target.slice(0, -1) : target;
  if (known.has(only)) return `names a provider only: add the model after \`${shortName(only)}/\``;
  if (models.has(target)) return "names another public name: an alias is always provider/model";
  const guess = scene.suggest(target.split("/", 1)[0] ?? "", providers);
  return `must be provider/model with a configured provider${guess}`;
}
