// Keeps configured secrets from coming back out of an upstream's answer.

import type { Config } from "../config/schema.ts";

/** Shorter texts would be found by chance in ordinary answers. */
const SHORTEST = 8;

/** Every secret value of the configuration: credentials, key secrets, admin keys, values of added headers. */
export function secretsOf(config: Config): readonly string[] {
  const secrets: (string | undefined)[] = [];
  for (const provider of Object.values(config.providers)) secrets.push(provider.api_key);
  for (const key of Object.values(config.keys)) secrets.push(key.secret);
  secrets.push(config.admin?.key);
  return [...new Set(secrets)].filter(
    (secret) => secret !== undefined && secret.length >= SHORTEST,
  ) as string[];
}

/** Replaces exact occurrences of the secrets by `[secret]`; a text without any comes back as it is. */
export function createScrubber(secrets: readonly string[]): (text: string) => string {
  return (text) => {
    let clean = text;
    for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, "[secret]");
    return clean;
  };
}
