// More calls under way than the runtime allows by itself (256), plain ones and streams together.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { until, within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { readChunk, readHead, readReply, replyBytes, requestBytes } from "../support/raw-http.ts";
import {
  type RawConnection,
  type RawTurn,
  type RawUpstream,
  rawConnect,
  rawUpstream,
} from "../support/raw-tcp.ts";
import { DONE, firstChunk, lastChunk } from "../support/upstream.ts";

const PLAIN = 300;
const STREAMS = 600;

let upstream: RawUpstream;
let gateway: Gateway;
const waiting: RawTurn[] = [];

beforeAll(async () => {
  upstream = await rawUpstream((turn) => void waiting.push(turn));
  gateway = await startGateway(oneProvider(upstream.url));
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function open(stream: boolean): Promise<RawConnection> {
  const client = await rawConnect({ port: gateway.port });
  const headers = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  const body = JSON.stringify({ model: "up/m", stream, stream_options: { include_usage: true } });
  client.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers, body));
  return client;
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

test("nine hundred calls are all under way at once, and each gets its own answer whole", async () => {
  const plain = await Promise.all(Array.from({ length: PLAIN }, () => open(false)));
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => open(true)));
  await until("all calls upstream", () => (waiting.length === PLAIN + STREAMS ? true : undefined));
  const first = waiting.filter(({ request }) => request.text.includes('"stream":true'));
  for (const [at, { connection }] of first.entries())
    connection.write(
      `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${chunk(firstChunk(`stream ${at}.`))}`,
    );
  // Every stream has begun before any of them goes on: none waits for another one's end.
  const begun = streams.map(async (client) => {
    await readHead(client.stream);
    return (await readChunk(client.stream)).toString();
  });
  const seen = await within("all streams to begin", Promise.all(begun));
  expect(new Set(seen).size).toBe(STREAMS);
  for (const { connection } of first) connection.write(`${chunk(lastChunk() + DONE)}0\r\n\r\n`);
  for (const { connection, request } of waiting)
    if (!request.text.includes('"stream":true'))
      connection.write(replyBytes("200 OK", ["content-type: application/json"], '{"ok":true}'));
  for (const client of streams) {
    expect((await readChunk(client.stream)).toString()).toBe(lastChunk() + DONE);
    expect(await readChunk(client.stream)).toHaveLength(0);
  }
  for (const client of plain) expect((await readReply(client.stream)).text).toBe('{"ok":true}');
  for (const client of [...plain, ...streams]) client.destroy();
}, 30_000);
