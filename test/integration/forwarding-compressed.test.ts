// Compressed request bodies are decoded under the same size cap; what cannot be decoded is refused.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type Gateway, rssMb, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`server:\n  max_body: 1MiB\n${oneProvider(upstream.url)}`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const ENCODE: Readonly<Record<string, (body: Uint8Array) => Uint8Array>> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  br: (body) => brotliCompressSync(body),
  zstd: (body) => zstdCompressSync(body),
};

const BODY = Buffer.from('{ "model" : "up/m", "n" : 1.0, "text" : "größe 😀" }');

async function send(body: Uint8Array, encoding: string): Promise<Response> {
  return await gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "content-encoding": encoding,
      authorization: `Bearer ${TEST_KEY}`,
    },
    body,
  });
}

async function expectRefused(answer: Response, status: number, code: string): Promise<void> {
  const body = await answer.json();
  expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([status, code]);
  expect(body).toMatchObject({ error: { type: "invalid_request_error", code } });
  expect(upstream.requests).toHaveLength(0);
}

describe.each(Object.entries(ENCODE))("%s", (encoding, encode) => {
  test("is decoded, spliced and sent on without its label", async () => {
    const answer = await send(encode(BODY), encoding);
    expect(answer.status).toBe(200);
    const seen = await upstream.request(0);
    expect(seen.text).toBe(BODY.toString().replace("up/m", "m"));
    expect(seen.headers["content-encoding"]).toBeUndefined();
    expect(seen.headers["content-length"] ?? String(seen.body.length)).toBe(String(seen.body.length));
  });

  test("in capitals is the same", async () => {
    expect((await send(encode(BODY), encoding.toUpperCase())).status).toBe(200);
  });

  test("that is not what it says is a 400", async () => {
    await expectRefused(await send(BODY, encoding), 400, "invalid_request");
  });

  test("that breaks off is a 400", async () => {
    const whole = encode(Buffer.from(`{"model":"up/m","x":"${crypto.randomUUID().repeat(500)}"}`));
    await expectRefused(await send(whole.subarray(0, whole.length / 2), encoding), 400, "invalid_request");
  });

  test("of nothing is a 400", async () => {
    await expectRefused(await send(encode(new Uint8Array(0)), encoding), 400, "invalid_request");
  });

  test("one byte over the cap when decoded is a 413, at the cap it passes", async () => {
    const padded = (size: number) => Buffer.from('{"model":"up/m"}'.padEnd(size, " "));
    expect((await send(encode(padded(2 ** 20)), encoding)).status).toBe(200);
    upstream.reset();
    await expectRefused(await send(encode(padded(2 ** 20 + 1)), encoding), 413, "body_too_large");
  });

  test("that unpacks to 256 MiB is a 413 and takes no such memory", async () => {
    const bomb = encode(Buffer.alloc(256 * 2 ** 20, " "));
    const before = rssMb(gateway.pid);
    for (let i = 0; i < 3; i++) await expectRefused(await send(bomb, encoding), 413, "body_too_large");
    expect(rssMb(gateway.pid)).toBeLessThan(before + 128);
  });
});

test("identity and an empty label mean nothing", async () => {
  expect((await send(BODY, "identity")).status).toBe(200);
  expect((await send(BODY, "")).status).toBe(200);
});

test.each(["compress", "foo", "gzip;q=1", "gzipped", "aes128gcm", "*"])("%s is a 415", async (encoding) => {
  await expectRefused(await send(BODY, encoding), 415, "unsupported_encoding");
});

test("several encodings are undone in turn, or refused: never taken for one", async () => {
  const answer = await send(brotliCompressSync(gzipSync(BODY)), "gzip, br");
  if (answer.status === 200) expect((await upstream.request(0)).text).toContain('"n" : 1.0');
  else await expectRefused(answer, 415, "unsupported_encoding");
});

test("several encodings of which one is unknown are a 415", async () => {
  await expectRefused(await send(gzipSync(BODY), "foo, gzip"), 415, "unsupported_encoding");
});

test("an Anthropic client is told in its own envelope", async () => {
  const answer = await gateway.post("/v1/messages", "{}", { "content-encoding": "foo" });
  expect(answer.status).toBe(415);
  expect(await answer.json()).toMatchObject({
    type: "error",
    error: { type: "invalid_request_error", details: { error_code: "unsupported_encoding" } },
  });
});
