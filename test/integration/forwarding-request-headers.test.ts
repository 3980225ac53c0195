// Which request headers reach an upstream: a short list, what the provider adds, and nothing else.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY, UPSTREAM_KEY } from "../support/keys.ts";
import { replyBytes, requestBytes } from "../support/raw-http.ts";
import { type RawUpstream, rawExchange, rawUpstream } from "../support/raw-tcp.ts";

let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await rawUpstream(({ connection }) =>
    connection.write(replyBytes("200 OK", ["content-type: application/json"], "{}")),
  );
  gateway = await startGateway(
    oneProvider(upstream.url, [
      'headers: { X-Team: ml, User-Agent: "from the file", X-App: "from the file too" }',
      "forward_headers: [X-Let-Through, x-also]",
    ]).replace("keys:", `  plain: { base_url: "${upstream.url}/v1", auth: none }\nkeys:`),
  );
});
beforeEach(() => {
  upstream.requests.length = 0;
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const BODY = '{"model":"x"}';
const NEEDED = ["host: localhost", "content-type: application/json", `x-api-key: ${TEST_KEY}`];

/** Sends the headers and returns those the upstream got, names in lower case. */
async function received(provider: string, headers: readonly string[]): Promise<Map<string, string>> {
  const bytes = requestBytes(
    `POST /providers/${provider}/v1/chat/completions HTTP/1.1`,
    [...NEEDED, ...headers],
    BODY,
  );
  const answer = await rawExchange(gateway.port, bytes);
  expect([answer.status, answer.text]).toEqual([200, "{}"]);
  const seen = upstream.requests[0];
  return new Map(seen?.headers.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Of the transport itself, the same on every call; and the mark by which a loop is noticed. */
function isOfTheTransport(name: string): boolean {
  return ["host", "connection", "content-length", "accept-encoding"].includes(name) || isLoopMark(name);
}

function isLoopMark(name: string): boolean {
  return /^(x-)?postern-/.test(name);
}

const PASSING: Readonly<Record<string, string>> = {
  accept: "application/json, text/event-stream;q=0.5",
  "accept-language": "de-AT",
  "cache-control": "no-cache",
  "user-agent": "OpenAI/JS 7.55.0",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "congo=t61rcWkgMzE",
  baggage: "userId=alice",
  "anthropic-version": "2026-10-21",
  "anthropic-beta": "claude-code-20250219,x-y",
  "openai-beta": "responses=v1",
  "idempotency-key": "stainless-node-retry-1",
  "x-client-request-id": "9f1c",
  "x-stainless-lang": "js",
  "x-stainless-retry-count": "0",
  "x-stainless-anything-new": "yes",
  "x-goog-api-client": "google-genai-sdk/3.1.0",
  "x-app": "cli",
  "x-claude-code-session-id": "s1",
  "session-id": "s2",
  "thread-id": "t1",
  originator: "codex_exec",
  "x-codex-turn-metadata": '{"a":"b"}',
  "x-codex-window-id": "w:0",
};

const STOPPED: readonly string[] = [
  "cookie: session=1",
  "x-forwarded-for: 10.0.0.1",
  "x-forwarded-host: evil.example",
  "x-forwarded-proto: https",
  "x-forwarded-anything: 1",
  "forwarded: for=10.0.0.1",
  "via: 1.1 proxy",
  "x-real-ip: 10.0.0.1",
  "true-client-ip: 10.0.0.1",
  "cf-connecting-ip: 10.0.0.1",
  "proxy-authorization: Basic eDp5",
  "proxy-connection: keep-alive",
  "keep-alive: timeout=5",
  "te: trailers",
  "origin: https://app.example",
  "referer: https://app.example/page",
  "sec-fetch-mode: cors",
  "accept-charset: utf-8",
  "range: bytes=0-1",
  "if-none-match: x",
  "x-http-method-override: DELETE",
  "x-original-url: /admin",
  "x-rewrite-url: /admin",
  "x-custom: 1",
  "x-request-id: mine",
  "x-amzn-bedrock-trace: ENABLED",
  "x-postern-request-id: request-from-client-1",
  "x-postern-model: other",
  "openai-organization: org-of-the-client",
  "openai-project: proj-of-the-client",
  "organization: x",
  "x-codexx: not quite",
  "xstainless-lang: not quite",
];

describe("request headers", () => {
  test("each header of the list passes as it is", async () => {
    const headers = await received(
      "plain",
      Object.entries(PASSING).map(([name, value]) => `${name}: ${value}`),
    );
    const passed = [...headers].filter(([name]) => !isOfTheTransport(name) && name !== "content-type");
    expect(Object.fromEntries(passed)).toEqual(PASSING);
    expect(headers.get("content-type")).toBe("application/json");
  });

  test("spelling of names does not matter", async () => {
    const headers = await received("plain", [
      "Anthropic-BETA: b1",
      "X-STAINLESS-Os: Linux",
      "Traceparent: 00-x",
    ]);
    expect([
      headers.get("anthropic-beta"),
      headers.get("x-stainless-os"),
      headers.get("traceparent"),
    ]).toEqual(["b1", "Linux", "00-x"]);
  });

  test("nothing else passes", async () => {
    const headers = await received("plain", ["accept: */*", "user-agent: t", ...STOPPED]);
    const names = [...headers.keys()].filter((name) => !isOfTheTransport(name));
    expect(names.sort()).toEqual(["accept", "content-type", "user-agent"]);
    const values = [...headers.values()].join("\n");
    expect(values).not.toContain("request-from-client-1");
  });

  test("the credential is the provider's, and where there is none nothing is sent", async () => {
    expect((await received("up", [])).get("authorization")).toBe(`Bearer ${UPSTREAM_KEY}`);
    upstream.requests.length = 0;
    expect((await received("plain", ["authorization: Bearer something-else"])).has("authorization")).toBe(
      false,
    );
  });

  test("the virtual key leaves in no header, whichever it came in", async () => {
    const headers = await received("plain", [
      `authorization: Bearer ${TEST_KEY}`,
      `api-key: ${TEST_KEY}`,
      `x-goog-api-key: ${TEST_KEY}`,
      `cookie: k=${TEST_KEY}`,
    ]);
    expect([...headers.values()].join("\n")).not.toContain(TEST_KEY);
  });

  test("the upstream is asked under its own name", async () => {
    const headers = await received("plain", []);
    expect(headers.get("host")).toBe(`127.0.0.1:${upstream.port}`);
  });

  test("no header comes twice", async () => {
    await received("up", ["user-agent: t", "x-team: theirs", "accept: a", "accept: b"]);
    const names = upstream.requests[0]?.headers.map(([name]) => name.toLowerCase()) ?? [];
    expect(names.length).toBe(new Set(names).size);
  });
});

describe("names listed in Connection are the hop's own and stop there", () => {
  test.each(["x-app", "user-agent", "X-Stainless-Lang", "traceparent"])("%s", async (name) => {
    const value = "hop-by-hop-value";
    const headers = await received("plain", [`${name}: ${value}`, `connection: close, ${name}`]);
    expect([...headers.values()].join("\n")).not.toContain(value);
  });

  test("also when the provider lets the name through, and over several Connection lines", async () => {
    const headers = await received("up", [
      "x-let-through: 1",
      "x-also: 2",
      "connection: x-let-through",
      "connection: x-also",
    ]);
    expect([headers.has("x-let-through"), headers.has("x-also")]).toEqual([false, false]);
  });
});

describe("the provider's settings", () => {
  test("its headers are added, and win over the client's", async () => {
    const headers = await received("up", ["x-team: theirs", "user-agent: theirs", "X-APP: theirs"]);
    expect([headers.get("x-team"), headers.get("user-agent"), headers.get("x-app")]).toEqual([
      "ml",
      "from the file",
      "from the file too",
    ]);
  });

  test("forward_headers lets further names through, in any spelling", async () => {
    const headers = await received("up", ["X-LET-THROUGH: yes", "x-Also: too", "x-other: no"]);
    expect([headers.get("x-let-through"), headers.get("x-also"), headers.has("x-other")]).toEqual([
      "yes",
      "too",
      false,
    ]);
  });
});
