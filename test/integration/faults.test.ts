// Upstreams that reset, lie, dribble or never end: the client gets the right error, and nothing of them stays behind.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { within } from "../support/deadline.ts";
import { type Gateway, rssMb, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import { type RawConnection, type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { CHAT_REPLY, chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

type Fault = (connection: RawConnection) => void | Promise<void>;

const JSON_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const SSE_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const CHUNKED = "transfer-encoding: chunked\r\n\r\n";
const REPLY = JSON.stringify(CHAT_REPLY);
const MIB = 1024 * 1024;
/** 300 MiB of spaces in about 300 KB. */
const BOMB = gzipSync(Buffer.alloc(300 * MIB, 0x20), { level: 1 });

/** Long enough for what was written to be read before the fault comes. */
const BEGIN_MS = 100;

const framed = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** Writes again and again until the gateway has had enough. */
async function forever(connection: RawConnection, pauseMs: number, next: () => string): Promise<void> {
  let isOpen = true;
  void connection.closed.then(() => {
    isOpen = false;
  });
  while (isOpen) {
    connection.write(next());
    await Bun.sleep(pauseMs);
  }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "reset-in-body": async (connection) => {
    connection.write(`${JSON_HEAD}${CHUNKED}${framed('{"choices"')}20\r\n:[`);
    await Bun.sleep(BEGIN_MS);
    connection.reset();
  },
  "reset-in-stream": async (connection) => {
    connection.write(`${SSE_HEAD}${CHUNKED}${framed(firstChunk("a"))}100\r\ndata: {`);
    await Bun.sleep(BEGIN_MS);
    connection.reset();
  },
  "length-too-long": (connection) => {
    connection.write(`${JSON_HEAD}content-length: ${REPLY.length + 100}\r\n\r\n${REPLY}`);
    connection.end();
  },
  "length-too-short": (connection) => {
    connection.write(`${JSON_HEAD}content-length: ${REPLY.length - 10}\r\nconnection: close\r\n\r\n${REPLY}`);
    connection.end();
  },
  "stream-length-too-long": async (connection) => {
    connection.write(`${SSE_HEAD}content-length: 5000\r\n\r\n${firstChunk("a")}`);
    await Bun.sleep(BEGIN_MS);
    connection.end();
  },
  "truncated-chunk": (connection) => {
    connection.write(`${JSON_HEAD}${CHUNKED}1000\r\n${REPLY}`);
    connection.end();
  },
  "truncated-chunk-in-stream": async (connection) => {
    connection.write(`${SSE_HEAD}${CHUNKED}${framed(firstChunk("a"))}1000\r\ndata: {"id"`);
    await Bun.sleep(BEGIN_MS);
    connection.end();
  },
  bomb: (connection) => {
    connection.write(`${JSON_HEAD}content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
    connection.write(BOMB);
  },
  "unlabelled-bomb": (connection) => {
    connection.write(`${JSON_HEAD}content-length: ${BOMB.length}\r\n\r\n`);
    connection.write(BOMB);
  },
  "bomb-in-stream": (connection) => {
    connection.write(`${SSE_HEAD}content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
    connection.write(BOMB);
  },
  "unlabelled-bomb-in-stream": (connection) => {
    connection.write(`${SSE_HEAD}content-length: ${BOMB.length}\r\n\r\n`);
    connection.write(BOMB);
  },
  "endless-line": async (connection) => {
    connection.write(`${SSE_HEAD}${CHUNKED}${framed(firstChunk("a"))}${framed("data: ")}`);
    const piece = framed("x".repeat(MIB));
    await forever(connection, 1, () => piece);
  },
  "endless-headers": async (connection) => {
    connection.write(SSE_HEAD);
    let number = 0;
    await forever(connection, 1, () => `x-filler-${number++}: ${"x".repeat(60_000)}\r\n`);
  },
  dribble: async (connection) => {
    connection.write(`${SSE_HEAD}${CHUNKED}${framed(firstChunk("a"))}`);
    await forever(connection, 50, () => framed(chatChunk("b")));
  },
  "dribbling-body": async (connection) => {
    connection.write(`${JSON_HEAD}${CHUNKED}`);
    await forever(connection, 50, () => framed(" "));
  },
  comments: async (connection) => {
    connection.write(`${SSE_HEAD}${CHUNKED}`);
    await forever(connection, 50, () => framed(": still here\n\n"));
  },
  good: (connection) => {
    connection.write(`${SSE_HEAD}${CHUNKED}${framed(firstChunk("a") + lastChunk() + DONE)}0\r\n\r\n`);
  },
};

let upstream: RawUpstream;
/** Those that go on for ever end when the gateway closes their connection. */
const underWay = new Set<Promise<void>>();
let gateway: Gateway;

beforeAll(async () => {
  upstream = await rawUpstream(async ({ connection, request }) => {
    const { model } = JSON.parse(request.text) as { model: string };
    const fault = Promise.resolve(FAULTS[model]?.(connection));
    underWay.add(fault);
    await fault;
    underWay.delete(fault);
  });
  gateway = await startGateway(`
providers:
  up:
    base_url: ${upstream.url}/v1
    auth: none
    timeouts: { first_byte: 700ms, idle: 1500ms, total: 2s }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

/** Status and code; for a stream that had begun, the error it ends in; `broken` for a connection that breaks. */
async function outcome(fault: string, stream: boolean): Promise<string> {
  const answer = await gateway.post("/v1/chat/completions", { model: `up/${fault}`, stream });
  const code = answer.headers.get("x-postern-code");
  let size = 0;
  let tail = Buffer.alloc(0);
  try {
    for await (const bytes of answer.body ?? []) {
      size += bytes.length;
      tail = Buffer.concat([tail.subarray(-2000), bytes.subarray(-2000)]);
    }
  } catch {
    return `${answer.status} broken`;
  }
  if (code !== null) return `${answer.status} ${code}`;
  const ending = /data: (\{"error":.*\})\n\ndata: \[DONE\]\n\n$/.exec(tail.toString())?.[1];
  if (ending === undefined) return `${answer.status} whole, ${size} bytes`;
  return `${answer.status} then ${JSON.parse(ending).error.code}`;
}

const CASES: readonly (readonly [string, boolean, string])[] = [
  ["reset-in-body", false, "502 upstream_unreachable"],
  ["reset-in-stream", true, "200 then upstream_unreachable"],
  ["length-too-long", false, "502 upstream_unreachable"],
  ["length-too-short", false, "502 upstream_unreachable"],
  ["stream-length-too-long", true, "200 then upstream_unreachable"],
  ["truncated-chunk", false, "502 upstream_unreachable"],
  ["truncated-chunk-in-stream", true, "200 then upstream_unreachable"],
  ["bomb", false, "200 broken"],
  ["unlabelled-bomb", false, "502 upstream_unreachable"],
  ["bomb-in-stream", true, "502 upstream_unreachable"],
  ["unlabelled-bomb-in-stream", true, "502 upstream_unreachable"],
  ["endless-line", true, "200 then upstream_unreachable"],
  ["endless-headers", true, "502 upstream_unreachable"],
  ["dribble", true, "200 then upstream_timeout"],
  ["dribbling-body", false, "504 upstream_timeout"],
  ["comments", true, "504 upstream_timeout"],
];

describe("an upstream with a fault", () => {
  let before = 0;

  test("(none: the measure of what is normal)", async () => {
    for (let turn = 0; turn < 20; turn++) expect(await outcome("good", true)).toStartWith("200 whole");
    before = rssMb(gateway.pid);
  });

  test.each(CASES)("%s (stream: %p) is %s", async (fault, stream, expected) => {
    expect(await outcome(fault, stream)).toBe(expected);
  });

  test("leaves no connection, no request and no memory behind", async () => {
    await Promise.all([...CASES, ...CASES].map(([fault, stream]) => outcome(fault, stream)));
    await within("the endless ones to be closed", Promise.all(underWay));
    await within("memory to be given back", calmDown(before * 1.2 + 30), COLLECTED_MS);
    gateway.signal("SIGTERM");
    // Nothing is in flight: it does not wait for `drain`, which is 30 s.
    expect(await within("the gateway to exit", gateway.exited, 2_000)).toBe(0);
  }, 60_000);
});

/** How long after the last fault memory may still be held. */
const COLLECTED_MS = 10_000;

/** Resolves when the gateway needs no more memory than that. */
async function calmDown(limitMb: number): Promise<void> {
  while (rssMb(gateway.pid) > limitMb) await Bun.sleep(200);
}
