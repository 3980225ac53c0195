// A client that does not read holds the upstream back: nothing piles up in between, and nothing is lost.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { flood, pausedClient } from "../support/flood.ts";
import { type Gateway, rssMb, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

/** What the sockets of three processes hold is about 10 MB; the flood is many times that. */
const HELD_MB = 40;

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(oneProvider(upstream.url));
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

function request(stream: boolean): Buffer {
  const headers = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  return requestBytes(
    "POST /v1/chat/completions HTTP/1.1",
    headers,
    JSON.stringify({ model: "up/m", stream, stream_options: { include_usage: true } }),
  );
}

describe("a client that stops reading a flood", () => {
  test.each([
    ["of 400 MB as a stream", "stream", 400],
    ["of 240 MB as a plain answer", "plain", 240],
  ] as const)("%s holds the upstream back, and others are served", async (_, kind, megabytes) => {
    const before = rssMb(gateway.pid);
    const source = flood(megabytes, kind);
    upstream.answer(({ text }) => (text.includes("small") ? Response.json(CHAT_REPLY) : source.response));
    const client = await pausedClient(gateway.port, request(kind === "stream"));
    await source.stalled();
    expect(source.sent() / 1e6).toBeLessThan(HELD_MB);
    expect(rssMb(gateway.pid) - before).toBeLessThan(2 * HELD_MB);
    const other = await gateway.post("/v1/chat/completions", { model: "up/small" });
    expect(await other.json()).toEqual(CHAT_REPLY);
    client.socket.destroy();
    await source.cancelled;
  });

  test.each([
    ["a stream", "stream"],
    ["a plain answer", "plain"],
  ] as const)("and then goes on gets %s whole", async (_, kind) => {
    const source = flood(100, kind);
    upstream.answer(() => source.response);
    const client = await pausedClient(gateway.port, request(kind === "stream"));
    await source.stalled();
    const bytes = await client.readThrough("\r\n0\r\n\r\n");
    expect(bytes).toBeGreaterThan(100_000_000);
    client.socket.destroy();
  });

  test("is one of fifty: memory stays bounded", async () => {
    const before = rssMb(gateway.pid);
    const sources = Array.from({ length: 50 }, () => flood(50, "stream"));
    const left = [...sources];
    upstream.answer(() => left.pop()?.response ?? Response.json(CHAT_REPLY));
    const clients = await Promise.all(sources.map(() => pausedClient(gateway.port, request(true))));
    await Promise.all(sources.map((source) => source.stalled()));
    // Fifty times 50 MB would be 2,500; a stream of huge events may hold a few of them.
    expect(rssMb(gateway.pid) - before).toBeLessThan(500);
    for (const { socket } of clients) socket.destroy();
    await Promise.all(sources.map((source) => source.cancelled));
  });
});

test("a client that sends a flood nobody wants is held back too", async () => {
  const before = rssMb(gateway.pid);
  const head = requestBytes("POST /v1/nothing HTTP/1.1", ["host: localhost", "content-length: 200000000"]);
  const client = await pausedClient(gateway.port, head);
  for (let sent = 0; sent < 60; sent++) client.socket.write(Buffer.alloc(1_000_000));
  expect((await gateway.fetch("/healthz")).status).toBe(200);
  expect(rssMb(gateway.pid) - before).toBeLessThan(100);
  client.socket.destroy();
});
