// Rules of prices: patterns that price nothing, and models that a budget cannot count.

import { hasBundledPrices } from "../../catalog/prices.ts";
import { DEFAULT_TYPE } from "../../catalog/providers.ts";
import { compileGlob, compileGlobs, isLiteral } from "../../lib/glob.ts";
import { shortName } from "../problem.ts";
import type { Scene } from "../scene.ts";
import type { AppliesToConfig, ProviderConfig } from "../schema.ts";
import { createProviderOf } from "./names.ts";

export function checkPricing(scene: Scene): void {
  if (!scene.complete) return;
  const providers = scene.names(["providers"]);
  for (const pattern of scene.names(["pricing", "models"])) {
    const isUsed = providers.some((name) => canBegin(pattern, `${name}/`));
    if (!isUsed && pattern !== "" && !pattern.startsWith("!"))
      scene.warning(
        ["pricing", "models", pattern],
        "is the price of nothing: write provider/model with a configured provider; `*` stands for any run of characters",
        "key",
      );
  }
  if (scene.isPriced !== undefined && scene.sound(["pricing"])) checkUnpriced(scene, scene.isPriced);
}

/** Whether a pattern can match a text that begins so. */
function canBegin(pattern: string, start: string): boolean {
  const star = pattern.indexOf("*");
  const fixed = star < 0 ? pattern : pattern.slice(0, star);
  return fixed.startsWith(start) || (star >= 0 && start.startsWith(fixed));
}

/** A model of a provider that the file itself names. */
interface Target {
  readonly provider: string;
  /** `provider/model`, or `provider/*` for all models of a provider that none can have a price of. */
  readonly id: string;
  readonly publicNames: readonly string[];
}

const SHOWN = 5;

/** Says of every budget which of its models have no price, so that calls of them would not count. */
function checkUnpriced(scene: Scene, isBundled: (presetType: string, model: string) => boolean): void {
  const { spend_policies: policies, pricing } = scene.config;
  const named = Object.values(policies).flatMap(({ applies_to: whom }) => whom?.models ?? []);
  const isOwn = matcherOf(Object.keys(pricing.models));
  const unpriced = targetsOf(scene, named).filter(({ provider, id }) => {
    const type = scene.config.providers[provider]?.type ?? DEFAULT_TYPE;
    return !isOwn(id) && !isBundled(type, id.slice(provider.length + 1));
  });
  const consequence = pricing.unpriced === "block" ? "are refused" : "count as 0";
  for (const [name, { applies_to: whom, enabled }] of Object.entries(policies)) {
    const ids = enabled ? unpriced.filter(scopeOf(whom)).map(({ id }) => shortName(id)) : [];
    if (ids.length === 0) continue;
    const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : "";
    scene.warning(
      ["spend_policies", name, "limit_usd"],
      `cannot count calls of ${ids.slice(0, SHOWN).join(", ")}${more}: there is no price, so they ${consequence}; pricing.models gives one`,
      "key",
    );
  }
}

function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const literal = new Set(patterns.filter(isLiteral));
  const globs = patterns.filter((pattern) => !isLiteral(pattern)).map(compileGlob);
  return (name) => literal.has(name) || globs.some((matches) => matches(name));
}

function scopeOf(whom: AppliesToConfig | undefined): (target: Target) => boolean {
  const isProvider = whom?.providers && compileGlobs(whom.providers);
  const isModel = whom?.models && compileGlobs(whom.models);
  return ({ provider, id, publicNames }) =>
    isProvider?.([provider]) !== false && isModel?.([id, ...publicNames]) !== false;
}

/** All models that the file names, each once; `more`: further ids, where a provider of the file is in front. */
function targetsOf(scene: Scene, more: readonly string[]): Target[] {
  const { providers, models, keys } = scene.config;
  const providerOf = createProviderOf(Object.keys(providers));
  const targets = new Map<string, Target & { publicNames: string[] }>();
  const add = (provider: string, model: string, publicNames: readonly string[]) => {
    // A pin replaces whatever model was asked for.
    const id = `${provider}/${providers[provider]?.model ?? model}`;
    const known = targets.get(id) ?? { provider, id, publicNames: [] };
    known.publicNames.push(...publicNames);
    targets.set(id, known);
  };
  const addId = (id: string, publicNames: readonly string[] = []) => {
    const provider = isLiteral(id) ? providerOf(id) : undefined;
    if (provider !== undefined) add(provider, id.slice(provider.length + 1), publicNames);
  };
  for (const [name, provider] of Object.entries(providers))
    for (const model of declaredModels(provider)) add(name, model, []);
  for (const [name, id] of Object.entries(models)) addId(id, [name]);
  for (const key of Object.values(keys)) for (const id of Object.values(key.aliases)) addId(id);
  for (const id of more) addId(id);
  for (const [name, provider] of Object.entries(providers)) {
    const isNamed = [...targets.values()].some((target) => target.provider === name);
    if (!isNamed && !hasBundledPrices(provider.type) && !hasOwnPrice(scene, name)) add(name, "*", []);
  }
  return [...targets.values()];
}

function declaredModels({ model, models = [], mock }: ProviderConfig): readonly string[] {
  return model === undefined ? [...models, ...(mock?.models ?? [])].filter(isLiteral) : [model];
}

function hasOwnPrice(scene: Scene, provider: string): boolean {
  return Object.keys(scene.config.pricing.models).some((pattern) => canBegin(pattern, `${provider}/`));
}
