// Answers in every framing and coding that servers use: whole ones arrive whole, broken ones never look whole.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider } from "../support/keys.ts";
import { type RawTurn, type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

let upstream: RawUpstream;
let gateway: Gateway;
let turn: (turn: RawTurn) => void | Promise<void>;

beforeAll(async () => {
  upstream = await rawUpstream((each) => turn(each));
  gateway = await startGateway(oneProvider(upstream.url));
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const BODY = Buffer.from(JSON.stringify({ object: "chat.completion", text: "größe 😀 ".repeat(400) }));

function chunked(bytes: Uint8Array, size: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)};x=y\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\nx-trailer: 1\r\n\r\n")]);
}

function head(...fields: readonly string[]): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\n${["content-type: application/json", ...fields, "", ""].join("\r\n")}`,
  );
}

async function ask(stream = false): Promise<{ readonly status: number; readonly body: Buffer }> {
  const answer = await gateway.post("/v1/chat/completions", { model: "up/m", stream });
  return { status: answer.status, body: Buffer.from(await answer.bytes()) };
}

const CODINGS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};

describe("a whole answer", () => {
  test.each<[string, (turn: RawTurn) => void]>([
    [
      "with a length",
      ({ connection }) => connection.write(Buffer.concat([head(`content-length: ${BODY.length}`), BODY])),
    ],
    [
      "in chunks with extensions and trailers",
      ({ connection }) =>
        connection.write(Buffer.concat([head("transfer-encoding: chunked"), chunked(BODY, 11)])),
    ],
    [
      "up to a close",
      ({ connection }) => {
        connection.write(Buffer.concat([head(), BODY]));
        connection.end();
      },
    ],
    [
      "behind informational ones",
      ({ connection }) =>
        connection.write(
          Buffer.concat([
            Buffer.from("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
            head(`content-length: ${BODY.length}`),
            BODY,
          ]),
        ),
    ],
  ])("%s arrives whole", async (_, act) => {
    turn = act;
    const { status, body } = await ask();
    expect([status, body.equals(BODY)]).toEqual([200, true]);
  });

  test.each(Object.keys(CODINGS))("in %s, which nobody asked for, arrives decoded", async (coding) => {
    const encoded = CODINGS[coding]?.(BODY) ?? BODY;
    for (const framed of [
      [head(`content-encoding: ${coding}`, `content-length: ${encoded.length}`), encoded],
      [head(`content-encoding: ${coding}`, "transfer-encoding: chunked"), chunked(encoded, 9)],
    ]) {
      turn = ({ connection }) => connection.write(Buffer.concat(framed));
      const { status, body } = await ask();
      expect([status, body.equals(BODY)]).toEqual([200, true]);
    }
  });

  test("in deflate without its frame arrives decoded too", async () => {
    const encoded = deflateRawSync(BODY);
    turn = ({ connection }) =>
      connection.write(
        Buffer.concat([head("content-encoding: deflate", `content-length: ${encoded.length}`), encoded]),
      );
    expect((await ask()).body.equals(BODY)).toBe(true);
  });
});

describe("a broken answer", () => {
  const gzip = gzipSync(BODY);
  test.each<[string, (turn: RawTurn) => void | Promise<void>]>([
    [
      "cut by a close",
      ({ connection }) => {
        connection.write(Buffer.concat([head(`content-length: ${BODY.length}`), BODY.subarray(1)]));
        connection.end();
      },
    ],
    [
      "without its last chunk",
      ({ connection }) => {
        connection.write(
          Buffer.concat([head("transfer-encoding: chunked"), chunked(BODY, 50).subarray(0, -30)]),
        );
        connection.end();
      },
    ],
    [
      "with a chunk that is none",
      ({ connection }) =>
        connection.write(Buffer.concat([head("transfer-encoding: chunked"), Buffer.from("2\r\n{}XX")])),
    ],
    [
      "whose gzip is cut",
      ({ connection }) =>
        connection.write(
          Buffer.concat([
            head("content-encoding: gzip", `content-length: ${gzip.length - 9}`),
            gzip.subarray(0, gzip.length - 9),
          ]),
        ),
    ],
    [
      "whose gzip is none",
      ({ connection }) =>
        connection.write(
          Buffer.concat([head("content-encoding: gzip", `content-length: ${BODY.length}`), BODY]),
        ),
    ],
    ["that is no HTTP", ({ connection }) => connection.write("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n")],
    [
      "with a folded header",
      ({ connection }) => connection.write("HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 2\r\n\r\n{}"),
    ],
    [
      "that changes the protocol",
      ({ connection }) => connection.write("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n{}"),
    ],
  ])("%s is a 502", async (_, act) => {
    turn = act;
    const { status, body } = await ask();
    expect([status, body.includes("upstream_unreachable")]).toEqual([502, true]);
  });
});

describe("a stream in gzip", () => {
  test("arrives event by event", async () => {
    const events = [firstChunk("a"), chatChunk("b"), lastChunk(), DONE].join("");
    const encoded = gzipSync(events);
    turn = ({ connection }) =>
      connection.write(
        Buffer.concat([
          Buffer.from(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n",
          ),
          chunked(encoded, 20),
        ]),
      );
    const { status, body } = await ask(true);
    expect([status, body.toString()]).toEqual([200, events]);
  });
});
