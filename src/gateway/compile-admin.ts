// Compiles who may administer the gateway, and decides whether a request comes from one of them.

import { type Admin, type AdminKey, findAdmin } from "../auth/admin-keys.ts";
import { bearerToken, findKey } from "../auth/credential.ts";
import { isLocallyTrusted, type TrustRules } from "../auth/local-trust.ts";
import { type KeyRing, keyDigest } from "../auth/virtual-keys.ts";
import type { Config } from "../config/schema.ts";
import { GatewayError } from "../errors.ts";
import type { Peer } from "../exchange.ts";

/** Decides who may come in. Immutable; one per configuration. */
export interface AdminGate {
  /**
   * The administrator whose key the request brings as `Authorization: Bearer`. `search` is the URL's query, where a
   * virtual key may stand; `nowMs` the epoch clock.
   *
   * @throws {GatewayError} `invalid_api_key` without a key or with an unknown one; `forbidden` with a virtual key, and
   * where only this very machine may ask and the request does not come from it
   */
  admit(request: { readonly headers: Headers; readonly search: string }, peer: Peer, nowMs: number): Admin;
}

/** How the one administrator is called where the configuration gives no names. */
const ONLY_ADMIN = "admin";

/** What the gate of a configuration needs beside it. */
export interface AdminGateParts {
  /** Virtual keys: they are told that they are none. */
  readonly keys: KeyRing;
  readonly trust: TrustRules;
  /** SHA-256 (hex) of the random key, asked for where the configuration has no admin key: valid over local trust only. */
  readonly randomDigest: () => string;
}

/** The gate of a configuration that has passed its checks. */
export function compileAdminGate({ admin }: Pick<Config, "admin">, parts: AdminGateParts): AdminGate {
  const named = namedKeys(admin);
  const localOnly = named.length === 0;
  const keys: readonly AdminKey[] = localOnly
    ? [{ name: ONLY_ADMIN, role: "admin", digest: parts.randomDigest() }]
    : named;
  return {
    admit({ headers, search }, peer, nowMs) {
      const token = bearerToken(headers);
      const found = token === undefined ? undefined : findAdmin(token, keys);
      if (found === undefined) throw stranger(headers, search, parts.keys, nowMs);
      if (localOnly && !isLocallyTrusted(headers, peer, parts.trust)) throw notLocal();
      return found;
    },
  };
}

function namedKeys({ key, keys = {} }: Config["admin"]): readonly AdminKey[] {
  if (key !== undefined) return [{ name: ONLY_ADMIN, role: "admin", digest: keyDigest(key) }];
  return Object.entries(keys).map(([name, { hash, role }]) => ({
    name,
    role,
    digest: hash.slice("sha256:".length),
  }));
}

/** A caller of models is told so, whatever its key's state and wherever it stands; all others hear the same. */
function stranger(headers: Headers, search: string, ring: KeyRing, nowMs: number): GatewayError {
  const sent = [bearerToken(headers), findKey(headers, search, false)?.key];
  if (sent.some((key) => key !== undefined && ring.find(key, nowMs) !== undefined))
    return new GatewayError(
      "forbidden",
      "a virtual key does not administer the gateway; send an admin key (`admin.key` or `admin.keys`)",
    );
  return new GatewayError(
    "invalid_api_key",
    "administration needs an admin key: send `Authorization: Bearer <admin key>`",
    { headers: { "www-authenticate": "Bearer" } },
  );
}

function notLocal(): GatewayError {
  return new GatewayError(
    "forbidden",
    "the random admin key is for this machine only: ask directly over loopback with an address, `localhost` or a name of `server.hosts`, or set `admin.key`",
  );
}
