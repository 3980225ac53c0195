// Built-in modules that most gateways never need: each takes several megabytes of memory from the moment it is loaded.

/** Signatures and keys; for digests there is `Bun.CryptoHasher`, which is there already. */
export function loadCrypto(): typeof import("node:crypto") {
  return require("node:crypto");
}

/** Decompression with a limit on what comes out. */
export function loadZlib(): typeof import("node:zlib") {
  return require("node:zlib");
}
