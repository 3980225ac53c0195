// Decides whether a request comes from this very machine, so that it may do without a key.

import type { Peer } from "../exchange.ts";
import { isIpHost, isLoopbackHost } from "../lib/address.ts";

export interface TrustRules {
  /** `server.hosts`: further names that this machine is called by, lower case. */
  readonly hosts: ReadonlySet<string>;
  /** `server.cors`: origins whose pages may call. */
  readonly origins: ReadonlySet<string>;
}

/** Headers that say: somebody else sent this, and a proxy passed it on. */
const PROXY_HEADERS = ["forwarded", "via", "x-real-ip"];

/**
 * True for a loopback or unix-socket peer that no proxy stands in front of, that asks for this machine by an address, `localhost` or a
 * configured name (so that no web page can reach it by DNS rebinding), and that is not a page of another origin.
 */
export function isLocallyTrusted(headers: Headers, peer: Peer, rules: TrustRules): boolean {
  if (peer.address !== undefined && !isLoopbackHost(peer.address)) return false;
  if (PROXY_HEADERS.some((name) => headers.has(name)) || hasForwardedHeader(headers)) return false;
  const host = headers.get("host")?.toLowerCase() ?? "";
  const name = hostName(host);
  if (!isIpHost(name) && name !== "localhost" && !rules.hosts.has(name) && !rules.hosts.has(host))
    return false;
  const origin = headers.get("origin");
  return origin === null || rules.origins.has(origin) || isOwnOrigin(origin, host);
}

function hasForwardedHeader(headers: Headers): boolean {
  for (const name of headers.keys()) if (name.startsWith("x-forwarded-")) return true;
  return false;
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/;

/** The name in a `Host` header without its port; empty when it is not a well-formed host. */
function hostName(host: string): string {
  return HOST.exec(host)?.[1] ?? "";
}

function isOwnOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}
