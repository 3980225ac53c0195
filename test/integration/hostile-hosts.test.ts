// Neither the Host header nor the spelling of a path changes where a request goes, or whether it needs a key.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { type RawReply, readReply, requestBytes } from "../support/raw-http.ts";
import { rawConnect, rawExchange } from "../support/raw-tcp.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(
    `server:\n  base_path: /gw\n${oneProvider(upstream.url, ["models: [m]"])}models: { fast: up/m }\n`,
  );
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const BODY = '{"model":"up/m"}';

async function send(method: string, target: string, host: string, key: boolean): Promise<RawReply> {
  const headers = [`host: ${host}`, ...(key ? [`authorization: Bearer ${TEST_KEY}`] : [])];
  const posting = method === "POST";
  return await rawExchange(
    gateway.port,
    requestBytes(
      `${method} ${target} HTTP/1.1`,
      posting ? [...headers, "content-type: application/json"] : headers,
      posting ? BODY : "",
    ),
  );
}

/** What must not depend on the Host header. */
function gist(answer: RawReply): unknown {
  return [
    answer.status,
    answer.header("x-postern-code"),
    answer.header("x-postern-model"),
    answer.text.length,
  ];
}

const HOSTS = [
  "a",
  "gw",
  "llm",
  "x:1",
  "v1",
  "healthz",
  "127.0.0.1.evil.example",
  "[::1]:4000",
  "UPPER.example",
];

const REQUESTS: readonly (readonly [string, string])[] = [
  ["GET", "/gw/v1/models"],
  ["GET", "/gw/v1/models/up/m"],
  ["GET", "/gw/v1/key"],
  ["POST", "/gw/v1/chat/completions"],
  ["POST", "/gw/providers/up/v1/chat/completions"],
  ["POST", "/gw/models/fast/chat/completions"],
  ["GET", "/healthz"],
  ["GET", "/readyz"],
  ["GET", "/gw/healthz"],
  ["GET", "/v1/healthz"],
  ["GET", "/x/healthz"],
  ["GET", "/gw/v1/healthz"],
  ["GET", "/v1/admin/v1/keys"],
  ["GET", "/admin/v1/status"],
  ["GET", "/gw/admin/v1/status"],
  ["GET", "/admin/v1/keys"],
  ["GET", "/admin/v1/config"],
  ["GET", "/admin/v1/spend"],
  ["GET", "/admin/v1/requests"],
  ["GET", "/admin/v1/audit"],
  ["POST", "/admin/v1/reload"],
  ["GET", "/metrics"],
  ["GET", "/v1/metrics"],
  ["GET", "/ui"],
  ["GET", "/"],
];

describe("the Host header", () => {
  for (const [method, target] of REQUESTS) {
    test(`changes nothing about ${method} ${target}`, async () => {
      for (const key of [true, false]) {
        const usual = await send(method, target, "localhost", key);
        for (const host of HOSTS) {
          expect([host, gist(await send(method, target, host, key))]).toEqual([host, gist(usual)]);
        }
      }
    });
  }

  test("cannot stand in for a path: nothing but health is open without a key", async () => {
    for (const [method, target] of REQUESTS.filter(([, path]) => !/^(\/gw)?\/(healthz|readyz)$/.test(path))) {
      const { status } = await send(method, target, "a", false);
      expect([target, status === 401 || status === 404]).toEqual([target, true]);
    }
    expect(upstream.requests).toHaveLength(0);
  });

  test("of an absolute request target is as little a guide", async () => {
    for (const origin of ["http://evil.example", "http://a", `http://127.0.0.1:${upstream.port}`]) {
      const answer = await send("GET", `${origin}/gw/v1/models`, "localhost", true);
      expect([origin, [200, 400, 404].includes(answer.status)]).toEqual([origin, true]);
    }
    expect(upstream.requests).toHaveLength(0);
  });
});

const ODD_PATHS = [
  "//v1/chat/completions",
  "/gw//v1/chat/completions",
  "/gw/v1//chat/completions",
  "/gw/v1/chat//completions",
  "/gw/v1/chat/completions//",
  "/gw/v1/chat%2fcompletions",
  "/gw/v1%2fchat/completions",
  "/gw%2fv1/chat/completions",
  "/gw/v1/chat/completions%00",
  "/gw/v1/chat/completions%0d%0ax:1",
  "/gw/v1/chat/completions%20",
  "/gw/v1/chat/completions;a=b",
  "/gw/providers/up%00/v1/chat/completions",
  "/gw/providers/up%2f/v1/chat/completions",
  "/gw/providers/%2fup/v1/chat/completions",
  "/gw/providers/up%2fv1/chat/completions",
  "/gw/providers/%zz/v1/chat/completions",
  "/gw/providers/up%/v1/chat/completions",
  "/gw/providers/%ff/v1/chat/completions",
  "/gw/providers/%c0%af/v1/chat/completions",
  "/gw/providers/up%252f/v1/chat/completions",
  "/gw/providers//v1/chat/completions",
  "/gw/providers/up/v1/..%2f..%2fsecret",
  "/gw/providers/up/..%2fsecret",
  "/gw/providers/up/v1/%2e%2e%2fsecret",
  "/gw/providers/up/v1/chat/completions/../../secret",
  "/gw/providers/up/%2e%2e/%2e%2e/secret",
  "/gw/providers/up/v1/./secret",
  "/gw/providers/up/http://evil.example/",
  "/gw/providers/up/@evil.example/",
  "/gw/providers/up/v1/v1/chat/completions",
  "/gw/models/fast%00/v1/chat/completions",
  "/gw/models/%zz/chat/completions",
  "/gw/v1/%2e%2e/healthz/../x",
];

describe("a path that is spelled oddly", () => {
  for (const target of ODD_PATHS) {
    test(`POST ${target} is refused in the client's format, and nothing goes upstream`, async () => {
      const answer = await send("POST", target, "localhost", true);
      expect([400, 404, 405, 501]).toContain(answer.status);
      expect(answer.json()).toMatchObject({
        error: { message: expect.any(String), code: answer.header("x-postern-code") ?? "missing" },
      });
      expect(upstream.requests).toHaveLength(0);
    });
    test(`POST ${target} without a key learns nothing`, async () => {
      expect((await send("POST", target, "localhost", false)).status).toBe(401);
    });
  }

  test("cannot climb to another route's freedom from keys, or the other way round", async () => {
    expect((await send("GET", "/gw/v1/%2e%2e/%2e%2e/admin/v1/keys", "localhost", false)).status).not.toBe(
      200,
    );
    expect((await send("GET", "/gw/healthz/%2e%2e/v1/models", "localhost", false)).status).toBe(401);
    expect((await send("GET", "/healthz/..%2fgw/v1/models", "localhost", false)).status).toBe(401);
    expect((await send("GET", "/healthz%00", "localhost", false)).status).toBe(401);
    expect((await send("GET", "/healthz%2f", "localhost", false)).status).toBe(401);
  });

  test("one model: bad encodings and dots are answers, not faults", async () => {
    for (const id of ["%zz", "%", "%00", "up%00m", "%2e%2e", "..%2f..", "%ff", "a%20b", "%F0%9F%98%80"]) {
      const answer = await send("GET", `/gw/v1/models/${id}`, "localhost", true);
      expect([id, [400, 404].includes(answer.status)]).toEqual([id, true]);
    }
  });
});

const REFUSED_BY_THE_PARSER: Readonly<Record<string, string>> = {
  "two different lengths": "content-length: 5\r\ncontent-length: 6\r\n",
  "a length and chunks": "content-length: 5\r\ntransfer-encoding: chunked\r\n",
  "a transfer coding nobody knows": "transfer-encoding: gzip, x\r\n",
  "a length that is no number": "content-length: 1e2\r\n",
  "a negative length": "content-length: -1\r\n",
  "a space before the colon": "content-length : 16\r\n",
  "a folded header": "x-a: 1\r\n  folded\r\ncontent-length: 16\r\n",
  "a NUL in a header": "x-a: 1\0\r\ncontent-length: 16\r\n",
  "very large headers": `x-a: ${"x".repeat(200_000)}\r\n`,
};

describe("a head that could smuggle a second request", () => {
  for (const [name, headers] of Object.entries(REFUSED_BY_THE_PARSER)) {
    test(`with ${name} never leads to an answered second one`, async () => {
      const client = await rawConnect({ port: gateway.port });
      const smuggled = requestBytes("GET /gw/v1/models HTTP/1.1", [
        "host: localhost",
        `authorization: Bearer ${TEST_KEY}`,
      ]);
      client.write(
        `POST /gw/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\n`,
      );
      client.write(Buffer.concat([Buffer.from("0\r\n\r\n"), smuggled]));
      const first = await readReply(client.stream).catch(() => undefined);
      if (first !== undefined) expect(first.status).toBeGreaterThanOrEqual(400);
      client.end();
      const rest = (await client.stream.toEnd().catch(() => Buffer.alloc(0))).toString("latin1");
      expect(rest).not.toContain("200 OK");
      expect(upstream.requests).toHaveLength(0);
      client.destroy();
      expect((await gateway.fetch("/healthz")).status).toBe(200);
    });
  }
});
