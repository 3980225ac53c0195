// Which response headers reach a client: an allowlist, what Postern adds, and a content-encoding that is true.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { type RawReply, replyBytes, requestBytes } from "../support/raw-http.ts";
import { type RawUpstream, rawExchange, rawUpstream } from "../support/raw-tcp.ts";

let upstream: RawUpstream;
let gateway: Gateway;
let reply: Buffer;

beforeAll(async () => {
  upstream = await rawUpstream(({ connection }) => connection.write(reply));
  gateway = await startGateway(oneProvider(upstream.url));
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function relayed(answer: Buffer, headers: readonly string[] = []): Promise<RawReply> {
  reply = answer;
  const needed = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  return await rawExchange(
    gateway.port,
    requestBytes("POST /v1/chat/completions HTTP/1.1", [...needed, ...headers], '{"model":"up/m"}'),
  );
}

const ALLOWED: Readonly<Record<string, string>> = {
  "content-type": "application/json; charset=utf-8",
  "retry-after": "7",
  "retry-after-ms": "7000",
  "x-ratelimit-limit-requests": "60",
  "x-ratelimit-remaining-tokens": "149984",
  "anthropic-ratelimit-requests-limit": "50",
  "anthropic-organization-id": "org",
  "openai-processing-ms": "12",
  "openai-version": "2020-10-01",
  "x-request-id": "req_upstream",
  "request-id": "req_011",
  "x-should-retry": "false",
};

const DROPPED: readonly string[] = [
  "set-cookie: a=1; Path=/",
  "set-cookie: b=2",
  "server: uvicorn",
  "x-powered-by: Express",
  "x-internal-host: node-17.cluster.local",
  "x-envoy-upstream-service-time: 3",
  "cf-ray: 1-VIE",
  "via: 1.1 varnish",
  'alt-svc: h3=":443"',
  "strict-transport-security: max-age=1",
  "access-control-allow-origin: *",
  "access-control-allow-credentials: true",
  "www-authenticate: Bearer realm=upstream",
  "proxy-authenticate: Basic",
  "link: <https://x>; rel=preload",
  "location: https://elsewhere.example/",
  "refresh: 0; url=https://elsewhere.example/",
  "content-location: /x",
  "content-disposition: attachment",
  "etag: W/1",
  "x-postern-model: forged/model",
  "x-postern-code: budget_exceeded",
  "x-postern-request-id: forged-request-id",
  "x-postern-cost-usd: 99",
];

/** Set by the server that carries the answer, whatever it says. */
const OF_THE_TRANSPORT = ["date", "content-length", "transfer-encoding", "connection", "keep-alive"];

describe("response headers", () => {
  for (const status of ["200 OK", "400 Bad Request", "429 Too Many Requests"]) {
    test(`only those of the list pass a ${status}`, async () => {
      const error = '{"error":{"message":"m","type":"t","param":null,"code":null}}';
      const body = status === "200 OK" ? '{"choices":[]}' : error;
      const given = Object.entries(ALLOWED).map(([name, value]) => `${name}: ${value}`);
      const answer = await relayed(replyBytes(status, [...given, ...DROPPED], body));
      expect(answer.text).toBe(body);
      const names = answer.headers.map(([name]) => name.toLowerCase());
      const theirs = names.filter(
        (name) => !OF_THE_TRANSPORT.includes(name) && !name.startsWith("x-postern-"),
      );
      expect(theirs.sort()).toEqual(Object.keys(ALLOWED).sort());
      for (const [name, value] of Object.entries(ALLOWED)) expect(answer.header(name)).toBe(value);
    });
  }

  test("an upstream cannot speak for Postern", async () => {
    const answer = await relayed(replyBytes("200 OK", ["content-type: application/json", ...DROPPED], "{}"));
    expect(answer.header("x-postern-model")).toBe("up/m");
    expect(answer.header("x-postern-code")).toBeUndefined();
    expect(answer.header("x-postern-request-id")).not.toBe("forged-request-id");
    expect(answer.header("x-postern-cost-usd")).not.toBe("99");
  });
});

const ENCODINGS: Readonly<Record<string, (body: string) => Uint8Array>> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  br: (body) => brotliCompressSync(body),
  zstd: (body) => zstdCompressSync(body),
};

describe("an encoded answer", () => {
  const body = `{"choices":[],"text":"${"ä compressible text ".repeat(400)}"}`;
  for (const [encoding, encode] of Object.entries(ENCODINGS)) {
    for (const accepts of ["identity", "gzip, deflate, br, zstd", undefined]) {
      test(`in ${encoding} is readable by a client that accepts ${accepts ?? "what it does not say"}`, async () => {
        const answer = await relayed(
          replyBytes(
            "200 OK",
            ["content-type: application/json", `content-encoding: ${encoding}`],
            encode(body),
          ),
          accepts === undefined ? [] : [`accept-encoding: ${accepts}`],
        );
        const label = answer.header("content-encoding");
        if (label === undefined) expect(answer.text).toBe(body);
        else
          expect([label, accepts, answer.body.equals(encode(body))]).toEqual([
            encoding,
            expect.any(String),
            true,
          ]);
      });
    }
  }

  test("that is not what its label says is a bad upstream answer", async () => {
    const answer = await relayed(
      replyBytes("200 OK", ["content-type: application/json", "content-encoding: gzip"], '{"plain":true}'),
    ).catch(() => undefined);
    if (answer !== undefined)
      expect([answer.status, answer.header("x-postern-code")]).toEqual([502, "upstream_unreachable"]);
  });
});

describe("the request id", () => {
  const plain = () => replyBytes("200 OK", ["content-type: application/json"], "{}");

  test.each(["abcdefgh", "A.b_c-9876543210", "x".repeat(128)])("%s of the client is kept", async (id) => {
    expect((await relayed(plain(), [`x-postern-request-id: ${id}`])).header("x-postern-request-id")).toBe(id);
  });

  test.each([
    "short",
    "x".repeat(129),
    "has space1",
    "sl/ash/es",
    "semi;colon",
    "ünïcödé-id",
    '"quoted-id"',
    "a,b,c,d,e,f",
  ])("%s is replaced", async (id) => {
    const given = (await relayed(plain(), [`x-postern-request-id: ${id}`])).header("x-postern-request-id");
    expect(given).toMatch(/^[A-Za-z0-9._-]{8,128}$/);
    expect(given).not.toBe(id);
  });

  test("two ids are none", async () => {
    const both = ["x-postern-request-id: first-request-id", "x-postern-request-id: second-request-id"];
    expect((await relayed(plain(), both)).header("x-postern-request-id")).toMatch(/^[A-Za-z0-9._-]{8,128}$/);
  });

  test("is new for every request", async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await relayed(plain())).header("x-postern-request-id")),
    );
    expect(new Set(ids).size).toBe(3);
  });
});

test("an answer says how long Postern itself took and how many attempts were made", async () => {
  const answer = await relayed(replyBytes("200 OK", ["content-type: application/json"], "{}"));
  expect(Number(answer.header("x-postern-overhead-ms"))).toBeGreaterThanOrEqual(0);
  expect(answer.header("x-postern-attempts")).toBe("1");
});
