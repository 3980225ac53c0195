// The address that a request is recorded under. It decides nothing: a forwarded address is only somebody's word.

import { isIP } from "node:net";
import type { Peer } from "../exchange.ts";

/**
 * The peer's own address; behind a proxy of `server.trusted_proxies`, the last address in `X-Forwarded-For` that is not
 * such a proxy's. Read from its end, because its beginning is whatever the client wrote.
 */
export function clientIp(
  headers: Headers,
  peer: Peer,
  isTrustedProxy: (ip: string) => boolean,
): string | undefined {
  if (peer.address === undefined || !isTrustedProxy(peer.address)) return peer.address;
  const hops = (headers.get("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
  let found = peer.address;
  for (const hop of hops.reverse()) {
    if (isIP(hop) === 0) break;
    found = hop;
    if (!isTrustedProxy(hop)) break;
  }
  return found;
}
