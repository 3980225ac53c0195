// Connections to upstreams: a hang-up travels on, a socket gone stale is replaced once, a slow one is timed out.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { readChunk, readHead, replyBytes, requestBytes } from "../support/raw-http.ts";
import { type RawTurn, type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";
import { firstChunk } from "../support/upstream.ts";

let upstream: RawUpstream;
let gateway: Gateway;
let turn: (turn: RawTurn) => void;

beforeAll(async () => {
  upstream = await rawUpstream((each) => turn(each));
  const provider = (timeouts: string) =>
    `{ base_url: "${upstream.url}/v1", auth: none, timeouts: { ${timeouts} } }`;
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none }
  first: ${provider("first_byte: 200ms")}
  idle: ${provider("idle: 200ms")}
  total: ${provider("total: 300ms")}
${TESTER}`);
});
beforeEach(() => {
  for (const connection of upstream.connections) connection.destroy();
  upstream.requests.length = 0;
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const JSON_REPLY = replyBytes("200 OK", ["content-type: application/json"], '{"ok":true}');
const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

async function open(stream: boolean) {
  const client = await rawConnect({ port: gateway.port });
  const headers = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  client.write(
    requestBytes("POST /v1/chat/completions HTTP/1.1", headers, JSON.stringify({ model: "up/m", stream })),
  );
  return client;
}

/** Milliseconds from the client's leaving until the upstream's socket is closed. */
async function closingTime(stream: boolean, answer: string, awaitFirst: boolean): Promise<number> {
  const { promise: asked, resolve } = Promise.withResolvers<RawTurn>();
  turn = (each) => {
    each.connection.write(answer);
    resolve(each);
  };
  const client = await open(stream);
  const { connection } = await within("the upstream to be asked", asked);
  if (awaitFirst) {
    await readHead(client.stream);
    await readChunk(client.stream);
  }
  const left = performance.now();
  client.destroy();
  await within("the upstream's socket to close", connection.closed);
  return performance.now() - left;
}

const PHASES: readonly (readonly [string, boolean, string, boolean])[] = [
  ["before any answer", false, "", false],
  ["before any answer of a stream", true, "", false],
  ["after a head that is held back", true, STREAM_HEAD, false],
  ["in the middle of a stream", true, STREAM_HEAD + chunk(firstChunk("a")), true],
  [
    "in the middle of a plain answer",
    false,
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{"a":',
    false,
  ],
];

describe("a client that hangs up", () => {
  for (const [phase, stream, answer, awaitFirst] of PHASES) {
    test(`${phase} closes the upstream's socket within 250 ms`, async () => {
      // The best of five: what a busy machine adds is not the gateway's.
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5 && best > 250; i++)
        best = Math.min(best, await closingTime(stream, answer, awaitFirst));
      expect(best).toBeLessThanOrEqual(250);
    });
  }

  test("is logged as having left", async () => {
    await closingTime(false, "", false);
    await gateway.logged((line) => JSON.stringify(line).includes("client_closed"));
  });
});

/** One call; its status, or "broken" when the answer is none. */
async function post(model = "up/m", stream = false): Promise<number | "broken"> {
  const answer = await gateway.post("/v1/chat/completions", { model, stream }).catch(() => undefined);
  if (answer === undefined) return "broken";
  await answer.text().catch(() => undefined);
  return answer.status;
}

describe("a kept-alive socket that has gone stale", () => {
  test("by a reset is replaced once, and the client notices nothing", async () => {
    turn = ({ connection, requestIndex }) => {
      if (requestIndex === 0) connection.write(JSON_REPLY);
      else connection.reset();
    };
    expect(await post()).toBe(200);
    expect(await post()).toBe(200);
    expect(upstream.requests).toHaveLength(3);
    expect(upstream.requests[2]?.text).toBe(upstream.requests[1]?.text ?? "missing");
  });

  test("by a close while idle is replaced", async () => {
    turn = ({ connection }) => {
      connection.write(JSON_REPLY);
      connection.end();
    };
    for (let i = 0; i < 3; i++) expect(await post()).toBe(200);
    expect(upstream.requests).toHaveLength(3);
  });

  test("is replaced once only: when the second try fails too, that is the answer", async () => {
    let answered = false;
    turn = ({ connection }) => {
      if (answered) connection.reset();
      else connection.write(JSON_REPLY);
      answered = true;
    };
    expect(await post()).toBe(200);
    expect(await post()).toBe(502);
    expect(upstream.requests).toHaveLength(3);
  });

  test("a fresh socket that is reset is an answer, not a stale one: asked once", async () => {
    const untouched = await rawUpstream(({ connection }) => connection.reset());
    const other = await startGateway(
      `providers: { up: { base_url: "${untouched.url}/v1", auth: none } }\n${TESTER}`,
    );
    expect((await other.post("/v1/chat/completions", { model: "up/m" })).status).toBe(502);
    expect(untouched.requests).toHaveLength(1);
    await other.stop();
    await untouched.stop();
  });
});

describe("an upstream that is too slow", () => {
  test("to begin is a 504 after first_byte, asked once", async () => {
    turn = () => {};
    expect(await post("first/m")).toBe(504);
    expect(await post("first/m", true)).toBe(504);
    expect(upstream.requests).toHaveLength(2);
  });

  test("in all is a 504 after total", async () => {
    turn = () => {};
    expect(await post("total/m")).toBe(504);
  });

  test("between two pieces of a plain answer ends visibly after idle", async () => {
    turn = ({ connection }) =>
      connection.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{");
    const answer = await gateway.post("/v1/chat/completions", { model: "idle/m" }).catch(() => undefined);
    if (answer?.status === 200) await expect(answer.text()).rejects.toThrow();
    else expect(answer?.status ?? 504).toBe(504);
  });

  test("between two events ends the stream with an error after idle", async () => {
    turn = ({ connection }) => connection.write(STREAM_HEAD + chunk(firstChunk("a")));
    const answer = await gateway.post("/v1/chat/completions", { model: "idle/m", stream: true });
    expect(await answer.text()).toMatch(/data: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/);
  });
});

test("many calls at once are all under way at once", async () => {
  const waiting: RawTurn[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  turn = (each) => {
    if (waiting.push(each) === 300) resolve();
  };
  const calls = Array.from({ length: 300 }, () => open(false));
  const clients = await Promise.all(calls);
  // The runtime itself lets only 256 through at a time unless told otherwise at its start.
  await within("300 calls upstream", all);
  for (const { connection } of waiting) connection.write(JSON_REPLY);
  for (const client of clients) {
    expect((await readHead(client.stream)).startLine).toContain("200");
    client.destroy();
  }
});
