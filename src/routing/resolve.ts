// Turns what a request asks for into a route: key alias → public model → provider/model → declared id → default provider.

import { GatewayError } from "../errors.ts";
import type { Provider, Route, Target, VirtualKey } from "../exchange.ts";
import { quoted } from "../lib/quote.ts";

/** What names can be resolved to: the part of a snapshot that routing reads. */
export interface Directory {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Public models by name. */
  readonly models: ReadonlyMap<string, Route>;
  /** Providers that declare a bare id, by that id. */
  readonly declaredBy: ReadonlyMap<string, readonly Provider[]>;
  readonly defaultProvider: Provider | undefined;
  /** Names close to one that was not found, among those that the key may call. */
  readonly suggest: (name: string, key: VirtualKey) => readonly string[];
}

/**
 * The route of a model id on the unified endpoint.
 *
 * @throws {GatewayError} `model_not_found`, `model_ambiguous`
 */
export function resolveModel(requested: string, key: VirtualKey, directory: Directory): Route {
  const name = key.aliases.get(requested) ?? requested;
  const publicModel = directory.models.get(name);
  if (publicModel !== undefined) return publicModel;
  const prefixed = splitProvider(name, directory.providers);
  if (prefixed !== undefined) return routeTo(targetOf(prefixed.provider, prefixed.rest));
  const declaring = directory.declaredBy.get(name) ?? [];
  if (declaring.length > 1) {
    const ids = declaring.map((provider) => `${provider.name}/${name}`).join(", ");
    throw new GatewayError(
      "model_ambiguous",
      `the model ${name} is offered by several providers; send one of: ${ids}`,
      {
        param: "model",
      },
    );
  }
  const provider = declaring[0] ?? directory.defaultProvider;
  if (provider !== undefined) return routeTo(targetOf(provider, name));
  throw modelNotFound(requested, key, directory);
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

function modelNotFound(name: string, key: VirtualKey, directory: Directory): GatewayError {
  const close = directory.suggest(name, key);
  const hint =
    close.length > 0
      ? `did you mean ${close.join(" or ")}?`
      : "see GET /v1/models for what this key can call";
  return new GatewayError("model_not_found", `the model ${quoted(name)} does not exist here; ${hint}`, {
    param: "model",
  });
}
