// The credentials of the tests: a virtual key for callers, and one an upstream would give the gateway.

/** SHA-256 of a key as the configuration holds it. */
export function hashOf(key: string): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(key).digest("hex")}`;
}

/** A virtual key of the right shape, made from a word so that tests can tell several apart. */
export function virtualKey(word: string): string {
  const bytes = new Bun.CryptoHasher("sha256").update(`virtual key ${word}`).digest();
  return `sk-postern-${bytes.toString("base64url")}`;
}

export const TEST_KEY = virtualKey("tester");

/** What `${UP_KEY}` stands for in the configurations of the tests: must never reach a client. */
export const UPSTREAM_KEY = "canary-upstream-credential-4f1c9a";

/** The `keys:` section that lets the test key in. */
export const TESTER = `keys:\n  tester: { hash: "${hashOf(TEST_KEY)}" }\n`;

/** A configuration with one provider, `up`, and the test key. `more` are further lines of the provider. */
export function oneProvider(upstreamUrl: string, more: readonly string[] = []): string {
  const lines = [`base_url: ${upstreamUrl}/v1`, `api_key: \${UP_KEY}`, ...more];
  return `providers:\n  up:\n${lines.map((line) => `    ${line}\n`).join("")}${TESTER}`;
}
