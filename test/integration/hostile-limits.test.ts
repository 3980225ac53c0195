// Bodies that are too large, too slow or not JSON, and more callers than fit: each a clear refusal.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { type RawReply, readReply, requestBytes } from "../support/raw-http.ts";
import { rawConnect } from "../support/raw-tcp.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

const CAP = 64 * 1024;
let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(
    `server:\n  max_body: 64KiB\n  body_timeout: 400ms\n${oneProvider(upstream.url)}`,
  );
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const LINE = "POST /v1/chat/completions HTTP/1.1";
const HEADERS = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];

function expectCode(answer: RawReply, status: number, code: string): void {
  expect([answer.status, answer.header("x-postern-code")]).toEqual([status, code]);
  expect(answer.header("content-type")).toStartWith("application/json");
  expect(answer.json()["error"]).toMatchObject({ code, message: expect.any(String), param: null });
  expect(upstream.requests).toHaveLength(0);
}

function padded(size: number): string {
  return '{"model":"up/m"}'.padEnd(size, " ");
}

describe("the size cap", () => {
  test("a declared length over it is refused before a byte of the body is sent", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, `content-length: ${CAP + 1}`]));
    expectCode(await readReply(client.stream), 413, "body_too_large");
    client.destroy();
  });

  test("a length of many gigabytes too", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "content-length: 99999999999"]));
    expectCode(await readReply(client.stream), 413, "body_too_large");
    client.destroy();
  });

  test("a chunked body is refused as soon as it passes the cap, although it never ends", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "transfer-encoding: chunked"]));
    client.write(`${(CAP + 1).toString(16)}\r\n${padded(CAP + 1)}\r\n`);
    expectCode(await readReply(client.stream), 413, "body_too_large");
    client.destroy();
  });

  test("a body of exactly the cap passes, declared or chunked", async () => {
    const declared = await gateway.post("/v1/chat/completions", padded(CAP));
    expect(await declared.json()).toEqual(CHAT_REPLY);
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "transfer-encoding: chunked"]));
    client.write(`${CAP.toString(16)}\r\n${padded(CAP)}\r\n0\r\n\r\n`);
    expect((await readReply(client.stream)).json()).toEqual(CHAT_REPLY);
    client.destroy();
  });

  test("one byte more is refused, in the caller's envelope", async () => {
    const answer = await gateway.post("/v1/chat/completions", padded(CAP + 1));
    expect(answer.status).toBe(413);
    const anthropic = await gateway.post("/v1/messages", padded(CAP + 1));
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      413,
      { type: "error", error: { type: "request_too_large", details: { error_code: "body_too_large" } } },
    ]);
  });

  test("after a refusal the connection answers the next request rightly, or is closed", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, HEADERS, padded(CAP + 1)));
    expectCode(await readReply(client.stream), 413, "body_too_large");
    client.write(requestBytes(LINE, HEADERS, padded(100)));
    const next = await readReply(client.stream).catch(() => "closed");
    if (next !== "closed") expect(next).toMatchObject({ status: 200 });
    client.destroy();
  });
});

describe("a body that does not come", () => {
  test("is a 408 after body_timeout", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "content-length: 100"], '{"model":'));
    expectCode(await readReply(client.stream), 408, "body_timeout");
    client.destroy();
  });

  test("is a 408 however steadily it dribbles", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "content-length: 1000"], "{"));
    const dribble = setInterval(() => client.write(" "), 50);
    const answer = await readReply(client.stream);
    clearInterval(dribble);
    expectCode(answer, 408, "body_timeout");
    client.destroy();
  });

  test("is a 408 in chunks too", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "transfer-encoding: chunked"]));
    client.write("1\r\n{\r\n");
    expectCode(await readReply(client.stream), 408, "body_timeout");
    client.destroy();
  });

  test("never reaches the upstream when the client leaves half-way", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write(requestBytes(LINE, [...HEADERS, "content-length: 100"], padded(50)));
    client.destroy();
    await client.closed;
    expect((await gateway.post("/v1/chat/completions", padded(20))).status).toBe(200);
    expect(upstream.requests.map((request) => request.text)).toEqual(['{"model":"m"}    ']);
  });
});

describe("the content type of a JSON endpoint", () => {
  const post = (type: string | undefined, path = "/v1/chat/completions") =>
    gateway.fetch(path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        ...(type === undefined ? {} : { "content-type": type }),
      },
      body: Buffer.from('{"model":"up/m"}'),
    });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "application/vnd.api+json",
    "application/problem+json; a=b",
  ])("%s is taken", async (type) => {
    expect((await post(type)).status).toBe(200);
  });

  test.each([
    "text/plain",
    "text/plain; application/json",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=application/json",
    "application/jsonp",
    "application/json-seq",
    "json",
    "text/plain, application/json",
    undefined,
  ])("%s is a 415", async (type) => {
    const answer = await post(type);
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([415, "unsupported_media_type"]);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    expect(upstream.requests).toHaveLength(0);
  });

  test("counts on every JSON endpoint", async () => {
    for (const path of ["completions", "embeddings", "responses", "messages", "messages/count_tokens"]) {
      expect([path, (await post("text/plain", `/v1/${path}`)).status]).toEqual([path, 415]);
    }
    expect((await post("text/plain", "/providers/up/v1/embeddings")).status).toBe(415);
  });
});
