// Callers without a key are let in only from the machine itself, and only when nobody stands in between.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { type RawReply, requestBytes } from "../support/raw-http.ts";
import { rawExchange } from "../support/raw-tcp.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
server:
  hosts: [llm.internal, Gateway.Example]
  cors: [https://app.example]
providers:
  up: { base_url: "${upstream.url}/v1", auth: none, models: [m] }
${TESTER}  local: { anonymous: true }
`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function ask(headers: readonly string[], host = "localhost"): Promise<RawReply> {
  const line = "POST /v1/chat/completions HTTP/1.1";
  const needed = [`host: ${host}`, "content-type: application/json"];
  return await rawExchange(gateway.port, requestBytes(line, [...needed, ...headers], '{"model":"up/m"}'));
}

async function expectRefused(answer: RawReply): Promise<void> {
  expect([answer.status, answer.header("x-postern-code")]).toEqual([401, "invalid_api_key"]);
  expect(answer.json()).toMatchObject({ error: { type: "authentication_error", code: "invalid_api_key" } });
  expect(upstream.requests).toHaveLength(0);
}

describe("a caller without a key", () => {
  test.each([
    "localhost",
    "LOCALHOST:4000",
    "127.0.0.1",
    "127.0.0.1:4000",
    "127.1.2.3",
    "[::1]",
    "[::1]:80",
    "10.0.0.7:4000",
    "llm.internal",
    "LLM.internal:8080",
    "gateway.example",
  ])("is let in when it asks for host %s", async (host) => {
    expect((await ask([], host)).status).toBe(200);
  });

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "xlocalhost",
    "a",
    "gw",
    "llm",
    "not-llm.internal",
    "sub.llm.internal",
  ])("is refused when it asks for host %s, as after DNS rebinding", async (host) => {
    await expectRefused(await ask([], host));
  });

  test.each([
    "localhost@evil.example",
    "[::1].evil.example",
    "1270.0.0.1",
    "127.0.0.1:80:80",
    "localhost:x",
    "%6cocalhost",
  ])("is refused when it asks for host %s, which is no host at all", async (host) => {
    const answer = await ask([], host);
    expect([host, answer.status === 400 || answer.status === 401]).toEqual([host, true]);
    expect(upstream.requests).toHaveLength(0);
  });

  test.each([
    "forwarded: for=127.0.0.1",
    "x-forwarded-for: 127.0.0.1",
    "X-Forwarded-Host: localhost",
    "x-forwarded-proto: http",
    "x-forwarded-port: 80",
    "x-forwarded-server: proxy",
    "x-forwarded-for:",
    "via: 1.1 nginx",
    "Via: HTTP/2 proxy",
  ])("is refused behind a proxy that says so: %s", async (header) => {
    await expectRefused(await ask([header]));
  });

  test.each([
    "https://evil.example",
    "http://evil.example",
    "null",
    "https://localhost.evil.example",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "https://app.example.evil.example",
    "http://app.example",
    "not a url",
  ])("is refused from a page of another origin: %s", async (origin) => {
    await expectRefused(await ask([`origin: ${origin}`]));
  });

  test("is let in from a page of the gateway's own", async () => {
    expect(
      (await ask([`origin: http://localhost:${gateway.port}`], `localhost:${gateway.port}`)).status,
    ).toBe(200);
  });

  test("cannot do what a form or an image on some page could: JSON needs its content type", async () => {
    const answer = await rawExchange(
      gateway.port,
      requestBytes(
        "POST /v1/chat/completions HTTP/1.1",
        ["host: localhost", "content-type: text/plain"],
        '{"model":"up/m"}',
      ),
    );
    expect([answer.status, upstream.requests.length]).toEqual([415, 0]);
  });
});

describe("a caller with a key", () => {
  test("is let in from anywhere", async () => {
    const key = `x-api-key: ${TEST_KEY}`;
    const more = [
      "x-forwarded-for: 10.0.0.1",
      "via: 1.1 x",
      "forwarded: for=1.2.3.4",
      "origin: https://evil.example",
    ];
    expect((await ask([key, ...more], "evil.example")).status).toBe(200);
  });

  test("that is wrong is refused, not taken for none", async () => {
    await expectRefused(await ask(["x-api-key: sk-postern-wrong"]));
    await expectRefused(await ask(["authorization: Bearer nonsense"]));
  });
});

describe("a listener that others can reach", () => {
  const serve = (yaml: string) => runPostern(["serve", "--config", "config.yaml"], { yaml });
  const provider = 'providers: { up: { base_url: "http://127.0.0.1:9/v1", auth: none } }\n';

  test.each(["0.0.0.0:0", "[::]:0", "192.0.2.1:4000"])(
    "(%s) lets nobody in without a key: refused at the start",
    async (listen) => {
      const yaml = `server: { listen: "${listen}" }\nadmin: { key: "${"k".repeat(40)}" }\n${provider}keys: { local: { anonymous: true } }\n`;
      const { code, stderr } = await serve(yaml);
      expect(code).toBe(1);
      expect(stderr).toContain("anonymous");
      expect(stderr).not.toMatch(/\n\s+at /);
    },
  );
});
