// Server-sent events leave as they come: each chunk at once, byte for byte, and a break is visible to the SDK.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { constants, createGzip } from "node:zlib";
import { until } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { readChunk, readHead, readReply, requestBytes, statusOf } from "../support/raw-http.ts";
import { type RawConnection, type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";
import { chatChunk, DONE, firstChunk, lastChunk, USAGE_CHUNK } from "../support/upstream.ts";

let upstream: RawUpstream;
let gateway: Gateway;
let serve: (connection: RawConnection) => void | Promise<void>;

beforeAll(async () => {
  upstream = await rawUpstream(({ connection }) => serve(connection));
  gateway = await startGateway(
    `server:\n  keepalive: 300ms\n${oneProvider(upstream.url, ["endpoints: [chat, completions, responses, messages, models]"])}`,
  );
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

function chunk(text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

const END = "0\r\n\r\n";
const ASKED = '{"model":"up/m","stream":true,"stream_options":{"include_usage":true}}';

async function open(path = "/v1/chat/completions", body = ASKED): Promise<RawConnection> {
  const client = await rawConnect({ port: gateway.port });
  const headers = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  client.write(requestBytes(`POST ${path} HTTP/1.1`, headers, body));
  return client;
}

/** The whole stream a client gets when the upstream sends these pieces, one TCP write each. */
async function relayed(
  pieces: readonly (string | Uint8Array)[],
  path?: string,
  body?: string,
): Promise<string> {
  serve = async (connection) => {
    connection.write(HEAD);
    for (const piece of pieces) {
      connection.write(chunk(piece));
      await Bun.sleep(1); // lets each piece leave as a packet of its own
    }
    connection.write(END);
  };
  const client = await open(path, body);
  const reply = await readReply(client.stream);
  client.destroy();
  expect([reply.status, reply.header("content-type")]).toEqual([
    200,
    expect.stringMatching(/^text\/event-stream/),
  ]);
  return reply.text;
}

describe("a stream passes without buffering", () => {
  test("each chunk is readable before the next is sent", async () => {
    const turns: (() => void)[] = [];
    const sent = [firstChunk("one"), chatChunk("two"), chatChunk("three")];
    serve = async (connection) => {
      connection.write(HEAD);
      for (const event of sent) {
        connection.write(chunk(event));
        await new Promise<void>((resolve) => turns.push(resolve));
      }
      connection.write(chunk(lastChunk() + DONE) + END);
    };
    const client = await open();
    const head = await readHead(client.stream);
    expect([statusOf(head), head.header("content-length")]).toEqual([200, undefined]);
    for (const event of sent) {
      // The upstream sends nothing more until this one has been read.
      expect((await readChunk(client.stream)).toString()).toBe(event);
      (await until("the upstream's turn", () => turns.shift()))();
    }
    let rest = "";
    for (let part = await readChunk(client.stream); part.length > 0; part = await readChunk(client.stream))
      rest += part;
    expect(rest).toBe(lastChunk() + DONE);
    client.destroy();
  });

  test("also when the upstream compresses it", async () => {
    const { promise: seen, resolve: wasSeen } = Promise.withResolvers<void>();
    serve = async (connection) => {
      const gzip = createGzip();
      gzip.on("data", (bytes: Buffer) => connection.write(chunk(bytes)));
      gzip.on("end", () => connection.write(END));
      connection.write(HEAD.replace("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n"));
      gzip.write(firstChunk("one"));
      gzip.flush(constants.Z_SYNC_FLUSH);
      await seen;
      gzip.end(lastChunk() + DONE);
    };
    const client = await open();
    expect((await readHead(client.stream)).header("content-encoding")).toBeUndefined();
    let text = (await readChunk(client.stream)).toString();
    expect(text).toBe(firstChunk("one"));
    wasSeen();
    for (let part = await readChunk(client.stream); part.length > 0; part = await readChunk(client.stream))
      text += part;
    expect(text).toBe(firstChunk("one") + lastChunk() + DONE);
    client.destroy();
  });

  test("the head says it is a stream that nobody should store or buffer", async () => {
    serve = (connection) => connection.write(HEAD + chunk(firstChunk("a")) + chunk(lastChunk() + DONE) + END);
    const client = await open();
    const head = await readReply(client.stream);
    expect(head.header("cache-control")).toContain("no-cache");
    expect(head.header("x-postern-model")).toBe("up/m");
    expect(head.header("x-postern-cost-usd")).toBeUndefined();
    client.destroy();
  });
});

const odd = firstChunk("größe 😀 \u2028", { x_vendor: { a: 1 }, system_fingerprint: null, usage: null });
const spelled =
  'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"\\u00e9\\/"},"logprobs":null,"finish_reason":null}],"n":1.0,"big":9007199254740993123}\n\n';
const WELL_FORMED: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
  "in one piece": [firstChunk("a") + lastChunk() + DONE],
  "an event a piece": [firstChunk("a"), chatChunk("b"), lastChunk(), DONE],
  "with vendor fields and unusual Unicode": [odd, spelled, lastChunk(), USAGE_CHUNK, DONE],
  "cut inside events": [(odd + lastChunk() + DONE).slice(0, 50), (odd + lastChunk() + DONE).slice(50)],
  "cut at every byte": [...Buffer.from(odd + lastChunk() + DONE)].map((byte) => Uint8Array.of(byte)),
  "with one very long event": [firstChunk("x".repeat(300_000)), lastChunk(), DONE],
};

describe("a well-formed stream passes byte for byte", () => {
  for (const [name, pieces] of Object.entries(WELL_FORMED)) {
    test(name, async () => {
      expect(await relayed(pieces)).toBe(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString());
    });
  }

  test("on Responses, with its event names", async () => {
    const events = ["response.created", "response.output_text.delta", "response.completed"].map(
      (type, at) =>
        `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: at, delta: "x", response: {} })}\n\n`,
    );
    expect(await relayed(events, "/v1/responses", '{"model":"up/m","stream":true}')).toBe(events.join(""));
  });

  test("on Messages, with its event names", async () => {
    const events = ["message_start", "content_block_delta", "message_stop"].map(
      (type) => `event: ${type}\ndata: ${JSON.stringify({ type, message: {}, index: 0, delta: {} })}\n\n`,
    );
    expect(await relayed(events, "/v1/messages", '{"model":"up/m","stream":true}')).toBe(events.join(""));
  });
});

describe("the head", () => {
  test("waits for the first content: an error in the first frame reaches the SDK as an error", async () => {
    serve = (connection) =>
      connection.write(
        HEAD +
          chunk(
            `data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}\n\n`,
          ) +
          chunk(DONE) +
          END,
      );
    const client = await open();
    const reply = await readReply(client.stream);
    if (reply.status === 200)
      expect(reply.text).toMatch(/^data: \{"error":\{"message":"overloaded"[^\n]*\n\n/);
    else expect(reply.json()).toMatchObject({ error: { message: expect.stringContaining("overloaded") } });
    client.destroy();
  });

  test("waits no longer than keepalive, and a silent stream is kept alive between events only", async () => {
    let go: () => void = () => {};
    const pause = new Promise<void>((resolve) => {
      go = resolve;
    });
    serve = async (connection) => {
      connection.write(HEAD);
      await pause;
      connection.write(chunk(firstChunk("late") + lastChunk() + DONE) + END);
    };
    const client = await open();
    await readHead(client.stream);
    expect((await readChunk(client.stream)).toString()).toBe(": ping\n");
    go();
    let rest = "";
    for (let part = await readChunk(client.stream); part.length > 0; part = await readChunk(client.stream))
      rest += part;
    expect(rest.replaceAll(": ping\n", "")).toBe(firstChunk("late") + lastChunk() + DONE);
    client.destroy();
  });
});

describe("a stream that breaks after its first content", () => {
  const BREAKS: Readonly<Record<string, (connection: RawConnection) => void>> = {
    "by a reset": (connection) => connection.reset(),
    "by a close without an end": (connection) => connection.end(),
    "by an end without a finish": (connection) => connection.write(END),
  };
  const ENDINGS: readonly (readonly [string, string, RegExp])[] = [
    ["/v1/chat/completions", firstChunk("a"), /\n\ndata: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/],
    [
      "/v1/responses",
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"x"}\n\n',
      /\n\nevent: response\.failed\ndata: \{[^\n]*\}\n\n$/,
    ],
    [
      "/v1/messages",
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}\n\n',
      /\n\nevent: error\ndata: \{"type":"error"[^\n]*\}\n\n$/,
    ],
  ];
  for (const [how, breakOff] of Object.entries(BREAKS)) {
    for (const [path, event, ending] of ENDINGS) {
      test(`${how} ends in an error in the client's format on ${path}`, async () => {
        const { promise: seen, resolve: wasSeen } = Promise.withResolvers<void>();
        serve = async (connection) => {
          connection.write(HEAD + chunk(event));
          await seen;
          breakOff(connection);
        };
        const client = await open(path);
        await readHead(client.stream);
        let text = (await readChunk(client.stream)).toString();
        wasSeen();
        for (
          let part = await readChunk(client.stream);
          part.length > 0;
          part = await readChunk(client.stream)
        )
          text += part;
        expect(text).toStartWith(event);
        expect(text).toMatch(ending);
        client.destroy();
      });
    }
  }
});
