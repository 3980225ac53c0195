// Where the gateway of a configuration is reached from this machine.

import { isIP } from "node:net";
import type { ServerConfig } from "../config/schema.ts";
import { parseListen } from "../lib/listen.ts";
import { CommandError } from "./io.ts";

export interface GatewayAddress {
  /** `http://127.0.0.1:4000`, without a trailing slash and without the base path; for a socket `http://localhost`. */
  readonly origin: string;
  /** `""` or `/gateway`. */
  readonly basePath: string;
  /** Path of the unix socket, where it is one. */
  readonly socket: string | undefined;
}

/** Addresses that mean "every interface", and the one of them to call. */
const CALLABLE: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/**
 * The address to call.
 *
 * @throws {CommandError} when the port is chosen by the system at start (`:0`)
 */
export function gatewayAddress(server: ServerConfig): GatewayAddress {
  const scheme = server.tls === undefined ? "http" : "https";
  const basePath = server.base_path.replace(/\/+$/, "");
  const listen = parseListen(server.listen);
  if (listen.kind === "unix") return { origin: `${scheme}://localhost`, basePath, socket: listen.path };
  if (listen.kind === "invalid" || listen.port === 0) {
    throw new CommandError(
      "the port is chosen when the gateway starts (server.listen ends in :0); give it a fixed one",
    );
  }
  const host = CALLABLE[listen.host] ?? listen.host;
  const url = new URL(`${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${listen.port}`);
  return { origin: url.origin, basePath, socket: undefined };
}
