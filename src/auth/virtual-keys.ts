// The virtual keys of the configuration, looked up by digest: no key is kept, only its SHA-256.

import { GatewayError } from "../errors.ts";
import type { VirtualKey } from "../exchange.ts";

/** A digest under which a key is accepted, until an instant (epoch milliseconds) or for good. */
export interface KeyDigest {
  /** SHA-256 of the key, lower-case hex. */
  readonly hash: string;
  readonly until: number | undefined;
}

export interface KeyRing {
  /** The key that this text is, live or not; undefined when it is none. `nowMs` is the epoch clock. */
  find(key: string, nowMs: number): VirtualKey | undefined;
  /** The key of callers who send none; undefined when there are no anonymous callers. */
  readonly anonymous: VirtualKey | undefined;
}

/** SHA-256 of a key as lower-case hex: the form in which keys are stored and compared. */
export function keyDigest(key: string): string {
  return Bun.SHA256.hash(key, "hex");
}

export function createKeyRing(
  entries: readonly { readonly key: VirtualKey; readonly digests: readonly KeyDigest[] }[],
  anonymous: VirtualKey | undefined,
): KeyRing {
  const byDigest = new Map<string, { key: VirtualKey; until: number | undefined }>();
  for (const { key, digests } of entries)
    for (const { hash, until } of digests) byDigest.set(hash, { key, until });
  return {
    anonymous,
    find(text, nowMs) {
      const entry = byDigest.get(keyDigest(text));
      if (entry === undefined || (entry.until !== undefined && nowMs >= entry.until)) return undefined;
      return entry.key;
    },
  };
}

/**
 * Refuses a key that must not be used now.
 *
 * @throws {GatewayError} `key_disabled`, `key_expired`
 */
export function requireLive(key: VirtualKey, nowMs: number): void {
  if (key.disabled)
    throw new GatewayError(
      "key_disabled",
      `the key ${key.name} is disabled; use another key, or ask for it to be enabled`,
    );
  if (key.expiresAt !== undefined && nowMs >= key.expiresAt)
    throw new GatewayError(
      "key_expired",
      `the key ${key.name} expired at ${new Date(key.expiresAt).toISOString()}; use another key, or ask for a new one`,
    );
}
