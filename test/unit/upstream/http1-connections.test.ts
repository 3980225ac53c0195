// Connections of the own client: kept and used again, replaced once when they turn out dead, never trusted too far.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { Transport } from "../../../src/upstream/http1/transport.ts";
import { until, within } from "../../support/deadline.ts";
import { FakeWheel } from "../../support/fake-parts.ts";
import { replyBytes } from "../../support/raw-http.ts";
import { type RawTurn, type RawUpstream, rawUpstream } from "../../support/raw-tcp.ts";
import { described, initOf, ownTransport } from "./http1-under-test.ts";

const OK = replyBytes("200 OK", [], "fine");

let wheel: FakeWheel;
let own: Transport;
let upstream: RawUpstream;
let turn: (turn: RawTurn) => void;

beforeEach(async () => {
  wheel = new FakeWheel();
  own = ownTransport(wheel);
  turn = ({ connection }) => connection.write(OK);
  upstream = await rawUpstream((each) => turn(each));
});
afterEach(() => upstream.stop());

function ask(more: BunFetchRequestInit = {}): Promise<string> {
  const asked = own(`${upstream.url}/v1`, initOf({ body: Buffer.from("{}"), ...more }));
  return within("an outcome", described(asked));
}

const FINE = expect.stringContaining('"fine"') as unknown as string;

/** Waits until the client has seen what the upstream did to this connection. */
async function closed(index: number): Promise<void> {
  await within("the connection to close", (await upstream.connection(index)).closed);
  await Bun.sleep(0);
}

describe("a connection", () => {
  test("carries one request after another", async () => {
    for (let i = 0; i < 50; i++) expect(await ask()).toEqual(FINE);
    expect([upstream.connections.length, upstream.requests.length]).toEqual([1, 50]);
  });

  test("carries one request at a time", async () => {
    for (let round = 0; round < 3; round++)
      expect(await Promise.all(Array.from({ length: 20 }, () => ask()))).toEqual(Array(20).fill(FINE));
    expect([upstream.connections.length, upstream.requests.length]).toEqual([20, 60]);
  });

  test("that was used last is used first, and one without work for long is closed", async () => {
    await Promise.all([ask(), ask(), ask()]);
    for (let i = 0; i < 4; i++) {
      wheel.advance(9_000);
      await ask();
    }
    await until("two to be closed", async () => {
      const open = await Promise.all(upstream.connections.map(isOpen));
      return open.filter(Boolean).length === 1 || undefined;
    });
    expect(upstream.connections).toHaveLength(3);
    wheel.advance(30_000);
    await Promise.all(upstream.connections.map(({ closed: gone }) => within("it to close", gone)));
    expect(wheel.items.size).toBe(0);
  });

  test.each([
    ["says that it closes", replyBytes("200 OK", ["Connection: Close"], "fine")],
    ["speaks HTTP/1.0", Buffer.from("HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine")],
    ["says more than its answer", Buffer.concat([OK, Buffer.from("HTTP/1.1 200 OK\r\n\r\n")])],
    [
      "tells the length twice",
      Buffer.from(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
      ),
    ],
  ])("to a server that %s is not used again", async (_, bytes) => {
    turn = ({ connection }) => connection.write(bytes);
    expect([await ask(), await ask()]).toEqual([FINE, FINE]);
    await closed(0);
    expect(upstream.connections).toHaveLength(2);
  });

  test("is not used again when bytes come that nobody asked for", async () => {
    await ask();
    (await upstream.connection(0)).write(OK);
    await closed(0);
    expect(await ask()).toEqual(FINE);
    expect(upstream.connections).toHaveLength(2);
  });

  test("that the server closes is noticed, although nobody reads", async () => {
    await ask();
    (await upstream.connection(0)).end();
    await closed(0);
    expect(await ask()).toEqual(FINE);
    expect(upstream.requests).toHaveLength(2);
  });
});

async function isOpen({ closed: gone }: { readonly closed: Promise<void> }): Promise<boolean> {
  return await Promise.race([gone.then(() => false), Bun.sleep(1).then(() => true)]);
}

describe("a connection that turns out dead", () => {
  /** The first request of each connection is answered, the next one meets this. */
  function thenDo(act: (turn: RawTurn) => void): void {
    turn = (each) => (each.requestIndex === 0 ? void each.connection.write(OK) : act(each));
  }

  test.each<[string, (turn: RawTurn) => void]>([
    ["by a reset", ({ connection }) => connection.reset()],
    ["by a close", ({ connection }) => connection.end()],
  ])("%s is replaced by a new one, and the request comes again byte for byte", async (_, act) => {
    thenDo(act);
    expect([await ask(), await ask()]).toEqual([FINE, FINE]);
    const [, second, third] = upstream.requests;
    expect([upstream.connections.length, upstream.requests.length]).toEqual([2, 3]);
    expect([third?.startLine, third?.headers, third?.text]).toEqual([
      second?.startLine,
      second?.headers,
      second?.text,
    ]);
  });

  test("is replaced once only", async () => {
    let answers = 1;
    turn = ({ connection }) => (answers-- > 0 ? connection.write(OK) : connection.reset());
    expect([await ask(), await ask()]).toEqual([FINE, "ECONNRESET"]);
    expect(upstream.requests).toHaveLength(3);
  });

  test("in its first use is not replaced", async () => {
    turn = ({ connection }) => connection.reset();
    expect(await ask()).toBe("ECONNRESET");
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([
    ["a byte", "H"],
    ["an informational answer", "HTTP/1.1 103 Early Hints\r\n\r\n"],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-le"],
  ])("behind %s is not replaced: the upstream has begun to work", async (_, bytes) => {
    thenDo(({ connection }) => {
      connection.write(bytes);
      connection.end();
    });
    expect([await ask(), await ask()]).toEqual([FINE, "ECONNRESET"]);
    expect(upstream.requests).toHaveLength(2);
  });

  test("is not replaced for a caller who has left", async () => {
    const control = new AbortController();
    thenDo(({ connection }) => {
      control.abort("left");
      connection.reset();
    });
    expect([await ask(), await ask({ signal: control.signal })]).toEqual([FINE, "ABORT_ERR"]);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe("an answer that comes before its request was read", () => {
  test("is the answer, and the connection is closed", async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      socket.once("data", () => {
        // The rest of the request stays where it is, until the client has its answer.
        socket.pause();
        socket.write(replyBytes("413 Too Large", [], "no"));
      });
      answered = () => void socket.resume();
    });
    let answered = (): void => {};
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const asked = own(`http://127.0.0.1:${port}/v1`, initOf({ body: Buffer.alloc(32 * 1024 * 1024) }));
    expect(await within("an outcome", described(asked))).toBe('[413,false,["content-length: 2"],"no"]');
    answered();
    await within("the connection to close", gone);
    server.close();
  });
});
