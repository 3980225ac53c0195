// Bytes of the own client flow no faster than they are taken, in both directions, and arrive as they were sent.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import type { UpstreamResponse } from "../../../src/upstream/http1/answer.ts";
import type { Transport } from "../../../src/upstream/http1/transport.ts";
import { within } from "../../support/deadline.ts";
import { initOf, ownTransport } from "./http1-under-test.ts";

const PART = Buffer.alloc(64 * 1024, "0123456789abcdef");
const PARTS = 6_400;

let own: Transport;
let server: Server;
let url: string;
let serve: (socket: Socket) => void;
let open: Socket[];

beforeEach(async () => {
  own = ownTransport();
  open = [];
  server = createServer((socket) => {
    open.push(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
});
afterEach(() => {
  for (const socket of open) socket.destroy();
  server.close();
});

/** Sends so many parts as fast as they are taken; tells how many were. */
function flood(head: string, parts: number): { taken: number } {
  const progress = { taken: 0 };
  serve = (socket) =>
    socket.once("data", async () => {
      socket.write(head);
      for (; progress.taken < parts && !socket.destroyed; progress.taken += 1)
        if (!socket.write(PART)) await new Promise((resolve) => socket.once("drain", resolve));
      socket.end();
    });
  return progress;
}

/** Time for everything that wants to happen by itself. */
async function settled(progress: { readonly taken: number }): Promise<number> {
  for (let last = -1; last !== progress.taken; ) {
    last = progress.taken;
    await Bun.sleep(100);
  }
  return progress.taken;
}

async function sizeOf(response: UpstreamResponse): Promise<number> {
  const reader = response.body?.getReader();
  for (let size = 0; ; ) {
    const read = await reader?.read();
    if (read === undefined || read.done) return size;
    const bytes = read.value as Uint8Array;
    if (bytes[0] !== PART[size % 16]) throw new Error(`wrong bytes at ${size}`);
    size += bytes.length;
  }
}

describe("an answer of 400 MB", () => {
  test.each([
    ["with a length", `HTTP/1.1 200 OK\r\ncontent-length: ${PARTS * PART.length}\r\n\r\n`],
    ["up to a close", "HTTP/1.1 200 OK\r\n\r\n"],
  ])(
    "%s waits in the server while nobody reads it, and is whole then",
    async (_, head) => {
      const progress = flood(head, PARTS);
      const response = await own(url, initOf());
      // What the kernel's buffers hold; everything that came beyond it would be memory of ours.
      expect(await settled(progress)).toBeLessThan(400);
      expect(await within("the body", sizeOf(response), 30_000)).toBe(PARTS * PART.length);
    },
    60_000,
  );

  test("is not held back from someone who wants all of it", async () => {
    flood(`HTTP/1.1 200 OK\r\ncontent-length: ${200 * PART.length}\r\n\r\n`, 200);
    const response = await own(url, initOf());
    expect((await within("the body", response.bytes(), 30_000)).length).toBe(200 * PART.length);
  });
});

describe("an answer that nobody reads", () => {
  test("leaves the connection as good as new once it is whole", async () => {
    const size = 256 * 1024;
    let requests = 0;
    serve = (socket) =>
      socket.on("data", () => {
        requests += 1;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
        socket.write(Buffer.alloc(size));
      });
    const first = await own(url, initOf());
    await Bun.sleep(50);
    // It was paused meanwhile: read to its end it must flow again, and so must the next answer.
    expect((await within("the first", first.bytes())).length).toBe(size);
    const second = await own(url, initOf());
    expect((await within("the second", second.bytes())).length).toBe(size);
    expect([requests, open.length]).toEqual([2, 1]);
  });
});

describe("a request", () => {
  test.each([0, 1, 1_000, 130_000, 131_072, 140_000, 32 * 1024 * 1024])(
    "of %d bytes arrives byte for byte at a server that reads slowly",
    async (size) => {
      const body = Buffer.alloc(size);
      for (let at = 0; at < size; at += 997) body[at] = at % 251;
      const received: Buffer[] = [];
      serve = (socket) => {
        let length = 0;
        socket.pause();
        setTimeout(() => socket.resume(), 50);
        socket.on("data", (bytes) => {
          received.push(bytes);
          length += bytes.length;
          const whole = Buffer.concat(received.slice(0, 1));
          const head = whole.indexOf("\r\n\r\n") + 4;
          if (length === head + size) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
        });
      };
      const response = await within("the answer", own(url, initOf({ body })));
      const all = Buffer.concat(received);
      expect(response.status).toBe(204);
      expect(all.subarray(all.indexOf("\r\n\r\n") + 4).equals(body)).toBe(true);
      expect(all.toString("latin1", 0, 500).toLowerCase()).toContain(`content-length: ${size}\r\n`);
    },
    30_000,
  );

  test("with a head longer than any buffer arrives too", async () => {
    const value = "v".repeat(300_000);
    let received = "";
    serve = (socket) =>
      socket.on("data", (bytes) => {
        received += bytes.toString("latin1");
        if (received.endsWith("\r\n\r\n{}")) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      });
    const init = initOf({ body: Buffer.from("{}"), headers: { "x-long": value } });
    expect((await within("the answer", own(url, init))).status).toBe(204);
    expect(received).toContain(`x-long: ${value}\r\n`);
  });
});
