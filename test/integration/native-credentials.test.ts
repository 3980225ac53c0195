// What pays at each native provider: the variables it is taken from, the header it goes in, and what is said without.

import { afterEach, describe, expect, test } from "bun:test";
import { PROVIDERS } from "../../src/catalog/providers.ts";
import { keySection } from "../support/callers.ts";
import { hashOf, TEST_KEY, virtualKey } from "../support/keys.ts";
import { GRAMMAR_PRESETS } from "../support/native-routes.ts";
import {
  ACCESS_TOKEN,
  type NativeOptions,
  type NativeScene,
  nativeScene,
  presetSettings,
  secretOf,
} from "../support/native-scene.ts";
import { readSignature, signatureOf } from "../support/native-signature.ts";
import type { SeenRequest } from "../support/upstream.ts";

const running: NativeScene[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((scene) => scene.stop()));
});

async function start(options: NativeOptions = {}): Promise<NativeScene> {
  const keys = { ...keySection({ caller: {} }), tester: { hash: hashOf(TEST_KEY) } };
  const { settings = () => ({}), env = {} } = options;
  const scene = await nativeScene({ env, settings: (urls) => ({ keys, ...settings(urls) }) });
  running.push(scene);
  return scene;
}

const PATHS: Readonly<Record<string, string>> = {
  anthropic: "/anthropic/v1/messages",
  gemini: "/gemini/v1beta/models/m:generateContent",
  vertex: "/vertex/v1/publishers/google/models/m:generateContent",
  bedrock: "/bedrock/model/m/converse",
};
const BODY = { model: "m", messages: [], contents: [], max_tokens: 9 };

function pathOf(preset: string): string {
  return PATHS[preset] ?? `/${preset}/v1/chat/completions`;
}

/** Presets that take their secret from the environment. */
const SECRETIVE = Object.entries(PROVIDERS).filter(([, { secrets }]) => secrets.length > 0);

const NO_SECRETS = Object.fromEntries(
  SECRETIVE.flatMap(([, { secrets }]) => secrets.map((name) => [name, undefined])),
);

/** What came of a call: status, code and text of the answer, and what the upstream saw. */
async function call(scene: NativeScene, preset: string, headers = {}, query = "") {
  scene.upstream.requests.length = 0;
  const answer = await scene.gateway.post(pathOf(preset) + query, BODY, headers);
  const text = await answer.text();
  const [seen] = scene.upstream.requests;
  return { status: answer.status, code: answer.headers.get("x-postern-code"), text, seen };
}

const CREDENTIAL_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];

function credentialsOf(seen: SeenRequest | undefined): Readonly<Record<string, string | undefined>> {
  const sent = CREDENTIAL_HEADERS.filter((name) => seen?.headers[name] !== undefined);
  return Object.fromEntries(sent.map((name) => [name, seen?.headers[name]]));
}

describe("the secret of the environment goes upstream as the provider wants it, and nothing else", () => {
  /** As in the contract, for the presets that it names. */
  const WAYS: Readonly<Record<string, readonly [header: string, value: string]>> = {
    openai: ["authorization", `Bearer ${secretOf("openai")}`],
    anthropic: ["x-api-key", secretOf("anthropic")],
    gemini: ["x-goog-api-key", secretOf("gemini")],
    vertex: ["authorization", `Bearer ${ACCESS_TOKEN}`],
    bedrock: ["authorization", `Bearer ${secretOf("bedrock")}`],
    azure: ["api-key", secretOf("azure")],
    xai: ["authorization", `Bearer ${secretOf("xai")}`],
    baseten: ["authorization", `Bearer ${secretOf("baseten")}`],
    fireworks: ["authorization", `Bearer ${secretOf("fireworks")}`],
  };

  test("for every carrier of the virtual key", async () => {
    const scene = await start();
    const key = virtualKey("caller");
    for (const [preset, [header, value]] of Object.entries(WAYS))
      for (const carrier of ["x-api-key", "api-key", "x-goog-api-key", "?key=", "authorization"]) {
        const headers = {
          authorization: carrier === "authorization" ? `Bearer ${key}` : "",
          cookie: "session=1",
          ...(carrier.startsWith("x-") || carrier === "api-key" ? { [carrier]: key } : {}),
        };
        const query = carrier === "?key=" ? `?a=%20b&%6bey=${key}&c` : "?a=%20b&c";
        const { status, seen } = await call(scene, preset, headers, query);
        const what = [preset, carrier, status, seen?.query, credentialsOf(seen)];
        expect(what).toEqual([preset, carrier, 200, "?a=%20b&c", { [header]: value }]);
      }
  });

  test("the variables are those of the contract", () => {
    const named = Object.keys(WAYS).map((name) => [name, PROVIDERS[name]?.secrets] as const);
    expect(Object.fromEntries(named)).toEqual({
      openai: ["OPENAI_API_KEY"],
      anthropic: ["ANTHROPIC_API_KEY"],
      gemini: ["GOOGLE_API_KEY", "GEMINI_API_KEY"],
      vertex: ["VERTEX_SERVICE_ACCOUNT_JSON"],
      bedrock: ["AWS_BEARER_TOKEN_BEDROCK"],
      azure: ["AZURE_FOUNDRY_API_KEY"],
      xai: ["XAI_API_KEY"],
      baseten: ["BASETEN_API_KEY"],
      fireworks: ["FIREWORKS_API_KEY"],
    });
  });
});

describe("a secret that is not set is a 424", () => {
  test("that names the provider and the variable, for every preset", async () => {
    const scene = await start({ env: NO_SECRETS });
    for (const [preset, { secrets, endpoints }] of SECRETIVE) {
      if (!GRAMMAR_PRESETS.includes(preset) && !endpoints.includes("chat") && preset !== "anthropic")
        continue;
      const { status, code, text, seen } = await call(scene, preset);
      expect([preset, status, code, seen]).toEqual([preset, 424, "missing_credential", undefined]);
      expect(text).toContain(`provider ${preset} `);
      expect(text).toContain(secrets[0] ?? "");
    }
    expect(scene.tokens.requests).toEqual([]);
  });

  test("also for lists of models and counts of tokens", async () => {
    const scene = await start({ env: NO_SECRETS });
    for (const path of ["/gemini/v1beta/models", "/openai/v1/models", "/anthropic/v1/models"]) {
      const answer = await scene.gateway.fetch(path, { headers: { authorization: `Bearer ${TEST_KEY}` } });
      expect([path, answer.status]).toEqual([path, 424]);
      await answer.text();
    }
    const count = await scene.gateway.post("/bedrock/model/m/count-tokens", {});
    expect([count.status, count.headers.get("x-amzn-errortype")]).toEqual([424, "ModelErrorException"]);
    expect(await count.text()).toContain("AWS_BEARER_TOKEN_BEDROCK");
  });

  test.each([
    ["the secret half", { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE" }],
    ["the id", { AWS_SECRET_ACCESS_KEY: "secret/half" }],
    ["the id, which is empty", { AWS_SECRET_ACCESS_KEY: "secret/half", AWS_ACCESS_KEY_ID: "" }],
  ])("where AWS access keys lack %s", async (_, env) => {
    const scene = await start({ env: { ...NO_SECRETS, ...env } });
    const { status, code, text, seen } = await call(scene, "bedrock");
    expect([status, code, seen]).toEqual([424, "missing_credential", undefined]);
    expect(text).toContain("AWS_ACCESS_KEY_ID");
    expect(text).toContain("AWS_SECRET_ACCESS_KEY");
    expect(text).not.toContain("secret/half");
  });
});

describe("Gemini's key is", () => {
  test.each([
    ["GOOGLE_API_KEY before GEMINI_API_KEY", { GOOGLE_API_KEY: "first", GEMINI_API_KEY: "second" }, "first"],
    ["GEMINI_API_KEY alone", { GOOGLE_API_KEY: undefined, GEMINI_API_KEY: "second" }, "second"],
    ["GEMINI_API_KEY where the other is empty", { GOOGLE_API_KEY: "", GEMINI_API_KEY: "second" }, "second"],
  ])("%s", async (_, env, key) => {
    const scene = await start({ env });
    expect(credentialsOf((await call(scene, "gemini")).seen)).toEqual({ "x-goog-api-key": key });
  });
});

describe("Anthropic's version and beta", () => {
  test("go on as sent; the version is 2023-06-01 where none was", async () => {
    const scene = await start();
    const beta = "context-1m-2025-08-07,  mcp-client-2025-04-04 ,x";
    const sent = await call(scene, "anthropic", {
      "anthropic-version": "2024-10-22",
      "anthropic-beta": beta,
    });
    expect(sent.seen?.headers).toMatchObject({ "anthropic-version": "2024-10-22", "anthropic-beta": beta });
    const none = await call(scene, "anthropic");
    expect(none.seen?.headers["anthropic-version"]).toBe("2023-06-01");
    expect(none.seen?.headers["anthropic-beta"]).toBeUndefined();
  });

  test("on count_tokens, models and /v1 likewise", async () => {
    const scene = await start();
    const auth = { authorization: `Bearer ${TEST_KEY}` };
    scene.upstream.requests.length = 0;
    await (await scene.gateway.post("/anthropic/v1/messages/count_tokens", BODY)).text();
    await (await scene.gateway.fetch("/anthropic/v1/models", { headers: auth })).text();
    await (await scene.gateway.post("/v1/messages", { ...BODY, model: "anthropic/m" })).text();
    const versions = scene.upstream.requests.map(({ headers }) => headers["anthropic-version"]);
    expect(versions).toEqual(["2023-06-01", "2023-06-01", "2023-06-01"]);
  });

  test("no version is made up for others", async () => {
    const scene = await start();
    const { seen } = await call(scene, "openai");
    expect(seen?.headers["anthropic-version"]).toBeUndefined();
  });
});

describe("Bedrock", () => {
  const KEYS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "wJalr/K7MDENG+example" };
  const NO_TOKEN = { AWS_BEARER_TOKEN_BEDROCK: undefined };

  test("is paid by its bearer token before access keys", async () => {
    const scene = await start({ env: KEYS });
    const { seen } = await call(scene, "bedrock");
    expect(credentialsOf(seen)).toEqual({ authorization: `Bearer ${secretOf("bedrock")}` });
    expect(seen?.headers["x-amz-date"]).toBeUndefined();
  });

  test("is signed to with access keys, in the region of the file", async () => {
    const scene = await start({ env: { ...KEYS, ...NO_TOKEN } });
    const paths = [
      "/bedrock/model/us.anthropic.claude-x:0/converse",
      "/bedrock/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fx/invoke-with-response-stream",
      "/bedrock/model/m/count-tokens?b=2&a=%2F%20x&flag",
    ];
    const headers = { "x-amzn-bedrock-trace": "ENABLED", "user-agent": "someone/1" };
    for (const path of paths)
      await (await scene.gateway.post(path, '{"inputText":"grüß  dich"}', headers)).text();
    expect(scene.upstream.requests).toHaveLength(paths.length);
    for (const request of scene.upstream.requests) {
      const { accessKeyId, scope, signedHeaders, signature } = readSignature(request);
      expect(accessKeyId).toBe("AKIAEXAMPLE");
      expect(scope).toMatch(/^\d{8}\/eu-central-1\/bedrock\/aws4_request$/);
      expect(signedHeaders).toEqual(expect.arrayContaining(["host", "x-amz-date"]));
      expect(signedHeaders).toEqual([...signedHeaders].sort());
      expect(request.headers["x-amzn-bedrock-trace"]).toBe("ENABLED");
      expect(request.headers["x-amz-security-token"]).toBeUndefined();
      expect(signature).toBe(signatureOf(request, KEYS.AWS_SECRET_ACCESS_KEY));
      const age =
        Date.now() -
        Date.parse((request.headers["x-amz-date"] ?? "").replace(AMZ_DATE, "$1-$2-$3T$4:$5:$6Z"));
      expect(Math.abs(age)).toBeLessThan(5 * 60_000);
    }
  });

  const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

  test("a session token is sent, and signed", async () => {
    const scene = await start({ env: { ...KEYS, ...NO_TOKEN, AWS_SESSION_TOKEN: "session+token/==" } });
    const { seen } = await call(scene, "bedrock");
    if (seen === undefined) throw new Error("nothing was sent");
    expect(seen.headers["x-amz-security-token"]).toBe("session+token/==");
    const { signedHeaders, signature } = readSignature(seen);
    expect(signedHeaders).toContain("x-amz-security-token");
    expect(signature).toBe(signatureOf(seen, KEYS.AWS_SECRET_ACCESS_KEY));
  });

  test("`auth: aws` signs although there is a bearer token; `headers` of the provider are covered", async () => {
    const scene = await start({
      env: KEYS,
      settings: (urls) => ({
        providers: {
          bedrock: { ...presetSettings("bedrock", urls), auth: "aws", headers: { "X-Amz-Team": " a  b " } },
        },
      }),
    });
    const { seen } = await call(scene, "bedrock");
    if (seen === undefined) throw new Error("nothing was sent");
    expect(readSignature(seen).signature).toBe(signatureOf(seen, KEYS.AWS_SECRET_ACCESS_KEY));
    expect(JSON.stringify(seen.headers)).not.toContain(secretOf("bedrock"));
  });

  test("without a token or keys of its own, `api_key` of the file is the bearer token", async () => {
    const scene = await start({
      env: NO_TOKEN,
      settings: (urls) => ({
        providers: { bedrock: { ...presetSettings("bedrock", urls), api_key: "token-of-the-file" } },
      }),
    });
    const { seen } = await call(scene, "bedrock");
    expect(credentialsOf(seen)).toEqual({ authorization: "Bearer token-of-the-file" });
  });
});
