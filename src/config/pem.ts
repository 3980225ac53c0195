// Reads certificates and keys, to say beforehand what a TLS handshake would fail on.

import type { KeyObject, X509Certificate } from "node:crypto";
import { loadCrypto } from "../lib/late-builtins.ts";

/** The first certificate of a PEM file; undefined when there is none. */
export function parseCertificate(pem: Uint8Array): X509Certificate | undefined {
  if (!isPem(pem)) return undefined;
  try {
    return new (loadCrypto().X509Certificate)(pem);
  } catch {
    return undefined;
  }
}

/** The private key of a PEM file; undefined when there is none that can be read without a passphrase. */
export function parsePrivateKey(pem: Uint8Array): KeyObject | undefined {
  if (!isPem(pem)) return undefined;
  try {
    return loadCrypto().createPrivateKey(Buffer.from(pem));
  } catch {
    return undefined;
  }
}

/** TLS wants PEM; what reads it here would take the binary form too. */
function isPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).includes("-----BEGIN ");
}
