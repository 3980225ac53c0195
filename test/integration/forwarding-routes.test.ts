// What each path and method leads to: the routes, their refusals, slashes, queries, and a base path in front.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { rawExchange } from "../support/raw-tcp.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;
let mounted: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const rest = `
providers:
  up: { base_url: "${upstream.url}/v1", auth: none, models: [m, "vendor/m-1"] }
  few: { base_url: "${upstream.url}/few/v1", auth: none, endpoints: [chat, models] }
  native: { base_url: "${upstream.url}/v1", auth: none, endpoints: [messages, count_tokens] }
  meta-llama/Llama-3.1-8B: { base_url: "${upstream.url}/llama/v1", auth: none, model: llama }
models: { fast: up/m }
${TESTER}`;
  gateway = await startGateway(rest);
  mounted = await startGateway(`server:\n  base_path: /gateway\n${rest}`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await Promise.all([gateway?.stop(), mounted?.stop()]);
  await upstream?.stop();
});

async function call(
  method: string,
  path: string,
  to: Gateway = gateway,
): Promise<{ status: number; code: string | null; answer: Response }> {
  const model = path.includes("/providers/") ? "m" : "up/m";
  const body = method === "GET" || method === "HEAD" ? undefined : JSON.stringify({ model });
  const answer = await to.fetch(path, {
    method,
    headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, code: answer.headers.get("x-postern-code"), answer };
}

const REFUSED: readonly (readonly [string, string, number, string])[] = [
  ["POST", "/v1/audio/speech", 404, "not_found"],
  ["POST", "/v1/chat", 404, "not_found"],
  ["POST", "/v1/chat/completions/extra", 404, "not_found"],
  ["GET", "/v1", 404, "not_found"],
  ["GET", "/v1/files", 404, "not_found"],
  ["POST", "/v1/CHAT/completions", 404, "not_found"],
  ["POST", "/v2/chat/completions", 404, "not_found"],
  ["POST", "/chat/completions", 404, "not_found"],
  ["POST", "/nope", 404, "not_found"],
  ["GET", "/v1/chat/completions", 405, "method_not_allowed"],
  ["PUT", "/v1/chat/completions", 405, "method_not_allowed"],
  ["DELETE", "/v1/embeddings", 405, "method_not_allowed"],
  ["PATCH", "/v1/responses", 405, "method_not_allowed"],
  ["POST", "/v1/models", 405, "method_not_allowed"],
  ["DELETE", "/v1/models/up/m", 405, "method_not_allowed"],
  ["POST", "/v1/key", 405, "method_not_allowed"],
  ["POST", "/healthz", 405, "method_not_allowed"],
  ["DELETE", "/readyz", 405, "method_not_allowed"],
  ["POST", "/providers/nope/v1/chat/completions", 404, "provider_not_found"],
  ["GET", "/providers/nope/v1/anything", 404, "provider_not_found"],
  ["POST", "/providers/UP/v1/chat/completions", 404, "provider_not_found"],
  ["POST", "/providers/up/v1/audio/speech", 501, "unsupported_endpoint"],
  ["POST", "/providers/up/v1/messages", 501, "unsupported_endpoint"],
  ["GET", "/providers/up/v1/chat/completions", 501, "unsupported_endpoint"],
  ["DELETE", "/providers/up/v1/embeddings", 501, "unsupported_endpoint"],
  ["POST", "/providers/up/v1/models", 501, "unsupported_endpoint"],
  ["POST", "/providers/few/v1/embeddings", 501, "unsupported_endpoint"],
  ["POST", "/providers/few/v1/responses", 501, "unsupported_endpoint"],
  ["POST", "/providers/native/v1/chat/completions", 501, "unsupported_endpoint"],
  ["POST", "/models/nope/v1/chat/completions", 404, "model_not_found"],
  ["POST", "/models/fast/v1/audio/speech", 501, "unsupported_endpoint"],
  ["GET", "/models/fast/v1/chat/completions", 501, "unsupported_endpoint"],
  ["POST", "/models/fast/v1/messages", 501, "unsupported_endpoint"],
  ["POST", "/openai/v1/chat/completions", 404, "provider_not_found"],
];

describe("a path or method that leads nowhere", () => {
  for (const [method, path, status, code] of REFUSED) {
    test(`${method} ${path} is ${status} ${code}`, async () => {
      const { answer, ...outcome } = await call(method, path);
      const body = await answer.json();
      expect(outcome).toEqual({ status, code });
      const type = status === 501 ? "server_error" : "invalid_request_error";
      const refusal = path.endsWith("/messages")
        ? { type: "error", error: { details: { error_code: code } } }
        : { error: { code, type } };
      expect(body).toMatchObject(refusal);
      expect(answer.headers.get("x-postern-request-id")).toMatch(/^[A-Za-z0-9._-]{8,128}$/);
      expect(answer.headers.get("x-should-retry")).toBe(status === 501 ? "false" : null);
      expect(answer.headers.get("retry-after")).toBeNull();
      if (status === 405) expect(answer.headers.get("allow")).toMatch(/^(GET|POST)(, *HEAD)?$/);
      expect(upstream.requests).toHaveLength(0);
    });
  }

  test("a model whose provider does not offer the endpoint is a 501", async () => {
    const answer = await gateway.post("/v1/embeddings", { model: "few/x", input: "a" });
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([501, "unsupported_endpoint"]);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    const messages = await gateway.post("/v1/messages", { model: "up/m", max_tokens: 1, messages: [] });
    expect([messages.status, await messages.json()]).toMatchObject([
      501,
      { type: "error", error: { details: { error_code: "unsupported_endpoint" } } },
    ]);
  });

  test("a model that is not allowed is a 403 that need not be tried again", async () => {
    const answer = await gateway.post("/v1/chat/completions", { model: "up/other" });
    expect([answer.status, await answer.json()]).toMatchObject([
      403,
      { error: { type: "permission_error", code: "model_not_allowed" } },
    ]);
    expect([answer.headers.get("x-should-retry"), answer.headers.get("retry-after")]).toEqual([
      "false",
      null,
    ]);
  });

  test("a WebSocket upgrade is a 426 wherever a POST would do", async () => {
    for (const path of ["/v1/responses", "/providers/up/v1/responses", "/providers/up/responses"]) {
      const headers = [
        "host: localhost",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
      ];
      const key = ["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", `authorization: Bearer ${TEST_KEY}`];
      const answer = await rawExchange(
        gateway.port,
        requestBytes(`GET ${path} HTTP/1.1`, [...headers, ...key]),
      );
      expect([path, answer.status, answer.header("x-postern-code")]).toEqual([path, 426, "upgrade_required"]);
      expect(answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    }
  });

  test.each([404, 405])("an upstream's own %i passes as it is", async (status) => {
    const body = '{"error":{"message":"theirs","type":"invalid_request_error","param":null,"code":null}}';
    upstream.answer(() => new Response(body, { status, headers: { "content-type": "application/json" } }));
    const answer = await gateway.post("/v1/chat/completions", { model: "up/m" });
    expect([answer.status, await answer.text()]).toEqual([status, body]);
  });
});

const LEADING: readonly (readonly [string, string])[] = [
  ["/v1/chat/completions", "/v1/chat/completions"],
  ["/v1/chat/completions/", "/v1/chat/completions"],
  ["/v1/completions", "/v1/completions"],
  ["/v1/embeddings/", "/v1/embeddings"],
  ["/v1/responses", "/v1/responses"],
  ["/providers/up/v1/chat/completions", "/v1/chat/completions"],
  ["/providers/up/chat/completions", "/v1/chat/completions"],
  ["/providers/up/chat/completions/", "/v1/chat/completions"],
  ["/providers/%75p/v1/embeddings", "/v1/embeddings"],
  ["/providers/few/chat/completions", "/few/v1/chat/completions"],
  ["/providers/native/v1/messages", "/v1/messages"],
  ["/providers/native/v1/messages/count_tokens", "/v1/messages/count_tokens"],
  ["/providers/meta-llama%2FLlama-3.1-8B/v1/chat/completions", "/llama/v1/chat/completions"],
  ["/providers/meta-llama%2fLlama-3.1-8B/responses", "/llama/v1/responses"],
  ["/models/fast/v1/chat/completions", "/v1/chat/completions"],
  ["/models/fast/embeddings/", "/v1/embeddings"],
];

describe("a path that leads upstream", () => {
  for (const [path, target] of LEADING) {
    test(`${path} → ${target}`, async () => {
      expect((await call("POST", path)).status).toBe(200);
      expect((await upstream.request(0)).target).toBe(target);
    });
  }

  test("below a base path is the same, and nothing is found beside it", async () => {
    expect((await call("POST", "/gateway/v1/chat/completions", mounted)).status).toBe(200);
    expect((await upstream.request(0)).target).toBe("/v1/chat/completions");
    expect((await call("POST", "/gateway/providers/up/chat/completions/", mounted)).status).toBe(200);
    expect((await call("GET", "/gateway/v1/models", mounted)).status).toBe(200);
    for (const path of [
      "/v1/chat/completions",
      "/gatewayv1/chat/completions",
      "/gateway/gateway/v1/chat/completions",
    ]) {
      expect([path, (await call("POST", path, mounted)).code]).toEqual([path, "not_found"]);
    }
  });

  test("health answers without a key, with and without the base path", async () => {
    for (const path of ["/healthz", "/readyz", "/gateway/healthz", "/gateway/readyz"]) {
      expect([path, (await mounted.fetch(path)).status]).toEqual([path, 200]);
    }
    expect((await gateway.fetch("/healthz", { method: "HEAD" })).status).toBe(200);
  });
});

const QUERIES: readonly (readonly [string, string])[] = [
  ["?api-version=2024-10-21", "?api-version=2024-10-21"],
  ["?b=%20x&a=1&a=2&empty=&flag", "?b=%20x&a=1&a=2&empty=&flag"],
  ["?q=a%2Fb%26c&plus=a+b", "?q=a%2Fb%26c&plus=a+b"],
  ["?keys=1&monkey=2&key_id=3", "?keys=1&monkey=2&key_id=3"],
  [`?key=${TEST_KEY}`, ""],
  [`?a=1&key=${TEST_KEY}&b=2`, "?a=1&b=2"],
  [`?key=${TEST_KEY}&a=%C3%A4`, "?a=%C3%A4"],
  [`?a=1&k%65y=${TEST_KEY}`, "?a=1"],
];

describe("the query string goes along, minus credentials", () => {
  for (const [query, sent] of QUERIES) {
    test(query.replaceAll(TEST_KEY, "KEY"), async () => {
      expect((await call("POST", `/providers/up/v1/chat/completions${query}`)).status).toBe(200);
      expect((await upstream.request(0)).query).toBe(sent);
    });
  }
});
