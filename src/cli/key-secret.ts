// A new virtual key, and its digest: the only form in which it is kept.

import { keyDigest } from "../auth/virtual-keys.ts";
import type { Io } from "./io.ts";

const PREFIX = "sk-postern-";
const RANDOM_BYTES = 32;

export interface KeySecret {
  /** The key itself: printed once, stored nowhere. */
  readonly secret: string;
  /** `sha256:…` */
  readonly hash: string;
}

export function makeKey(io: Io): KeySecret {
  const secret = PREFIX + Buffer.from(io.randomBytes(RANDOM_BYTES)).toString("base64url");
  return { secret, hash: `sha256:${keyDigest(secret)}` };
}
