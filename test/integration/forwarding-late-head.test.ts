// A stream's head does not wait for an upstream that thinks for long: it goes out after `server.keepalive`.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY, UPSTREAM_KEY } from "../support/keys.ts";
import { type RawConnection, type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

let upstream: RawUpstream;
let gateway: Gateway;
/** The connection that waits for an answer, and what it will get. */
const scene: { waiting?: RawConnection | undefined; answer?: string | undefined } = {};

beforeAll(async () => {
  upstream = await rawUpstream(({ connection }) => {
    scene.waiting = connection;
  });
  gateway = await startGateway(
    `server:\n  keepalive: 200ms\n${oneProvider(upstream.url, ["endpoints: [chat, responses, messages]"])}`,
  );
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

function begin(answer: string | undefined): void {
  scene.waiting = undefined;
  scene.answer = answer;
}

/** Asks for a stream, waits until its head and a ping are there, then lets the upstream answer. */
async function lateAnswer(path: string, text: string): Promise<string> {
  begin(text);
  const response = await gateway.post(path, { model: "up/m", stream: true, max_tokens: 5 });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  expect(response.headers.get("x-postern-model")).toBe("up/m");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let seen = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    seen += decoder.decode(part.value, { stream: true });
    // The answer begins only when the head and a ping have come without it.
    if (scene.answer !== undefined && seen.includes(": ping\n")) {
      scene.waiting?.write(scene.answer);
      scene.waiting?.end();
      scene.answer = undefined;
    }
  }
  return seen.replaceAll(": ping\n", "");
}

const STREAM = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n`;

test("an answer that comes later follows, whole", async () => {
  const events = firstChunk("Hel") + chatChunk("lo") + lastChunk() + DONE;
  expect(await lateAnswer("/v1/chat/completions", STREAM + events)).toBe(events);
});

test("an error status that comes later is an error event with the upstream's words", async () => {
  const body = '{"error":{"message":"the model is loading","type":"x","param":null,"code":null}}';
  const head = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const chat = await lateAnswer("/v1/chat/completions", head + body);
  expect(chat).toMatch(/^data: \{"error":\{.*the model is loading.*\}\}\n\ndata: \[DONE\]\n\n$/);
  expect(await lateAnswer("/v1/messages", head + body)).toMatch(
    /^event: error\ndata: .*the model is loading/,
  );
  expect(await lateAnswer("/v1/responses", head + body)).toMatch(
    /^event: response.failed\ndata: .*is loading/,
  );
});

test("an error status that comes later tells no credential that its words repeat", async () => {
  const body = `{"error":{"message":"bad key ${UPSTREAM_KEY}","type":"x","param":null,"code":null}}`;
  const head = `HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  for (const path of ["/v1/chat/completions", "/v1/messages", "/v1/responses"]) {
    const seen = await lateAnswer(path, head + body);
    expect(seen).toContain("bad key [secret]");
    expect(seen).not.toContain(UPSTREAM_KEY);
  }
});

test("a connection that ends without an answer is an error event, and its record is closed once", async () => {
  const seen = await lateAnswer("/v1/chat/completions", "");
  expect(seen).toMatch(/^data: \{"error":\{.*\}\}\n\ndata: \[DONE\]\n\n$/);
  const lines = gateway.log().filter((line) => line["endpoint"] === "chat" && line["ended"] !== "completed");
  expect(lines.at(-1)).toMatchObject({ status: 200, ended: "upstream_error" });
});

test("a client that leaves while the answer is still to come closes the upstream's connection", async () => {
  begin(undefined);
  const control = new AbortController();
  const response = await gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` },
    body: JSON.stringify({ model: "up/m", stream: true }),
    signal: control.signal,
  });
  expect(response.status).toBe(200);
  control.abort();
  await within(
    "the upstream's connection to close",
    scene.waiting?.closed ?? Promise.reject(new Error("not asked")),
  );
});
