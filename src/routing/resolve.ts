// Turns what a request asks for into a route: key alias → public model → provider/model → declared or discovered id →
// default provider.

import { GatewayError } from "../errors.ts";
import type { Provider, Route, Target, VirtualKey } from "../exchange.ts";
import { quoted } from "../lib/quote.ts";
import { type Discovered, NOTHING_DISCOVERED, type Unasked } from "./discovery.ts";

/** What names can be resolved to: the part of a snapshot that routing reads. */
export interface Directory {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Public models by name. */
  readonly models: ReadonlyMap<string, Route>;
  /** Providers that declare a bare id, by that id. */
  readonly declaredBy: ReadonlyMap<string, readonly Provider[]>;
  /** Providers that have models which the configuration does not name, and can be asked for them. */
  readonly discoverable: readonly Provider[];
  /** Providers of that kind that cannot be asked. */
  readonly unaskable: readonly Unasked[];
  readonly defaultProvider: Provider | undefined;
  /** Names close to one that was not found, among those that the key may call. */
  readonly suggest: (name: string, key: VirtualKey, discovered?: Discovered) => readonly string[];
}

/**
 * The route of a model id on the unified endpoint, as far as the configuration alone decides it; undefined when it
 * depends on what providers say, or on the default provider.
 *
 * @throws {GatewayError} `model_ambiguous`
 */
export function resolveKnown(requested: string, key: VirtualKey, directory: Directory): Route | undefined {
  const name = key.aliases.get(requested) ?? requested;
  const publicModel = directory.models.get(name);
  if (publicModel !== undefined) return publicModel;
  const prefixed = splitProvider(name, directory.providers);
  if (prefixed !== undefined) return routeTo(targetOf(prefixed.provider, prefixed.rest));
  const declaring = onlyOne(name, directory.declaredBy.get(name) ?? []);
  return declaring === undefined ? undefined : routeTo(targetOf(declaring, name));
}

/**
 * The route of a model id on the unified endpoint.
 *
 * @throws {GatewayError} `model_not_found`, `model_ambiguous`
 */
export function resolveModel(
  requested: string,
  key: VirtualKey,
  directory: Directory,
  discovered: Discovered = NOTHING_DISCOVERED,
): Route {
  const known = resolveKnown(requested, key, directory);
  if (known !== undefined) return known;
  const provider = onlyOne(requested, discovered.offering(requested)) ?? directory.defaultProvider;
  if (provider !== undefined) return routeTo(targetOf(provider, requested));
  throw modelNotFound(requested, key, directory, discovered);
}

/** @throws {GatewayError} `model_ambiguous` */
function onlyOne(name: string, offering: readonly Provider[]): Provider | undefined {
  if (offering.length < 2) return offering[0];
  const ids = offering.map((provider) => `${provider.name}/${name}`).join(", ");
  throw new GatewayError(
    "model_ambiguous",
    `the model ${name} is offered by several providers; send one of: ${ids}`,
    { param: "model" },
  );
}

/**
 * The route of `/models/{name}`.
 *
 * @throws {GatewayError} `model_not_found`
 */
export function resolvePublicModel(name: string, key: VirtualKey, directory: Directory): Route {
  const aliased = key.aliases.get(name);
  if (aliased !== undefined) return resolveModel(name, key, directory);
  const route = directory.models.get(name);
  if (route === undefined) throw modelNotFound(name, key, directory);
  return route;
}

/**
 * The provider of `/providers/{name}`.
 *
 * @throws {GatewayError} `provider_not_found`
 */
export function resolveProvider(name: string, directory: Directory): Provider {
  const provider = directory.providers.get(name);
  if (provider === undefined)
    throw new GatewayError(
      "provider_not_found",
      `no provider is named ${quoted(name)}; add it under \`providers\`, or correct the path`,
    );
  return provider;
}

/** A route that leads to one target and has no public name. */
export function routeTo(target: Target): Route {
  return { publicName: undefined, targets: [target] };
}

/** A provider's pin replaces whatever model was asked for. */
export function targetOf(provider: Provider, requested: string | undefined): Target {
  const model = provider.pin ?? requested;
  return { provider, model, id: model === undefined ? provider.name : `${provider.name}/${model}` };
}

/** `provider/rest` with the longest configured provider name; `rest` keeps its slashes. */
export function splitProvider(
  name: string,
  providers: ReadonlyMap<string, Provider>,
): { readonly provider: Provider; readonly rest: string } | undefined {
  for (let slash = name.lastIndexOf("/"); slash > 0; slash = name.lastIndexOf("/", slash - 1)) {
    const provider = providers.get(name.slice(0, slash));
    if (provider !== undefined && slash + 1 < name.length) return { provider, rest: name.slice(slash + 1) };
  }
  return undefined;
}

function modelNotFound(
  name: string,
  key: VirtualKey,
  directory: Directory,
  discovered: Discovered = NOTHING_DISCOVERED,
): GatewayError {
  const close = directory.suggest(name, key, discovered);
  const hint =
    close.length > 0
      ? `did you mean ${close.join(" or ")}?`
      : "see GET /v1/models for what this key can call";
  const message = `the model ${quoted(name)} does not exist here; ${hint}${unaskedHint(discovered.unasked)}`;
  return new GatewayError("model_not_found", message, { param: "model" });
}

/** No reader of an error needs more of them. */
const MAX_UNASKED = 5;

function unaskedHint(unasked: readonly Unasked[]): string {
  if (unasked.length === 0) return "";
  const named = unasked.slice(0, MAX_UNASKED).map(({ provider, reason }) => `${provider.name} (${reason})`);
  const more = unasked.length > MAX_UNASKED ? ` and ${unasked.length - MAX_UNASKED} more` : "";
  return `; could not be asked: ${named.join(", ")}${more}`;
}
