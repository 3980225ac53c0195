// Keys of administrators: kept as digests, compared in constant time, each with a role.

import { keyDigest } from "./virtual-keys.ts";

/** `admin` may do everything, `viewer` reads, `metrics` reads only `/metrics`. */
export type AdminRole = "admin" | "viewer" | "metrics";

/** Whoever an admin key belongs to. */
export interface Admin {
  /** As the audit log names it. */
  readonly name: string;
  readonly role: AdminRole;
}

export interface AdminKey extends Admin {
  /** SHA-256 of the key, lower-case hex. */
  readonly digest: string;
}

/**
 * Whose key this text is; undefined when it is nobody's. All keys are compared whole, so that the time tells neither
 * how much of a guess was right nor whose key it is like.
 */
export function findAdmin(text: string, keys: readonly AdminKey[]): Admin | undefined {
  const digest = Buffer.from(keyDigest(text), "hex");
  let found: AdminKey | undefined;
  for (const key of keys) if (crypto.timingSafeEqual(digest, Buffer.from(key.digest, "hex"))) found ??= key;
  return found === undefined ? undefined : { name: found.name, role: found.role };
}
