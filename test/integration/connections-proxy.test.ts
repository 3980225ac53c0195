// Upstreams behind an HTTP proxy that the file names; a proxy that only the environment names is not used.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { CERTIFICATE } from "../support/certificates.ts";
import { until, within } from "../support/deadline.ts";
import { freePort, type Gateway, startGateway } from "../support/gateway.ts";
import { type HttpProxy, httpProxy } from "../support/http-proxy.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import {
  CHAT_REPLY,
  chatChunk,
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
} from "../support/upstream.ts";

let plain: FakeUpstream;
let encrypted: FakeUpstream;
let proxy: HttpProxy;
let bystander: HttpProxy;
let gateway: Gateway;

beforeAll(async () => {
  plain = fakeUpstream();
  encrypted = fakeUpstream(undefined, CERTIFICATE);
  proxy = await httpProxy();
  bystander = await httpProxy();
  const nobody = await freePort();
  const elsewhere = `http://127.0.0.1:${bystander.port}`;
  const provider = (upstream: FakeUpstream, more: string): string =>
    `{ base_url: "${upstream.url}/v1", auth: none, tls: { ca_file: ca.pem }, ${more} }`;
  const through = `http_proxy: "http://127.0.0.1:${proxy.port}"`;
  gateway = await startGateway({
    files: { "ca.pem": CERTIFICATE.cert },
    env: {
      HTTP_PROXY: elsewhere,
      HTTPS_PROXY: elsewhere,
      ALL_PROXY: elsewhere,
      http_proxy: elsewhere,
      https_proxy: elsewhere,
      NO_PROXY: "127.0.0.1",
      no_proxy: "127.0.0.1",
    },
    yaml: `
providers:
  plain: ${provider(plain, through)}
  tunnel: ${provider(encrypted, through)}
  named: ${provider(encrypted, `http_proxy: "http://user:pass%20word@127.0.0.1:${proxy.port}"`)}
  gone: ${provider(plain, `http_proxy: "http://127.0.0.1:${nobody}"`)}
  impatient: ${provider(encrypted, `${through}, timeouts: { first_byte: 400ms }`)}
${TESTER}`,
  });
});
beforeEach(() => {
  plain.reset();
  encrypted.reset();
  proxy.refuse(undefined);
  proxy.asked.length = 0;
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([plain?.stop(), encrypted?.stop(), proxy?.stop(), bystander?.stop()]);
});

const upstreamOf = (provider: string): FakeUpstream => (provider === "plain" ? plain : encrypted);

async function ask(provider: string, stream = false): Promise<Response> {
  const more = stream ? { stream, stream_options: { include_usage: true } } : {};
  return await gateway.post("/v1/chat/completions", { model: `${provider}/m`, ...more });
}

describe.each(["plain", "tunnel"])("through the proxy (%s)", (provider) => {
  test("an answer and a stream come whole, and the proxy was asked", async () => {
    expect(await (await ask(provider)).json()).toEqual(CHAT_REPLY);
    const events = firstChunk("a") + chatChunk("b") + lastChunk() + DONE;
    upstreamOf(provider).answer(() => eventStream(events));
    expect(await (await ask(provider, true)).text()).toBe(events);
    expect(upstreamOf(provider).requests).toHaveLength(2);
    const { port } = upstreamOf(provider);
    const line =
      provider === "plain"
        ? `POST http://127.0.0.1:${port}/v1/chat/completions HTTP/1.1`
        : `CONNECT 127.0.0.1:${port} HTTP/1.1`;
    expect(proxy.asked).toContain(line);
    expect(Object.keys(upstreamOf(provider).requests[0]?.headers ?? {})).not.toContain("proxy-connection");
  });

  test("a client that hangs up closes the upstream's socket", async () => {
    upstreamOf(provider).answer(() => new Promise<Response>(() => {}));
    const control = new AbortController();
    const answer = gateway.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` },
      body: JSON.stringify({ model: `${provider}/m` }),
      signal: control.signal,
    });
    const { gone } = await upstreamOf(provider).request(0);
    control.abort();
    await expect(answer).rejects.toThrow();
    await within("the upstream's socket to close", gone);
  });
});

test("a proxy that wants a name and a password gets them, and the upstream does not", async () => {
  expect((await ask("named")).status).toBe(200);
  const basic = Buffer.from("user:pass word").toString("base64");
  expect(proxy.asked[0]?.toLowerCase()).toEndWith(`proxy-authorization: basic ${basic.toLowerCase()}`);
  expect(JSON.stringify(encrypted.requests[0]?.headers)).not.toContain(basic);
});

describe("a proxy that is of no help is a 502 that says so:", () => {
  test("nothing listens there", async () => {
    const answer = await ask("gone");
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([502, "upstream_unreachable"]);
    expect(await answer.text()).toContain("connection refused");
  });

  test.each([
    "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nnot so",
  ])("it refuses the tunnel (%j)", async (refusal) => {
    proxy.refuse(refusal);
    const answer = await ask("impatient");
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([502, "upstream_unreachable"]);
    expect(await answer.text()).toContain("proxy");
    expect(encrypted.requests).toHaveLength(0);
  });

  test("it never opens the tunnel, which is a 504", async () => {
    proxy.refuse("");
    const answer = await ask("impatient");
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([504, "upstream_timeout"]);
  });

  test("a client that leaves while it opens the tunnel leaves no connection to it", async () => {
    const before = proxy.open();
    proxy.refuse("");
    const control = new AbortController();
    const answer = gateway.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` },
      body: JSON.stringify({ model: "tunnel/other" }),
      signal: control.signal,
    });
    await until("the proxy to be asked", () => (proxy.asked.length > 0 ? true : undefined));
    control.abort();
    await expect(answer).rejects.toThrow();
    await until("its socket to close", () => (proxy.open() <= before ? true : undefined));
  });
});

test("a proxy that only the environment names was never asked", () => {
  expect(bystander.asked).toEqual([]);
});

test("nor is it where the environment names no exceptions", async () => {
  const elsewhere = `http://127.0.0.1:${bystander.port}`;
  const env = {
    HTTP_PROXY: elsewhere,
    http_proxy: elsewhere,
    HTTPS_PROXY: elsewhere,
    https_proxy: elsewhere,
  };
  const other = await startGateway({
    env,
    files: { "ca.pem": CERTIFICATE.cert },
    yaml: `
providers:
  plain: { base_url: "${plain.url}/v1", auth: none }
  tunnel: { base_url: "${encrypted.url}/v1", auth: none, tls: { ca_file: ca.pem } }
${TESTER}`,
  });
  try {
    for (const model of ["plain/m", "tunnel/m"])
      expect((await other.post("/v1/chat/completions", { model })).status).toBe(200);
    expect(bystander.asked).toEqual([]);
  } finally {
    await other.stop();
  }
});
