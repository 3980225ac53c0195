// Keeps configured secrets from coming back out of an upstream's answer.

import type { Config } from "../config/schema.ts";
import type { Provider, TokenSource } from "../exchange.ts";
import { asBuffer } from "../lib/as-buffer.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";

/** Shorter texts would be found by chance in ordinary answers. */
const SHORTEST = 8;

/** Names of added headers that carry a credential; what others hold would be found by chance in ordinary answers. */
const CREDENTIAL_HEADER = /auth|key|token|secret|password|cookie/i;

/** Every secret value of the configuration, the longest first, so that none hides a longer one that begins like it. */
export function secretsOf(config: Config, more: readonly string[] = []): readonly string[] {
  const secrets: (string | undefined)[] = [config.admin.key, ...more];
  for (const { api_key: apiKey, headers, http_proxy: proxy } of Object.values(config.providers))
    secrets.push(
      apiKey,
      ...keyFileSecrets(apiKey),
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

/** Lines of a private key shorter than this are its last few bytes, and tell nobody anything. */
const SHORTEST_LINE = 16;

/** Of a key file it is the private key: as a whole, and line by line, however the ends of its lines are written. */
function keyFileSecrets(text: string | undefined): string[] {
  if (text?.includes("private_key") !== true) return [];
  const value = parseJson(text);
  const key = isRecord(value) ? value["private_key"] : undefined;
  if (typeof key !== "string") return [];
  const lines = key.split(/\\n|\s+/).filter((line) => line.length >= SHORTEST_LINE && !line.includes("-"));
  return [key, ...lines];
}

/** Where access tokens come from that are no part of the configuration. */
export function tokenSourcesOf(providers: Iterable<Provider>): readonly TokenSource[] {
  return [...providers].flatMap(({ auth }) => (auth.kind === "google-service-account" ? [auth.tokens] : []));
}

/**
 * Replaces exact occurrences of the secrets, and of access tokens as they are known by then, by `[secret]`; a text
 * without any comes back as it is.
 */
export function createScrubber(
  secrets: readonly string[],
  sources: readonly TokenSource[] = [],
): (text: string) => string {
  const replaced = (text: string, secret: string): string =>
    text.includes(secret) ? text.replaceAll(secret, "[secret]") : text;
  return (text) => {
    let clean = text;
    for (const secret of secrets) clean = replaced(clean, secret);
    for (const source of sources) for (const token of source.known()) clean = replaced(clean, token);
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
