// Everything that comes from the configuration, compiled once and swapped whole; immutable.

import { clientIp } from "../auth/client-ip.ts";
import type { TrustRules } from "../auth/local-trust.ts";
import type { KeyRing } from "../auth/virtual-keys.ts";
import type { Config } from "../config/schema.ts";
import type { Peer, Provider } from "../exchange.ts";
import { compileCidrs } from "../lib/address.ts";
import { durationMs } from "../lib/duration.ts";
import { sizeBytes } from "../lib/size.ts";
import { compilePolicies } from "../policies/compile-policies.ts";
import type { PolicySet } from "../policies/policy.ts";
import { compilePricing, type Pricing } from "../policies/pricing.ts";
import type { Directory } from "../routing/resolve.ts";
import { compileDirectory } from "./compile-directory.ts";
import { compileKeyRing } from "./compile-keys.ts";
import { compileProvider, type ProviderDeps } from "./compile-provider.ts";
import { createScrubber, secretsOf, tokenSourcesOf } from "./scrub.ts";

export interface ServerSettings {
  readonly basePath: string;
  readonly maxBodyBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxConnections: number;
  readonly bodyTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly drainMs: number;
  readonly drainDelayMs: number;
  readonly trust: TrustRules;
  /** The address that a request is recorded under. */
  readonly clientIp: (headers: Headers, peer: Peer) => string | undefined;
}

export interface Snapshot {
  readonly server: ServerSettings;
  readonly keys: KeyRing;
  readonly directory: Directory;
  readonly policies: PolicySet;
  readonly pricing: Pricing;
  /** Takes every configured secret out of a text that came from an upstream. */
  readonly scrub: (text: string) => string;
  /** Epoch seconds of compilation: the `created` of models whose age nobody knows. */
  readonly loadedAtSeconds: number;
}

export interface SnapshotDeps extends ProviderDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Compiles a configuration that has passed its checks; it cannot fail. */
export function compileSnapshot(config: Config, deps: SnapshotDeps): Snapshot {
  const providers = new Map<string, Provider>();
  for (const [name, settings] of Object.entries(config.providers))
    providers.set(name, compileProvider(name, settings, deps));
  const directory = compileDirectory(config, providers);
  return {
    server: compileServer(config),
    keys: compileKeyRing(config),
    directory,
    policies: compilePolicies(config),
    pricing: compilePricing(config.pricing),
    scrub: createScrubber(secretsOf(config, deps.credentials.secrets), tokenSourcesOf(providers.values())),
    loadedAtSeconds: Math.floor(deps.now() / 1000),
  };
}

function compileServer({ server }: Config): ServerSettings {
  const isTrustedProxy = compileCidrs(server.trusted_proxies);
  return {
    basePath: server.base_path.replace(/\/+$/, ""),
    maxBodyBytes: sizeBytes(server.max_body),
    maxBufferedBytes: sizeBytes(server.max_buffered),
    maxConnections: server.max_connections,
    bodyTimeoutMs: durationMs(server.body_timeout),
    keepaliveMs: durationMs(server.keepalive),
    drainMs: durationMs(server.drain),
    drainDelayMs: durationMs(server.drain_delay),
    trust: { hosts: new Set(server.hosts.map((host) => host.toLowerCase())), origins: new Set(server.cors) },
    clientIp: (headers, peer) => clientIp(headers, peer, isTrustedProxy),
  };
}
