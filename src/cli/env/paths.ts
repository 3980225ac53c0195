// Which path of the gateway a client has to call, so that the format it speaks finds a provider that speaks it too.

import { AWS_KEY_VARIABLES } from "../../catalog/aws.ts";
import { DIALECTS, PROVIDERS } from "../../catalog/providers.ts";
import type { Dialect } from "../../exchange.ts";
import { MODEL_PLACEHOLDER, type Site } from "./site.ts";

export interface ClientPath {
  /** Without a trailing slash and without a version: `http://127.0.0.1:4000/anthropic`. */
  readonly base: string;
  /** What `model` is to be there. */
  readonly model: string;
  /** What the configuration lacks, in whole sentences; empty = nothing. */
  readonly missing: readonly string[];
}

/** The native path of a dialect: `/gemini`, or `/providers/NAME` where the provider has another name. */
export function nativePath(site: Site, dialect: Dialect): ClientPath {
  const found = nativeProvider(site, dialect);
  const missing = found === undefined ? [missingPreset(dialect)] : [];
  const base =
    found === undefined || found === dialect ? `/${dialect}` : `/providers/${encodeURIComponent(found)}`;
  return { base: site.root + base, model: nativeModel(site, found), missing };
}

/**
 * Where Anthropic's Messages are served: at the native path where there is such a provider, else at the endpoint for
 * all models, if any provider offers them.
 */
export function messagesPath(site: Site): ClientPath {
  if (nativeProvider(site, DIALECTS.anthropic) !== undefined) return nativePath(site, DIALECTS.anthropic);
  const offering = site.providers.find(({ endpoints }) => endpoints.includes("messages"));
  if (offering === undefined) {
    const native = nativePath(site, DIALECTS.anthropic);
    const orElse = "A server that offers /v1/messages will do as well: add `messages` to its `endpoints`.";
    return { ...native, missing: [...native.missing, orElse] };
  }
  return { base: site.root, model: modelFor(site, "messages"), missing: [] };
}

/** A model for `/v1` whose provider offers the endpoint; else a placeholder that says which provider's. */
export function modelFor(site: Site, endpoint: string): string {
  const known = site.models.find(({ endpoints }) => endpoints.includes(endpoint));
  if (known !== undefined) return known.id;
  const provider = site.providers.find(({ endpoints }) => endpoints.includes(endpoint));
  return provider === undefined ? site.model : `${provider.name}/${MODEL_PLACEHOLDER}`;
}

/** What to say where no provider offers an endpoint of `/v1`. */
export function missingEndpoint(site: Site, endpoint: string): readonly string[] {
  if (site.providers.some(({ endpoints }) => endpoints.includes(endpoint))) return [];
  return [`No provider of this configuration offers \`${endpoint}\`: add it to a provider's \`endpoints\`.`];
}

/** The provider named like the preset, else the first of that type. */
function nativeProvider({ providers }: Site, dialect: Dialect): string | undefined {
  const ofType = providers.filter(({ type }) => type === dialect);
  return (ofType.find(({ name }) => name === dialect) ?? ofType[0])?.name;
}

function nativeModel({ models }: Site, provider: string | undefined): string {
  return models.find((model) => model.provider === provider)?.upstreamId ?? MODEL_PLACEHOLDER;
}

function missingPreset(dialect: Dialect): string {
  const preset = PROVIDERS[dialect];
  const settings = preset?.place === "region" ? `{ ${preset.place}: … }` : "{}";
  const { accessKeyId, secretAccessKey } = AWS_KEY_VARIABLES;
  const secrets = preset?.secrets ?? [];
  const variables =
    dialect === DIALECTS.bedrock ? [...secrets, `${accessKeyId} and ${secretAccessKey}`] : secrets;
  return `No provider of this configuration is ${preset?.title ?? dialect}: add \`${dialect}: ${settings}\` under \`providers:\` and set ${variables.join(" or ")}.`;
}
