// Far more bytes than anyone may hold in memory, produced only as fast as they are taken, and a client that takes none.

import { connect, type Socket } from "node:net";
import { until, within } from "./deadline.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "./upstream.ts";

export interface Flood {
  readonly response: Response;
  /** Bytes taken from the source so far. */
  sent(): number;
  /** Resolves when nothing has been taken for a while. */
  stalled(): Promise<void>;
  /** Resolves when the reader gives it up. */
  readonly cancelled: Promise<void>;
}

const PIECE_BYTES = 1_000_000;
const STILL_MS = 400;

/** An answer of so many megabytes: one event a megabyte, or nothing but JSON. */
export function flood(megabytes: number, kind: "stream" | "plain"): Flood {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  const piece = encoder.encode(
    kind === "stream" ? chatChunk("x".repeat(PIECE_BYTES)) : " ".repeat(PIECE_BYTES),
  );
  const first = encoder.encode(kind === "stream" ? firstChunk("a") : "{");
  const last = encoder.encode(kind === "stream" ? lastChunk() + DONE : "}");
  let sent = 0;
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(first),
      pull(controller) {
        sent += PIECE_BYTES;
        pieces += 1;
        controller.enqueue(piece);
        if (pieces < megabytes) return;
        controller.enqueue(last);
        controller.close();
      },
      cancel: () => resolve(),
    },
    { highWaterMark: 0 },
  );
  const type = kind === "stream" ? "text/event-stream" : "application/json";
  return {
    response: new Response(body, { headers: { "content-type": type } }),
    sent: () => sent,
    cancelled,
    async stalled() {
      let seen = -1;
      let since = performance.now();
      await until("the flood to stand still", () => {
        if (sent !== seen || sent === 0) {
          seen = sent;
          since = performance.now();
        }
        return performance.now() - since > STILL_MS ? true : undefined;
      });
    },
  };
}

/** A client that sends a request and does not read. */
export interface PausedClient {
  readonly socket: Socket;
  /** Starts to read; resolves with the number of bytes when what was sent ends in this. */
  readThrough(ending: string): Promise<number>;
}

export async function pausedClient(port: number, request: Uint8Array): Promise<PausedClient> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.pause();
  socket.write(request);
  return {
    socket,
    async readThrough(ending) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      let bytes = 0;
      let tail = "";
      socket.on("data", (part: Buffer) => {
        bytes += part.length;
        tail = (tail + part.subarray(-ending.length).toString("latin1")).slice(-ending.length);
        if (tail === ending) resolve(bytes);
      });
      socket.once("close", () => reject(new Error(`closed after ${bytes} bytes`)));
      socket.resume();
      return await within(`the end after ${bytes} bytes`, promise, 20_000);
    },
  };
}
