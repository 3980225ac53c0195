// What is said to differ between two configurations: names, and nothing that they hold.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Changes, changesBetween } from "../../../src/config/changes.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { keepRunning } from "../../../src/config/restart-only.ts";
import type { Config } from "../../../src/config/schema.ts";
import { scratch } from "../../support/scratch.ts";

const folder = scratch();
const HASH = `sha256:${"0".repeat(64)}`;
const OTHER_HASH = `sha256:${"1".repeat(64)}`;

function configOf(yaml: string): Config {
  const path = join(folder, "config.yaml");
  writeFileSync(path, yaml);
  const { config, problems } = loadConfig(path, { env: {} });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

const NOTHING: Changes = { added: [], removed: [], changed: [] };

describe("changes", () => {
  test.each<[string, string, string, Partial<Changes>]>([
    ["the same", "log: { level: warn }", "log:\n  level: warn # again", {}],
    ["a default written out", "providers: {}", "providers: {}\nlog: { level: info }", {}],
    ["a field of a section", "log: { level: warn }", "log: { level: error }", { changed: ["log.level"] }],
    [
      "a key",
      `keys: { a: { hash: "${HASH}" } }`,
      `keys: { b: { hash: "${HASH}" } }`,
      { added: ["keys.b"], removed: ["keys.a"] },
    ],
    [
      "the digest of a key",
      `keys: { a: { hash: "${HASH}" } }`,
      `keys: { a: { hash: "${OTHER_HASH}" } }`,
      { changed: ["keys.a"] },
    ],
    [
      "something deep in a provider",
      "providers: { m: { type: mock, timeouts: { idle: 1m } } }",
      "providers: { m: { type: mock, timeouts: { idle: 2m } } }",
      { changed: ["providers.m"] },
    ],
    [
      "what is no section",
      "providers: { m: { type: mock } }\nmodels: { x: m/a }",
      "providers: { m: { type: mock } }\nmodels: { x: m/b }\ndefault_provider: m",
      { changed: ["default_provider", "models.x"] },
    ],
    [
      "policies",
      "spend_policies: { a: { limit_usd: 1, window: day }, b: { limit_usd: 1, window: day } }",
      "spend_policies: { a: { limit_usd: 2, window: day } }\nrate_limits: { R&D cap: { concurrent: 1 } }",
      { added: ["rate_limits.R&D cap"], removed: ["spend_policies.b"], changed: ["spend_policies.a"] },
    ],
    [
      "prices and the store",
      "providers: { m: { type: mock } }\npricing: { models: { m/a: { input: 1, output: 1 }, m/b: { input: 1, output: 1 } } }",
      "providers: { m: { type: mock } }\npricing: { unpriced: block, models: { m/a: { input: 2, output: 1 }, m/c: { input: 1, output: 1 } } }\nstore: { retention: { requests: 7d } }",
      {
        added: ["pricing.models.m/c"],
        removed: ["pricing.models.m/b"],
        changed: ["store.retention", "pricing.unpriced", "pricing.models.m/a"],
      },
    ],
    ["an optional setting", "providers: {}", "organization: acme", { added: ["organization"] }],
    ["an optional field", "server: { cors: [] }", "admin: { key: a }", { added: ["admin.key"] }],
  ])("of %s are named", (_, before, after, expected) => {
    expect(changesBetween(configOf(before), configOf(after))).toEqual({ ...NOTHING, ...expected });
  });

  test("of a name that every object has are found like others", () => {
    const after = configOf("users: { constructor: {} }");
    expect(changesBetween(configOf("users: {}"), after).added).toEqual(["users.constructor"]);
  });
});

describe("settings that take a restart", () => {
  const RUNNING = "server: { listen: 127.0.0.1:4000, max_body: 1MiB }\nlog: { level: info }\n";

  test.each<[string, string, string[]]>([
    ["nothing", RUNNING, []],
    ["the address", "server: { listen: 127.0.0.1:4001, max_body: 1MiB }", ["server.listen"]],
    [
      "several at once",
      'server: { base_path: /x, max_connections: 5, listen_mode: "0600", listen: 127.0.0.1:4000 }\nlog: { format: json }',
      ["server.base_path", "server.listen_mode", "server.max_connections", "log.format"],
    ],
    [
      "the store",
      'store: { path: ":memory:", sync: full, retention: { audit: 7d } }\nserver: { listen: 127.0.0.1:4000 }',
      ["store.path", "store.sync"],
    ],
    ["the address of administration", "admin: { listen: 127.0.0.1:4009 }", ["admin.listen"]],
  ])("wait, and all others are taken over: %s", (_, yaml, waiting) => {
    const running = configOf(RUNNING);
    const next = configOf(`${yaml}\nusers: { constructor: {} }`);
    const kept = keepRunning(running, next);
    expect([...kept.waiting].sort()).toEqual([...waiting].sort());
    expect(kept.config.server.listen).toBe(running.server.listen);
    expect(kept.config.server.base_path).toBe(running.server.base_path);
    expect(kept.config.server.max_body).toBe(next.server.max_body);
    expect(kept.config.users).toBe(next.users);
    expect(Object.getPrototypeOf(kept.config.server)).toBeNull();
  });

  test("leave both configurations as they are", () => {
    const running = configOf(RUNNING);
    const next = configOf("server: { listen: 127.0.0.1:4001 }");
    keepRunning(running, next);
    expect([running.server.listen, next.server.listen]).toEqual(["127.0.0.1:4000", "127.0.0.1:4001"]);
  });

  test.each<[string, object | undefined, object | undefined, string[]]>([
    ["gained", undefined, { cert_file: "a", key_file: "b" }, ["server.tls"]],
    ["lost", { cert_file: "a", key_file: "b" }, undefined, ["server.tls"]],
    ["other files", { cert_file: "a", key_file: "b" }, { cert_file: "c", key_file: "b" }, []],
  ])("of TLS only that it is there at all: %s", (_, was, is, waiting) => {
    const config = configOf(RUNNING);
    const withTls = (tls: object | undefined): Config =>
      ({ ...config, server: { ...config.server, ...(tls && { tls }) } }) as Config;
    const kept = keepRunning(withTls(was), withTls(is));
    expect([...kept.waiting]).toEqual(waiting);
    expect(kept.config.server.tls as unknown).toEqual(waiting.length === 0 ? is : was);
  });
});
