// Providers with paths of their own compiled: where calls go, by which region or location, and what pays for them.

import { describe, expect, test } from "bun:test";
import type { Provider, RequestSigner, TokenSource } from "../../../src/exchange.ts";
import type { CredentialDeps } from "../../../src/gateway/compile-provider.ts";
import { hasCredential, listModels } from "../../../src/gateway/list-models.ts";
import { serverOf } from "../../../src/upstream/url.ts";
import { fakeKey } from "../../support/fake-parts.ts";
import { keyFile } from "../../support/service-account.ts";
import { snapshotOf } from "../../support/snapshots.ts";

const SIGNER: RequestSigner = { sign: () => ({ authorization: "signed" }) };
const TOKENS: TokenSource = { token: async () => ({ ok: true, token: "t" }), known: () => ["token-canary"] };

const asked: string[] = [];
const CREDENTIALS: CredentialDeps = {
  tokens(account, { provider, httpProxy }) {
    asked.push(`${provider} ${account.project} ${httpProxy}`);
    return TOKENS;
  },
  signer(region) {
    asked.push(region);
    return SIGNER;
  },
  secrets: ["secret-access-key-canary"],
};

const ACCESS_KEYS = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret-access-key-canary" };

function snapshot(settings: string, env: Record<string, string> = {}) {
  asked.length = 0;
  return snapshotOf(`providers: { ${settings} }`, env, { credentials: CREDENTIALS });
}

function provider(settings: string, env: Record<string, string> = {}): Provider {
  const [found] = snapshot(settings, env).directory.providers.values();
  if (found === undefined) throw new Error("no provider");
  return found;
}

test.each([
  ["gemini: {}", "https://generativelanguage.googleapis.com", "generativelanguage.googleapis.com"],
  ["gemini: { base_url: 'http://127.0.0.1:8000/v1beta/' }", "http://127.0.0.1:8000", "127.0.0.1"],
  ["gemini: { base_url: 'https://h/api/v1' }", "https://h/api", "h"],
  ["vertex: {}", "https://aiplatform.googleapis.com", "aiplatform.googleapis.com"],
  [
    "vertex: { location: us-east5 }",
    "https://us-east5-aiplatform.googleapis.com",
    "us-east5-aiplatform.googleapis.com",
  ],
  [
    "vertex: { location: us-east5, base_url: 'http://127.0.0.1:1/v1beta1' }",
    "http://127.0.0.1:1",
    "127.0.0.1",
  ],
  [
    "bedrock: { region: eu-central-1 }",
    "https://bedrock-runtime.eu-central-1.amazonaws.com",
    "bedrock-runtime.eu-central-1.amazonaws.com",
  ],
  ["azure: { resource: acme }", "https://acme.services.ai.azure.com/openai/v1", "acme.services.ai.azure.com"],
  ["azure: { base_url: 'http://127.0.0.1:1' }", "http://127.0.0.1:1/v1", "127.0.0.1"],
])("{ %s } is at %s", (settings, root, host) => {
  const { root: compiled, origin } = provider(settings);
  expect([compiled, origin.host]).toEqual([root, host]);
});

describe("the places of Vertex AI", () => {
  test("each have a server of their own; the first is the usual one", () => {
    const vertex = provider("vertex: { project: [a, b], location: [eu, global] }");
    expect(vertex.places).toMatchObject({ projects: ["a", "b"], locations: ["eu", "global"] });
    expect(vertex.root).toBe("https://aiplatform.eu.rep.googleapis.com");
    const origin = { host: "aiplatform.googleapis.com", port: 443 };
    expect(serverOf(vertex, "global")).toEqual({ root: "https://aiplatform.googleapis.com", origin });
    expect(serverOf(vertex, undefined).root).toBe(vertex.root);
    expect(serverOf(vertex, "eu").root).toBe(vertex.root);
    expect(serverOf(vertex, "elsewhere").root).toBe(vertex.root);
  });

  test("are all served at a base_url, and all reached through a proxy", () => {
    const vertex = provider("vertex: { location: [eu, global], base_url: 'http://127.0.0.1:1' }");
    expect(serverOf(vertex, "global").root).toBe("http://127.0.0.1:1");
    const proxied = provider("vertex: { location: [eu, global], http_proxy: 'http://proxy:3128' }");
    expect(serverOf(proxied, "global")).toEqual({
      root: "https://aiplatform.googleapis.com",
      origin: { host: "proxy", port: 3128 },
    });
  });

  test("begin with the key file's project", () => {
    const env = { VERTEX_SERVICE_ACCOUNT_JSON: keyFile() };
    expect(provider("vertex: {}", env).places?.projects).toEqual(["acme-prod"]);
    expect(provider("vertex: { project: other }", env).places?.projects).toEqual(["other"]);
    expect(provider("vertex: {}").places?.projects).toEqual([]);
    expect(provider("gemini: {}").places).toBeUndefined();
  });
});

describe("what pays", () => {
  test("for Vertex AI are tokens of the account; the key file itself is never sent", () => {
    const vertex = provider("vertex: { http_proxy: 'http://proxy:3128' }", {
      VERTEX_SERVICE_ACCOUNT_JSON: keyFile(),
    });
    expect(vertex.auth).toEqual({ kind: "google-service-account", tokens: TOKENS });
    expect([vertex.credential, hasCredential(vertex)]).toEqual([undefined, true]);
    expect(asked).toEqual(["vertex acme-prod http://proxy:3128"]);
  });

  test.each([
    ["bedrock: { region: r }", {}, "header", false, []],
    ["bedrock: { region: r }", { AWS_BEARER_TOKEN_BEDROCK: "b" }, "header", true, []],
    ["bedrock: { region: r }", ACCESS_KEYS, "sigv4", true, ["r"]],
    ["bedrock: { region: r }", { ...ACCESS_KEYS, AWS_BEARER_TOKEN_BEDROCK: "b" }, "header", true, []],
    ["bedrock: { region: r, api_key: b }", ACCESS_KEYS, "header", true, []],
    [
      "bedrock: { region: r, auth: aws }",
      { ...ACCESS_KEYS, AWS_BEARER_TOKEN_BEDROCK: "b" },
      "sigv4",
      true,
      ["r"],
    ],
    ["bedrock: { region: r, auth: bearer }", ACCESS_KEYS, "header", false, []],
  ])("for { %s } with %j is %s", (settings, env, kind, isThere, signers) => {
    const bedrock = provider(settings, env);
    expect<unknown[]>([bedrock.auth.kind, hasCredential(bedrock), asked]).toEqual([kind, isThere, signers]);
    if (kind === "sigv4") expect(bedrock.credential).toBeUndefined();
  });

  test("for Gemini is the first of two variables, for Azure a header", () => {
    const gemini = provider("gemini: {}", { GEMINI_API_KEY: "second", GOOGLE_API_KEY: "first" });
    expect([gemini.auth, gemini.credential?.reveal()]).toEqual([
      { kind: "header", header: "x-goog-api-key", prefix: "" },
      "first",
    ]);
    expect(provider("gemini: {}", { GEMINI_API_KEY: "second" }).credential?.reveal()).toBe("second");
    const azure = provider("azure: { resource: a }", { AZURE_FOUNDRY_API_KEY: "k" });
    expect(azure.auth).toEqual({ kind: "header", header: "api-key", prefix: "" });
  });

  test.each([
    ["vertex: {}", "VERTEX_SERVICE_ACCOUNT_JSON, or `api_key` of the provider"],
    ["gemini: {}", "GOOGLE_API_KEY, or `api_key` of the provider"],
    [
      "bedrock: { region: r }",
      "AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or `api_key` of the provider",
    ],
  ])("for { %s } is missing: %s is to be set", (settings, name) => {
    const missing = provider(settings);
    expect([hasCredential(missing), missing.credentialName]).toEqual([false, name]);
  });

  test("may be a log-in of the caller", () => {
    expect(provider("anthropic: { subscription_logins: true }").subscriptionLogins).toBe(true);
    expect(provider("anthropic: {}").subscriptionLogins).toBe(false);
  });
});

test.each([
  ["gemini: { normalize: 'on' }", "gemini", false],
  ["vertex: {}", "vertex", false],
  ["bedrock: { region: r, normalize: 'on' }", "bedrock", false],
  ["anthropic: {}", "anthropic", false],
  ["azure: { resource: a }", "openai", true],
  ["xai: {}", "openai", true],
  ["demo: { type: mock }", "openai", true],
])("{ %s } speaks %s, repaired: %p", (settings, dialect, repair) => {
  expect<unknown[]>([provider(settings).dialect, provider(settings).repair]).toEqual([dialect, repair]);
});

describe("models", () => {
  const { directory } = snapshot(
    "gemini: { api_key: k, models: [gemini-x, '*'] }, vertex: { location: eu }, bedrock: { region: r, api_key: k }, xai: { api_key: k }",
  );

  test("are asked for only where /v1 leads", () => {
    expect(directory.discoverable.map(({ name }) => name)).toEqual(["xai"]);
    expect(directory.unaskable).toEqual([]);
  });

  test("that are declared are listed as all others", () => {
    expect(listModels(fakeKey(), directory).map(({ id }) => id)).toEqual(["gemini/gemini-x"]);
  });

  test("of a provider that takes log-ins are there without a credential of its own", () => {
    const listed = (settings: string) =>
      listModels(fakeKey(), snapshot(`anthropic: { models: [claude-x], ${settings} }`).directory);
    expect(listed("subscription_logins: true").map(({ id }) => id)).toEqual(["anthropic/claude-x"]);
    expect(listed("subscription_logins: false")).toEqual([]);
  });
});

test("no secret of a key file, no access key and no token comes out of an answer", () => {
  const text = keyFile();
  const { scrub } = snapshot("vertex: {}", { VERTEX_SERVICE_ACCOUNT_JSON: text });
  const key: string = JSON.parse(text).private_key;
  const line = key.split("\n")[3] ?? "";
  for (const secret of [text, key, JSON.stringify(key), line, "token-canary", "secret-access-key-canary"])
    expect(scrub(`before ${secret} after`)).not.toContain(secret.includes(line) ? line : secret);
  expect(scrub("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
});
