// A model that says nothing for longer than the runtime's own limits of about 12 seconds is waited for.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import { replyBytes } from "../support/raw-http.ts";
import { type RawTurn, type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

const SILENCE_MS = 16_000;

let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await rawUpstream(answer);
  gateway = await startGateway(
    `server:\n  keepalive: 0\nproviders: { up: { base_url: "${upstream.url}/v1", auth: none } }\n${TESTER}`,
  );
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const STREAM_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const JSON_REPLY = replyBytes("200 OK", ["content-type: application/json"], '{"waited":"for this"}');
const HALF = JSON_REPLY.length - 10;

/** What is sent before the silence, and after it; by the model that is asked for. */
const ANSWERS: Readonly<Record<string, readonly [string | Uint8Array, string | Uint8Array]>> = {
  "before-plain": ["", JSON_REPLY],
  "within-plain": [JSON_REPLY.subarray(0, HALF), JSON_REPLY.subarray(HALF)],
  "before-stream": ["", STREAM_HEAD + firstChunk("a") + lastChunk() + DONE],
  "within-head": [STREAM_HEAD, firstChunk("a") + lastChunk() + DONE],
  "within-stream": [STREAM_HEAD + firstChunk("a"), chatChunk("b") + lastChunk() + DONE],
};

async function answer({ connection, request }: RawTurn): Promise<void> {
  const { model } = JSON.parse(request.text) as { model: string };
  const [before, after] = ANSWERS[model] ?? ["", ""];
  if (before.length > 0) connection.write(before);
  await Bun.sleep(SILENCE_MS);
  connection.write(after);
  if (model.endsWith("stream") || model.endsWith("head")) connection.end();
}

async function call(model: string, stream: boolean): Promise<readonly [string, number, string]> {
  const options = stream ? { stream, stream_options: { include_usage: true } } : {};
  const reply = await gateway.post("/v1/chat/completions", { model: `up/${model}`, ...options });
  return [model, reply.status, await reply.text()];
}

describe("sixteen seconds of silence", () => {
  test("before the first byte, within a plain answer and within a stream are survived", async () => {
    const calls = Object.keys(ANSWERS).map((model) => call(model, !model.endsWith("plain")));
    const whole = firstChunk("a") + lastChunk() + DONE;
    expect(await Promise.all(calls)).toEqual([
      ["before-plain", 200, '{"waited":"for this"}'],
      ["within-plain", 200, '{"waited":"for this"}'],
      ["before-stream", 200, whole],
      ["within-head", 200, whole],
      ["within-stream", 200, firstChunk("a") + chatChunk("b") + lastChunk() + DONE],
    ]);
  }, 40_000);
});
