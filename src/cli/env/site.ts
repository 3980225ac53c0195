// What a client's set-up text needs to know about the gateway, taken from its configuration.

import { requireLive } from "../../auth/virtual-keys.ts";
import type { Config } from "../../config/schema.ts";
import { compileKeyRing } from "../../gateway/compile-keys.ts";
import { isLoopbackHost } from "../../lib/address.ts";
import { gatewayAddress } from "../gateway-address.ts";
import { modelsOf, type SiteModel } from "./site-models.ts";

export interface SiteProvider {
  readonly name: string;
  readonly type: string;
  readonly endpoints: readonly string[];
}

export interface Site {
  /** `http://127.0.0.1:4000/gateway`: origin and base path, without a trailing slash. */
  readonly root: string;
  /** The endpoint for all models: the root and `/v1`. */
  readonly v1: string;
  /** Path of the unix socket that the root is reached through, if any. */
  readonly socket: string | undefined;
  /** Whether only programs on this machine reach the root. */
  readonly loopback: boolean;
  /** Certificate file of a gateway that serves HTTPS. */
  readonly certificate: string | undefined;
  /** The virtual key, or a reference to `$POSTERN_KEY`; written for a shell. */
  readonly key: string;
  /** The virtual key as it is, where one was given. */
  readonly givenKey: string | undefined;
  /** A model that this gateway answers to, or a placeholder. */
  readonly model: string;
  /** The models that the file names and the key can call. */
  readonly models: readonly SiteModel[];
  readonly providers: readonly SiteProvider[];
  /** What is wrong with the key, in whole sentences. */
  readonly doubts: readonly string[];
}

/** The variable that stands in a set-up text where no key was given. */
export const KEY_VARIABLE = "POSTERN_KEY";

const PROVIDER_PLACEHOLDER = "PROVIDER";
export const MODEL_PLACEHOLDER = "MODEL";

/** The clock and the value of `$POSTERN_KEY`, which tells whose models to name. */
export interface Surroundings {
  readonly nowMs: number;
  readonly environmentKey: string | undefined;
}

/** The gateway of this configuration as a client sees it that holds the key. */
export function siteOf(config: Config, key: string | undefined, around?: Surroundings): Site {
  const { origin, basePath, socket } = gatewayAddress(config.server);
  const held = key ?? around?.environmentKey;
  const owner = held === undefined ? undefined : compileKeyRing(config).find(held, around?.nowMs ?? 0);
  const models = modelsOf(config, owner);
  const providers = Object.entries(config.providers).map(([name, { type, endpoints }]) => ({
    name,
    type,
    endpoints,
  }));
  return {
    root: origin + basePath,
    v1: `${origin}${basePath}/v1`,
    socket,
    loopback: isLoopbackHost(new URL(origin).hostname),
    certificate: config.server.tls?.cert_file,
    key: key === undefined ? `$${KEY_VARIABLE}` : shellWord(key),
    givenKey: key,
    model: models[0]?.id ?? `${providers[0]?.name ?? PROVIDER_PLACEHOLDER}/${MODEL_PLACEHOLDER}`,
    models,
    providers,
    doubts: key === undefined ? [] : doubtsOf(owner, around?.nowMs ?? 0),
  };
}

function doubtsOf(owner: Parameters<typeof requireLive>[0] | undefined, nowMs: number): string[] {
  if (owner === undefined)
    return ["This key is not in the configuration: requests with it will be answered with 401."];
  try {
    requireLive(owner, nowMs);
    return [];
  } catch (error) {
    return [`Requests will be answered with 403: ${error instanceof Error ? error.message : "key"}.`];
  }
}

/** The text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
