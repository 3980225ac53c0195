// How bytes leave: small chunks at once and not in steps of delayed acknowledgements, large bodies in few writes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { segmentsReceived } from "../support/tcp-segments.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

const CHUNKS = 60;
const PACE_MS = 5;
/** What Nagle's algorithm and delayed acknowledgements together cost per chunk. */
const STEP_MS = 40;
/** The end of every body here, whatever frames it. */
const LAST_WORDS = '"the end"}';

let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await rawUpstream(async ({ connection, request }) => {
    const { model } = JSON.parse(request.text) as { model: string };
    if (model !== "paced") {
      const body = `{"text":"${"y".repeat(Number(model))}","last":${LAST_WORDS}`;
      connection.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    connection.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
    for (let at = 0; at < CHUNKS; at++) {
      connection.write(at === 0 ? firstChunk("0") : chatChunk(String(at)));
      await Bun.sleep(PACE_MS);
    }
    connection.write(lastChunk() + DONE);
    connection.end();
  });
  gateway = await startGateway(
    `providers: { up: { base_url: "${upstream.url}/v1", auth: none } }\n${TESTER}`,
  );
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

interface Arrived {
  readonly text: string;
  /** When each piece came out of the socket. */
  readonly atMs: readonly number[];
  /** Pieces on the wire. */
  readonly segments: number;
}

/** One call on a connection of its own. */
async function call(port: number, model: string, ending: string): Promise<Arrived> {
  const socket: Socket = connect(port, "127.0.0.1");
  const atMs: number[] = [];
  let text = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("error", reject);
  socket.on("data", (bytes: Buffer) => {
    atMs.push(performance.now());
    text += bytes.toString("latin1");
    if (text.includes(ending)) resolve();
  });
  const headers = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  const body = JSON.stringify({ model, stream: model.endsWith("paced") });
  socket.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers, body));
  await within("the answer", promise);
  const segments = segmentsReceived(socket);
  socket.destroy();
  return { text, atMs, segments };
}

/** The pause that half of the pieces stay below. */
function medianGap(atMs: readonly number[]): number {
  const gaps = atMs.slice(1).map((at, before) => at - (atMs[before] ?? 0));
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? Number.POSITIVE_INFINITY;
}

describe("small chunks that come every 5 ms", () => {
  test("leave every 5 ms, too", async () => {
    const direct = await call(upstream.port, "paced", "[DONE]");
    const relayed = await call(gateway.port, "up/paced", "[DONE]");
    // Generous, since the machine is shared: steps of 40 ms would be eight times the pace.
    expect(medianGap(relayed.atMs)).toBeLessThan(Math.max(4 * medianGap(direct.atMs), STEP_MS / 2));
    expect(relayed.atMs.length).toBeGreaterThan(CHUNKS / 2);
  });
});

describe("a body", () => {
  test.each([17_000, 60_000, 100_000, 200_000])("of %i bytes leaves in few writes", async (size) => {
    let fewest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      const { text, segments } = await call(gateway.port, `up/${size}`, LAST_WORDS);
      expect(text.match(/"(y+)"/)?.[1]).toHaveLength(size);
      fewest = Math.min(fewest, segments);
    }
    // A segment of the loopback holds up to 64 KiB, and the head may leave by itself.
    expect(fewest).toBeLessThanOrEqual(4 + 2 * Math.ceil(size / 65_536));
  });
});
