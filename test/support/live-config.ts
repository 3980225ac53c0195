// Rewrites the configuration of a running gateway, and knows when it has taken effect.

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./deadline.ts";
import type { Gateway } from "./gateway.ts";
import { hashOf, TEST_KEY } from "./keys.ts";

export interface LiveConfig {
  /** A public model of this name is what a test waits for: see {@link untilLive}. */
  readonly marker: string;
  /** Further lines of the `server:` section. */
  readonly server?: readonly string[];
  /** Further lines of the `providers:` section, beside the mock provider `demo`. */
  readonly providers?: readonly string[];
  /** Further lines of the `keys:` section. */
  readonly keys?: readonly string[];
  /** Further top-level lines. */
  readonly more?: readonly string[];
}

const TESTER = `tester: { hash: "${hashOf(TEST_KEY)}" }`;

/** Text of a configuration with a mock provider and the test key. */
export function liveYaml({ marker, server = [], providers = [], keys = [], more = [] }: LiveConfig): string {
  const section = (name: string, lines: readonly string[]): string =>
    `${name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  return [
    section("server", [`listen: 127.0.0.1:\${PORT}`, ...server]),
    section("providers", ["demo: { type: mock }", ...providers]),
    section("models", [`${marker}: demo/m`]),
    section("keys", [TESTER, ...keys]),
    ...more.map((line) => `${line}\n`),
  ].join("");
}

/** Replaces a file in one step, as careful programs do. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Replaces the gateway's configuration in one step. */
export function rewrite(gateway: Gateway, config: LiveConfig): void {
  replaceFile(join(gateway.dir, "config.yaml"), liveYaml(config));
}

/** Ids of the models that the test key can call. */
export async function modelIds(gateway: Gateway): Promise<string[]> {
  const answer = await gateway.fetch("/v1/models", { headers: { authorization: `Bearer ${TEST_KEY}` } });
  const { data } = (await answer.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

/** Resolves when the configuration with this marker is in force. */
export async function untilLive(gateway: Gateway, marker: string): Promise<void> {
  await until(`the configuration ${marker}`, async () =>
    (await modelIds(gateway)).includes(marker) ? true : undefined,
  );
}
