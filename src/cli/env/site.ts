// What a client's set-up text needs to know about the gateway, taken from its configuration.

import type { Config } from "../../config/schema.ts";
import { isLiteral } from "../../lib/glob.ts";
import { gatewayAddress } from "../gateway-address.ts";

export interface Site {
  /** `http://127.0.0.1:4000/gateway`: origin and base path, without a trailing slash. */
  readonly root: string;
  /** Path of the unix socket that the root is reached through, if any. */
  readonly socket: string | undefined;
  /** The virtual key, or a reference to `$POSTERN_KEY`; written for a shell. */
  readonly key: string;
  /** A model that this gateway answers to, or a placeholder. */
  readonly model: string;
}

/** Stands in a set-up text where no key was given. */
const KEY_REFERENCE = "$POSTERN_KEY";

const PROVIDER_PLACEHOLDER = "PROVIDER";
const MODEL_PLACEHOLDER = "MODEL";

/** The gateway of this configuration as a client sees it. */
export function siteOf(
  config: Pick<Config, "server" | "models" | "providers">,
  key: string | undefined,
): Site {
  const { origin, basePath, socket } = gatewayAddress(config.server);
  return {
    root: origin + basePath,
    socket,
    key: key === undefined ? KEY_REFERENCE : shellWord(key),
    model: someModel(config),
  };
}

/** A public name, else a declared upstream id. */
function someModel(config: Pick<Config, "models" | "providers">): string {
  const [publicName] = Object.keys(config.models);
  if (publicName !== undefined) return publicName;
  for (const [name, provider] of Object.entries(config.providers)) {
    const declared = provider.model ?? provider.models?.find(isLiteral);
    if (declared !== undefined) return `${name}/${declared}`;
  }
  const [anyProvider = PROVIDER_PLACEHOLDER] = Object.keys(config.providers);
  return `${anyProvider}/${MODEL_PLACEHOLDER}`;
}

/** The text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
