// Compiles one provider: its preset's row, overlaid with what the configuration says.

import { readFileSync } from "node:fs";
import { compileRule } from "../access/allowlist.ts";
import { AWS_KEY_VARIABLES } from "../catalog/aws.ts";
import { DEFAULT_LOCATION, placedUrl } from "../catalog/places.ts";
import { DIALECTS, OWN_AUTHS, PROVIDERS, type ProviderPreset } from "../catalog/providers.ts";
import type { ProviderConfig } from "../config/schema.ts";
import type {
  LocalRequest,
  Provider,
  RequestSigner,
  Server,
  TokenSource,
  UpstreamAuth,
  VertexPlaces,
} from "../exchange.ts";
import { durationMs } from "../lib/duration.ts";
import { isLiteral } from "../lib/glob.ts";
import { Secret } from "../lib/secret.ts";
import { readServiceAccount, type ServiceAccount } from "../lib/service-account.ts";
import { originOf, providerRoot, unversionedRoot } from "../upstream/url.ts";

export interface ProviderDeps {
  /** Makes the provider that answers from the file itself. */
  readonly createMock: (
    settings: NonNullable<ProviderConfig["mock"]>,
    name: string,
  ) => (request: LocalRequest) => Promise<Response>;
  /** The variable that a provider's credential is written as in the file, by the provider's name. */
  readonly credentialNames: ReadonlyMap<string, string>;
  readonly credentials: CredentialDeps;
}

/** Makes what pays for calls where a secret is not simply sent. */
export interface CredentialDeps {
  /** Access tokens of an account; the same source again while nothing about it changes. */
  tokens(account: ServiceAccount, whose: { provider: string; httpProxy: string | undefined }): TokenSource;
  /** A signer with the access keys of the environment; undefined where there are none. */
  signer(region: string): RequestSigner | undefined;
  /** Secrets of the environment that the configuration does not hold. */
  readonly secrets: readonly string[];
}

/** The provider of that name; its configuration has passed its checks. */
export function compileProvider(name: string, config: ProviderConfig, deps: ProviderDeps): Provider {
  const preset = presetOf(config.type);
  const account = config.auth === OWN_AUTHS.serviceAccount ? accountOf(config) : undefined;
  const places = preset.dialect === DIALECTS.vertex ? compilePlaces(config, preset, account) : undefined;
  const { root, origin } = serverAt(config, preset, places?.locations[0]);
  const [models] = compileRule(`provider ${name}`, config.models);
  const literals = (config.models ?? []).filter(isLiteral).filter((id) => models?.allows([id]) === true);
  return {
    name,
    type: config.type,
    dialect: preset.dialect,
    places,
    subscriptionLogins: config.subscription_logins === true,
    root,
    auth: compileAuth(name, config, account, deps.credentials),
    credential: compileCredential(config),
    credentialName: deps.credentialNames.get(name) ?? credentialName(preset),
    pin: config.model,
    models,
    declared: config.model === undefined ? [...new Set(literals)] : [config.model],
    endpoints: new Set(config.endpoints),
    headers: lowerCased(config.headers),
    forwardHeaders: config.forward_headers.map((header) => header.toLowerCase()),
    timeouts: {
      connectMs: durationMs(config.timeouts.connect),
      firstByteMs: durationMs(config.timeouts.first_byte),
      idleMs: durationMs(config.timeouts.idle),
      totalMs: durationMs(config.timeouts.total),
    },
    concurrency: compileConcurrency(config),
    tls: {
      ca: config.tls?.ca_file === undefined ? undefined : readFileSync(config.tls.ca_file, "utf8"),
      insecure: config.tls?.insecure === true,
    },
    httpProxy: config.http_proxy,
    origin,
    streamUsage: config.stream_usage,
    repair:
      !preset.versionInPath &&
      (config.normalize === "on" || (config.normalize === "auto" && !preset.firstParty)),
    local: preset.local === true ? compileLocal(name, config, literals, deps) : undefined,
  };
}

function compileConcurrency(config: ProviderConfig): Provider["concurrency"] {
  if (config.max_concurrent === undefined) return undefined;
  return {
    maxConcurrent: config.max_concurrent,
    maxQueue: config.max_queue,
    queueTimeoutMs: durationMs(config.queue_timeout),
  };
}

function credentialName({ secrets, signs }: ProviderPreset): string {
  const own = "`api_key` of the provider";
  const { accessKeyId, secretAccessKey } = AWS_KEY_VARIABLES;
  const keys = signs ? `, ${accessKeyId} with ${secretAccessKey}` : "";
  return secrets[0] === undefined ? own : `${secrets[0]}${keys}, or ${own}`;
}

/** Root of the addresses that a provider is called at; empty where no network is in between. */
export function rootOf(config: ProviderConfig): string {
  return serverAt(config, presetOf(config.type), [config.location ?? DEFAULT_LOCATION].flat()[0]).root;
}

/** Where calls go: to the `base_url`, else to the preset's address with region, location or resource filled in. */
function serverAt(config: ProviderConfig, preset: ProviderPreset, location: string | undefined): Server {
  const url = config.base_url ?? presetUrl(config, preset, location);
  const root = url === undefined ? "" : preset.versionInPath ? unversionedRoot(url) : providerRoot(url);
  return { root, origin: originOf(config.http_proxy ?? root) };
}

function presetUrl(
  config: ProviderConfig,
  { baseUrl, place }: ProviderPreset,
  location: string | undefined,
): string | undefined {
  if (baseUrl === undefined || place === undefined) return baseUrl;
  const filled = place === "location" ? location : config[place];
  return filled === undefined ? undefined : placedUrl(baseUrl, place, filled);
}

function compilePlaces(
  config: ProviderConfig,
  preset: ProviderPreset,
  account: ServiceAccount | undefined,
): VertexPlaces {
  const locations = [config.location ?? DEFAULT_LOCATION].flat();
  const servers = locations.map((location) => [location, serverAt(config, preset, location)] as const);
  return {
    projects: [config.project ?? account?.project ?? []].flat(),
    locations,
    servers: new Map(config.base_url === undefined ? servers : []),
  };
}

/** Undefined while there is no key file. */
function accountOf({ api_key: text = "" }: ProviderConfig): ServiceAccount | undefined {
  if (text === "") return undefined;
  const reading = readServiceAccount(text);
  return "account" in reading ? reading.account : undefined;
}

/** What is sent as it is; key files and access keys never are. */
function compileCredential({ auth, api_key: text = "" }: ProviderConfig): Secret | undefined {
  const isOwn = auth === OWN_AUTHS.serviceAccount || auth === OWN_AUTHS.accessKeys;
  return isOwn || text === "" ? undefined : new Secret(text);
}

function presetOf(type: string): ProviderPreset {
  const preset = PROVIDERS[type];
  if (preset === undefined) throw new Error(`no preset is called ${type}`);
  return preset;
}

/** A secret to exchange or to sign with that is missing leaves a bearer token that is not there: calls say so. */
function compileAuth(
  name: string,
  config: ProviderConfig,
  account: ServiceAccount | undefined,
  credentials: CredentialDeps,
): UpstreamAuth {
  const { auth, region = "" } = config;
  if (auth === OWN_AUTHS.serviceAccount) {
    if (account === undefined) return BEARER;
    const whose = { provider: name, httpProxy: config.http_proxy };
    return { kind: "google-service-account", tokens: credentials.tokens(account, whose) };
  }
  if (auth === OWN_AUTHS.accessKeys) {
    const signer = credentials.signer(region);
    return signer === undefined ? BEARER : { kind: "sigv4", signer };
  }
  if (auth === "none") return { kind: "none" };
  if (auth === "passthrough") return { kind: "passthrough" };
  if (auth === "bearer") return BEARER;
  if (auth === "api-key") return { kind: "header", header: "api-key", prefix: "" };
  if ("query" in auth) return { kind: "query", parameter: auth.query };
  return { kind: "header", header: auth.header.toLowerCase(), prefix: auth.prefix };
}

const BEARER: UpstreamAuth = { kind: "header", header: "authorization", prefix: "Bearer " };

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The provider that answers by itself lists the models that the provider declares, unless it was told others. */
function compileLocal(
  name: string,
  config: ProviderConfig,
  declared: readonly string[],
  deps: ProviderDeps,
): Provider["local"] {
  if (config.mock === undefined) return undefined;
  const settings = declared.length === 0 ? config.mock : { models: [...declared], ...config.mock };
  return deps.createMock(settings, name);
}
