// The third stage: what stands in a configuration that says nothing.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/schema.ts";

function config(text: string, env: Record<string, string> = {}): Config {
  const loaded = loadConfig("-", { env, stdin: text });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.problems));
  return JSON.parse(JSON.stringify(loaded.config));
}

test("everything has its documented default", () => {
  expect(config("x-nothing: here")).toEqual({
    default_provider: null,
    include: [],
    server: {
      listen: "127.0.0.1:4000",
      base_path: "",
      max_body: "32MiB",
      listen_mode: "0660",
      drain: "30s",
      drain_delay: "0s",
      body_timeout: "60s",
      max_connections: 16384,
      max_buffered: "512MiB",
      hosts: [],
      cors: [],
      keepalive: "15s",
      trusted_proxies: [],
    },
    admin: { listen: null },
    log: { level: "info", format: "auto" },
    store: {
      path: join(process.cwd(), "postern.db"),
      retention: { requests: "30d", audit: "400d" },
      sync: "normal",
    },
    providers: {},
    models: {},
    workspaces: {},
    users: {},
    keys: {},
    spend_policies: {},
    rate_limits: {},
    pricing: { unpriced: "warn", reserve_output: "full", models: {} },
  });
});

test("values of a record are filled, beside what is written", () => {
  const { providers, keys } = config(
    "providers: { p: { base_url: 'http://h/v1', timeouts: { total: 1m } } }\nkeys: { k: { anonymous: true } }",
  );
  expect(providers["p"]).toEqual({
    type: "openai-compatible",
    base_url: "http://h/v1",
    auth: "none",
    endpoints: ["chat", "completions", "embeddings", "responses", "models"],
    headers: {},
    forward_headers: [],
    timeouts: { connect: "10s", first_byte: "15m", idle: "5m", total: "1m" },
    max_queue: 100,
    queue_timeout: "10s",
    stream_usage: true,
    normalize: "auto",
  });
  expect(keys["k"]).toEqual({ anonymous: true, aliases: {}, disabled: false, tags: {} });
});

test("a policy is filled beside its limit, and whom it counts is left open", () => {
  const loaded = config(
    "spend_policies: { cap: { limit_usd: 10, window: day, each: { header: X-Gateway-Customer } }, all: { limit_usd: 99, window: day } }\nrate_limits: { slow: { requests: 1/minute } }",
  );
  expect(loaded.spend_policies["cap"]).toEqual({
    limit_usd: 10,
    window: "day",
    timezone: "UTC",
    each: { header: "X-Gateway-Customer", required: false },
    overrides: {},
    on_breach: "block",
    status: 402,
    show_amounts: false,
    warn_at: "80%",
    enabled: true,
  });
  expect(loaded.rate_limits["slow"]).toEqual({ requests: "1/minute", enabled: true });
});

test("a union's chosen member is filled", () => {
  const { providers } = config(
    "providers: { p: { base_url: 'http://h', api_key: k, auth: { header: X-Key } }, m: { type: mock, mock: { script: [{ tool_call: { name: f } }] } } }",
  );
  expect(providers["p"]?.auth).toEqual({ header: "X-Key", prefix: "" });
  expect(providers["m"]?.mock?.script[0]).toEqual({ when: {}, tool_call: { name: "f", arguments: {} } });
});

test("a mock provider has all its settings without being told", () => {
  const { providers } = config("providers: { demo: { type: mock } }");
  expect(providers["demo"]?.mock).toEqual({
    reply: "You said: {{last_user_message}}",
    latency: "0ms",
    tokens_per_second: 0,
    fail: { status: 503, every: 0 },
    script: [],
  });
});

test("two loads share nothing", () => {
  const first = loadConfig("-", { env: {}, stdin: "log: {}" }).config;
  first?.server.hosts.push("changed");
  expect(loadConfig("-", { env: {}, stdin: "log: {}" }).config?.server.hosts).toEqual([]);
});

describe("a preset's credential", () => {
  const deepinfra = (env: Record<string, string>, settings = "{}") =>
    config(`providers: { deepinfra: ${settings} }`, env).providers["deepinfra"];

  test("comes from the first variable that is set and not empty", () => {
    expect(deepinfra({ DEEPINFRA_API_KEY: "a", DEEPINFRA_TOKEN: "b" })?.api_key).toBe("a");
    expect(deepinfra({ DEEPINFRA_API_KEY: "", DEEPINFRA_TOKEN: "b" })?.api_key).toBe("b");
  });

  test("gives way to what is written, also when that is empty", () => {
    expect(deepinfra({ DEEPINFRA_TOKEN: "b" }, "{ api_key: c }")?.api_key).toBe("c");
    expect(deepinfra({ DEEPINFRA_TOKEN: "b" }, "{ api_key: '' }")?.api_key).toBe("");
  });

  test("may be missing: the way of sending it stays", () => {
    expect(deepinfra({})).not.toHaveProperty("api_key");
    expect(deepinfra({})?.auth).toBe("bearer");
  });
});

describe("access keys", () => {
  const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const auth = (env: Record<string, string>, settings = "region: r") =>
    config(`providers: { bedrock: { ${settings} } }`, env).providers["bedrock"]?.auth;

  test("sign where there is no bearer token", () => {
    expect(auth(KEYS)).toBe("aws");
    expect(auth({ AWS_ACCESS_KEY_ID: "id" })).toBe("bearer");
    expect(auth({ ...KEYS, AWS_BEARER_TOKEN_BEDROCK: "b" })).toBe("bearer");
    expect(auth(KEYS, "region: r, api_key: b")).toBe("bearer");
    expect(auth(KEYS, "region: r, auth: bearer")).toBe("bearer");
  });

  test("are of no use to others", () => {
    expect(config("providers: { gemini: {} }", KEYS).providers["gemini"]?.auth).toEqual({
      header: "x-goog-api-key",
      prefix: "",
    });
  });
});

test.each([
  [`project: "\${P}"`, "acme"],
  [`project: ["\${P}", b]`, ["acme", "b"]],
])("places may come from variables: { %s }", (settings, project) => {
  const { providers } = config(`providers: { vertex: { ${settings} } }`, { P: "acme" });
  expect(providers["vertex"]?.project).toEqual(project);
});

test.each([
  ["openai: {}", "bearer"],
  ["anthropic: {}", { header: "x-api-key", prefix: "" }],
  ["ollama: {}", "none"],
  ["ollama: { api_key: k }", "bearer"],
  ["mine: { type: anthropic, api_key: k }", { header: "x-api-key", prefix: "" }],
  ["mine: { base_url: 'http://h' }", "none"],
  ["mine: { base_url: 'http://h', api_key: '' }", "none"],
  ["mine: { base_url: 'http://h', api_key: k }", "bearer"],
  ["mine: { base_url: 'http://h', api_key: k, auth: api-key }", "api-key"],
  ["mine: { type: mock }", "none"],
  ["vertex: {}", "google-service-account"],
  ["vertex: { auth: bearer, api_key: k, project: p }", "bearer"],
  ["gemini: {}", { header: "x-goog-api-key", prefix: "" }],
  ["bedrock: { region: r }", "bearer"],
  ["azure: { resource: r }", "api-key"],
])("%s is sent its credential as %j", (provider, auth) => {
  expect(Object.values(config(`providers: { ${provider} }`).providers)[0]?.auth).toEqual(auth as never);
});
