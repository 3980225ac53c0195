// Providers compiled: presets overlaid with the file, every way of authenticating, addresses, declared models.

import { describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { snapshotOf } from "../../support/snapshots.ts";

/** The provider `up` with these settings, as YAML of one line. */
function provider(settings: string, env: Record<string, string> = {}, name = "up"): Provider {
  const found = snapshotOf(`providers: { ${name}: ${settings} }`, env).directory.providers.get(name);
  if (found === undefined) throw new Error("no provider");
  return found;
}

const BASE = 'base_url: "http://h:8000/v1"';

describe("a provider", () => {
  test("of an unknown name speaks OpenAI's endpoints, without a credential", () => {
    const up = provider(`{ ${BASE} }`);
    expect({ ...up, endpoints: [...up.endpoints].sort() }).toMatchObject({
      name: "up",
      type: "openai-compatible",
      root: "http://h:8000/v1",
      auth: { kind: "none" },
      credential: undefined,
      pin: undefined,
      models: undefined,
      declared: [],
      endpoints: ["chat", "completions", "embeddings", "models", "responses"],
      headers: {},
      forwardHeaders: [],
      timeouts: { connectMs: 10_000, firstByteMs: 900_000, idleMs: 300_000, totalMs: 1_800_000 },
      tls: { ca: undefined, insecure: false },
      httpProxy: undefined,
      origin: { host: "h", port: 8_000 },
      streamUsage: true,
      local: undefined,
    });
  });

  test("named like a preset needs nothing else", () => {
    const openai = provider("{}", { OPENAI_API_KEY: "sk-upstream" }, "openai");
    expect(openai).toMatchObject({
      type: "openai",
      root: "https://api.openai.com/v1",
      origin: { host: "api.openai.com", port: 443 },
    });
    expect([openai.credential?.reveal(), openai.credentialName]).toEqual([
      "sk-upstream",
      expect.stringContaining("OPENAI_API_KEY"),
    ]);
    expect(provider("{}", {}, "openai").credential).toBeUndefined();
  });

  test("has its settings in milliseconds and lower case", () => {
    const more = `timeouts: { connect: 1s, first_byte: 0, idle: 250ms, total: 1h }, headers: { X-Team: ml }, forward_headers: [X-Also]`;
    expect(
      provider(`{ ${BASE}, ${more}, stream_usage: false, endpoints: [chat], tls: { insecure: true } }`),
    ).toMatchObject({
      timeouts: { connectMs: 1_000, firstByteMs: 0, idleMs: 250, totalMs: 3_600_000 },
      headers: { "x-team": "ml" },
      forwardHeaders: ["x-also"],
      streamUsage: false,
      endpoints: new Set(["chat"]),
      tls: { insecure: true },
    });
  });
});

test.each([
  ["", "none", { kind: "none" }, undefined],
  ["api_key: k", "bearer", { kind: "header", header: "authorization", prefix: "Bearer " }, "k"],
  ["auth: bearer, api_key: k", "bearer", { kind: "header", header: "authorization", prefix: "Bearer " }, "k"],
  ["auth: api-key, api_key: k", "api-key", { kind: "header", header: "api-key", prefix: "" }, "k"],
  [
    "auth: { header: X-Key, prefix: 'T ' }, api_key: k",
    "a header",
    { kind: "header", header: "x-key", prefix: "T " },
    "k",
  ],
  [
    "auth: { header: X-Key }, api_key: k",
    "a bare header",
    { kind: "header", header: "x-key", prefix: "" },
    "k",
  ],
  ["auth: { query: token }, api_key: k", "the query", { kind: "query", parameter: "token" }, "k"],
  ["auth: passthrough", "passthrough", { kind: "passthrough" }, undefined],
  ["auth: none, api_key: k", "none, in spite of a key", { kind: "none" }, "k"],
  ['api_key: ""', "none for an empty key", { kind: "none" }, undefined],
])("{ %s } authenticates by %s", (settings, _, auth, credential) => {
  const up = provider(`{ ${[BASE, settings].filter((part) => part !== "").join(", ")} }`);
  expect<unknown>(up.auth).toEqual(auth);
  expect(up.credential?.reveal()).toBe(credential as string);
});

test.each([
  ["http://h/v1", "h", 80],
  ["https://h/v1", "h", 443],
  ["https://h:8443", "h", 8_443],
  ["http://[::1]:8000/v1", "::1", 8_000],
  ["http://[2001:db8::1]", "2001:db8::1", 80],
])("%s is connected to at %s, port %d", (baseUrl, host, port) => {
  expect(provider(`{ base_url: "${baseUrl}" }`).origin).toEqual({ host, port });
});

test("through a proxy it is the proxy that is connected to", () => {
  const up = provider(`{ base_url: "https://h/v1", http_proxy: "http://proxy:3128" }`);
  expect([up.httpProxy, up.origin]).toEqual(["http://proxy:3128", { host: "proxy", port: 3_128 }]);
});

describe("declared models", () => {
  test.each([
    ["", [], undefined],
    ["models: [a, org/b, a]", ["a", "org/b"], true],
    ['models: [a, "b-*", "!c"]', ["a"], true],
    ['models: [kept, "*", "!kept"]', [], false],
    ["models: []", [], false],
    ["model: the/pin", ["the/pin"], undefined],
    ["model: pin, models: [pin, other]", ["pin"], undefined],
  ])("of { %s } are %j", (settings, declared) => {
    expect(provider(`{ ${[BASE, settings].filter((part) => part !== "").join(", ")} }`).declared).toEqual(
      declared as string[],
    );
  });

  test("are judged by the list, which names its provider", () => {
    const up = provider(`{ ${BASE}, models: ["x-*", "!x-secret"] }`);
    expect([up.models?.allows(["x-1"]), up.models?.allows(["x-secret"]), up.models?.allows(["y"])]).toEqual([
      true,
      false,
      false,
    ]);
    expect(up.models?.owner).toBe("provider up");
  });
});

test("the name of a credential is the variable that the file names, where it names one", () => {
  expect(provider(`{ ${BASE}, api_key: "\${MY_KEY}" }`, { MY_KEY: "k" }).credentialName).toContain("MY_KEY");
  expect(provider(`{ ${BASE}, auth: none }`).credentialName).toContain("api_key");
});

describe("a mock provider", () => {
  const asked = { endpoint: "chat", body: undefined, signal: new AbortController().signal } as const;

  test("answers by itself, with its own settings", async () => {
    const demo = provider("{ type: mock, models: [small], mock: { latency: 20ms } }", {}, "demo");
    expect(demo).toMatchObject({
      root: "",
      origin: { host: "", port: 0 },
      auth: { kind: "none" },
      declared: ["small"],
    });
    const response = await demo.local?.(asked);
    expect(await response?.json()).toMatchObject({
      name: "demo",
      settings: { latency: "20ms", models: ["small"] },
    });
  });

  test("lists what it was told to list, whatever is declared", async () => {
    const demo = provider("{ type: mock, models: [small], mock: { models: [other] } }", {}, "demo");
    expect(await (await demo.local?.(asked))?.json()).toMatchObject({ settings: { models: ["other"] } });
  });

  test("needs no settings", () => {
    expect(provider("{ type: mock }", {}, "demo").local).toBeFunction();
  });
});
