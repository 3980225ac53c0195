// Compiles one provider: its preset's row, overlaid with what the configuration says.

import { readFileSync } from "node:fs";
import { compileRule } from "../access/allowlist.ts";
import { type AuthSetting, PROVIDERS, type ProviderPreset } from "../catalog/providers.ts";
import type { AuthConfig, ProviderConfig } from "../config/schema.ts";
import type { LocalRequest, Origin, Provider, UpstreamAuth } from "../exchange.ts";
import { durationMs } from "../lib/duration.ts";
import { isLiteral } from "../lib/glob.ts";
import { Secret } from "../lib/secret.ts";
import { providerRoot } from "../upstream/url.ts";

export interface ProviderDeps {
  /** Makes the provider that answers from the file itself. */
  readonly createMock: (
    settings: NonNullable<ProviderConfig["mock"]>,
    name: string,
  ) => (request: LocalRequest) => Promise<Response>;
  /** The variable that a provider's credential is written as in the file, by the provider's name. */
  readonly credentialNames: ReadonlyMap<string, string>;
}

/** The provider of that name; its configuration has passed its checks. */
export function compileProvider(name: string, config: ProviderConfig, deps: ProviderDeps): Provider {
  const preset = presetOf(config.type);
  const baseUrl = config.base_url ?? preset.baseUrl;
  const root = baseUrl === undefined ? "" : providerRoot(baseUrl);
  const [models] = compileRule(`provider ${name}`, config.models);
  const literals = (config.models ?? []).filter(isLiteral).filter((id) => models?.allows([id]) === true);
  return {
    name,
    type: config.type,
    root,
    auth: compileAuth(config.auth),
    credential:
      config.api_key === undefined || config.api_key === "" ? undefined : new Secret(config.api_key),
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
    origin: originOf(config.http_proxy ?? root),
    streamUsage: config.stream_usage,
    repair: config.normalize === "on" || (config.normalize === "auto" && !preset.firstParty),
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

function credentialName({ secrets }: ProviderPreset): string {
  const own = "`api_key` of the provider";
  return secrets[0] === undefined ? own : `${secrets[0]}, or ${own}`;
}

function presetOf(type: string): ProviderPreset {
  const preset = PROVIDERS[type];
  if (preset === undefined) throw new Error(`no preset is called ${type}`);
  return preset;
}

function compileAuth(auth: AuthConfig & AuthSetting): UpstreamAuth {
  if (auth === "none") return { kind: "none" };
  if (auth === "passthrough") return { kind: "passthrough" };
  if (auth === "bearer") return { kind: "header", header: "authorization", prefix: "Bearer " };
  if (auth === "api-key") return { kind: "header", header: "api-key", prefix: "" };
  if ("query" in auth) return { kind: "query", parameter: auth.query };
  return { kind: "header", header: auth.header.toLowerCase(), prefix: auth.prefix };
}

function originOf(address: string): Origin {
  if (address === "") return { host: "", port: 0 };
  const url = new URL(address);
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  return { host, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) };
}

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
