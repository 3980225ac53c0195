// An aborted request of the own client: its socket is closed at once, wherever it was, and nothing is left behind.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { UpstreamResponse } from "../../../src/upstream/http1/answer.ts";
import { TransportError } from "../../../src/upstream/http1/failure.ts";
import type { Transport } from "../../../src/upstream/http1/transport.ts";
import { until, within } from "../../support/deadline.ts";
import { replyBytes } from "../../support/raw-http.ts";
import { type RawTurn, type RawUpstream, rawUpstream } from "../../support/raw-tcp.ts";
import { silentPort } from "../../support/silent-port.ts";
import { described, initOf, ownTransport } from "./http1-under-test.ts";

let own: Transport;
let upstream: RawUpstream;
let turn: (turn: RawTurn) => void;

beforeEach(async () => {
  own = ownTransport();
  turn = () => {};
  upstream = await rawUpstream((each) => turn(each));
});
afterEach(() => upstream.stop());

function send(control: AbortController, body = Buffer.from("{}")): Promise<UpstreamResponse> {
  return own(`${upstream.url}/v1`, initOf({ body, signal: control.signal }));
}

/** The error of a promise that must not be kept. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await within(
    "the error",
    promise.then(
      () => "none",
      (error: unknown) => error,
    ),
  );
}

async function allClosed(): Promise<void> {
  await Promise.all(upstream.connections.map(({ closed }) => within("the socket to close", closed)));
}

describe("an abort", () => {
  test("beforehand connects to nobody", async () => {
    const control = new AbortController();
    control.abort("left");
    expect(await errorOf(send(control))).toMatchObject({ code: "ABORT_ERR", reached: false, cause: "left" });
    expect(upstream.connections).toHaveLength(0);
  });

  test("while it connects writes nothing", async () => {
    const control = new AbortController();
    const failed = errorOf(send(control));
    control.abort("left");
    expect(await failed).toMatchObject({ code: "ABORT_ERR", reached: false });
    await allClosed();
    expect(upstream.requests).toHaveLength(0);
  });

  test("while nobody answers the connecting does not wait for it", async () => {
    const silent = silentPort();
    try {
      await silent.fill();
      const control = new AbortController();
      const failed = errorOf(own(`http://127.0.0.1:${silent.port}/`, initOf({ signal: control.signal })));
      await until("the connection to be asked for", () => (silent.opening() > 0 ? true : undefined));
      control.abort("left");
      expect(await failed).toMatchObject({ code: "ABORT_ERR", reached: false });
      await until("it to be given up", () => (silent.opening() === 0 ? true : undefined));
    } finally {
      silent.stop();
    }
  });

  test("before an answer closes the socket", async () => {
    const control = new AbortController();
    turn = () => control.abort("left");
    expect(await errorOf(send(control))).toMatchObject({ code: "ABORT_ERR", reached: true, cause: "left" });
    await allClosed();
  });

  test("while the request is being written closes the socket", async () => {
    const control = new AbortController();
    const failed = errorOf(send(control, Buffer.alloc(64 * 1024 * 1024)));
    const connection = await upstream.connection(0);
    await until("a part of it", () => (connection.stream.pending.length > 0 ? true : undefined));
    control.abort("left");
    expect(await failed).toMatchObject({ code: "ABORT_ERR", reached: true });
    await allClosed();
  });

  test("within a body breaks it off, for the read that waits and the ones to come", async () => {
    const control = new AbortController();
    turn = ({ connection }) => connection.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    const response = await send(control);
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value as Uint8Array).toString()).toBe("half");
    const failed = errorOf(reader?.read() as Promise<unknown>);
    control.abort("left");
    expect([await failed, await errorOf(response.bytes())]).toEqual(["left", "left"]);
    await allClosed();
  });

  test("throws away what nobody has read", async () => {
    const control = new AbortController();
    turn = ({ connection }) => connection.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    const response = await send(control);
    control.abort("left");
    expect(await errorOf(response.bytes())).toBe("left");
  });

  test("behind the end of the answer does no harm to it, nor to the next one", async () => {
    const control = new AbortController();
    turn = ({ connection }) => connection.write(replyBytes("200 OK", [], "fine"));
    const response = await send(control);
    await within("the body", response.bytes());
    control.abort("late");
    expect(await described(send(new AbortController()))).toContain("fine");
    expect(upstream.connections).toHaveLength(1);
  });
});

describe("a storm of aborts", () => {
  test("leaves no socket and no listener behind", async () => {
    let asked = 0;
    turn = ({ connection }) => {
      asked += 1;
      if (asked % 3 === 0)
        connection.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    };
    const outcomes: Promise<string>[] = [];
    const controls = Array.from({ length: 1_000 }, () => new AbortController());
    for (const [index, control] of controls.entries()) {
      outcomes.push(described(send(control)));
      if (index % 4 === 0) await Bun.sleep(0);
      if (index % 2 === 0) control.abort("left");
    }
    for (const control of controls) control.abort("left");
    for (const outcome of await Promise.all(outcomes))
      expect(outcome).toMatch(/ABORT_ERR|^200 no code: left$/);
    await allClosed();
    turn = ({ connection }) => connection.write(replyBytes("200 OK", [], "fine"));
    expect(await described(send(new AbortController()))).toContain("fine");
  });
});

describe("what went wrong", () => {
  test("is told with the code of the system, and nothing was written", async () => {
    const { port } = upstream;
    await upstream.stop();
    const error = await errorOf(own(`http://127.0.0.1:${port}/`, initOf()));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: "ECONNREFUSED", reached: false });
  });

  test("of a name nobody knows is told too", async () => {
    const error = await errorOf(own("http://no-such-host.invalid/", initOf()));
    expect(error).toMatchObject({ code: "ENOTFOUND", reached: false });
  });

  test("behind the first byte was reached", async () => {
    turn = ({ connection }) => connection.reset();
    expect(await errorOf(send(new AbortController()))).toMatchObject({ code: "ECONNRESET", reached: true });
  });
});
