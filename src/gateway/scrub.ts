// Keeps configured secrets from coming back out of an upstream's answer.

import type { Config } from "../config/schema.ts";
import { asBuffer } from "../lib/as-buffer.ts";

/** Shorter texts would be found by chance in ordinary answers. */
const SHORTEST = 8;

/** Names of added headers that carry a credential; what others hold would be found by chance in ordinary answers. */
const CREDENTIAL_HEADER = /auth|key|token|secret|password|cookie/i;

/** Every secret value of the configuration, the longest first, so that none hides a longer one that begins like it. */
export function secretsOf(config: Config): readonly string[] {
  const secrets: (string | undefined)[] = [config.admin.key];
  for (const { api_key: apiKey, headers, http_proxy: proxy } of Object.values(config.providers))
    secrets.push(
      apiKey,
      ...headerSecrets(headers),
      proxy === undefined ? undefined : URL.parse(proxy)?.password,
    );
  for (const { secret } of Object.values(config.keys)) secrets.push(secret);
  const long = secrets.filter((secret) => secret !== undefined && secret.length >= SHORTEST) as string[];
  return [...new Set(long)].sort((a, b) => b.length - a.length);
}

/** Of `Bearer abc` it is `abc` that is secret. */
function headerSecrets(headers: Readonly<Record<string, string>>): (string | undefined)[] {
  return Object.entries(headers)
    .filter(([name]) => CREDENTIAL_HEADER.test(name))
    .map(([, value]) => value.trim().split(" ").at(-1));
}

/** Replaces exact occurrences of the secrets by `[secret]`; a text without any comes back as it is. */
export function createScrubber(secrets: readonly string[]): (text: string) => string {
  return (text) => {
    let clean = text;
    for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, "[secret]");
    return clean;
  };
}

/** The same for bytes; the very array where nothing is found. */
export function scrubBytes(scrub: (text: string) => string, bytes: Uint8Array): Uint8Array {
  // One character per byte, so that whatever else the bytes are survives.
  const text = asBuffer(bytes).toString("latin1");
  const scrubbed = scrub(text);
  return scrubbed === text ? bytes : Buffer.from(scrubbed, "latin1");
}
