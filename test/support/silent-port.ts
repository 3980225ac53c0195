// A port whose queue of connections is full, so that a SYN to it is never answered. Linux with glibc.

import { dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { until } from "./deadline.ts";

export interface SilentPort {
  readonly port: number;
  /** Connections to it, of whomever, that are being opened. */
  opening(): number;
  /** Answers one HTTP request with this while the port still takes connections. */
  serveOne(answer: string): Promise<void>;
  /** From now on no SYN is answered. */
  fill(): Promise<void>;
  stop(): void;
}

const AF_INET = 2;
const SOCK_STREAM_NONBLOCK = 1 | 0o4000;
const ADDRESS_BYTES = 16;
const SYN_SENT = "02";

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  accept: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
});

function listenUnread(): { handle: number; port: number } {
  const handle = libc.socket(AF_INET, SOCK_STREAM_NONBLOCK, 0);
  const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  address.setUint16(0, AF_INET, true);
  address.setUint32(4, 0x7f000001);
  const length = new Uint32Array([ADDRESS_BYTES]);
  const at = ptr(address.buffer);
  // A queue of 0 holds one connection.
  const failed = libc.bind(handle, at, ADDRESS_BYTES) !== 0 || libc.listen(handle, 0) !== 0;
  if (failed || libc.getsockname(handle, at, ptr(length)) !== 0) throw new Error("cannot listen");
  return { handle, port: address.getUint16(2) };
}

/** Reads something from each connection in turn; the first that says something is answered. */
async function answerOne(handle: number, answer: string): Promise<void> {
  const buffer = new Uint8Array(65_536);
  const text = new TextEncoder().encode(answer);
  for (;;) {
    const peer = await until("a connection", () => {
      const accepted = libc.accept(handle, null, null);
      return accepted < 0 ? undefined : accepted;
    });
    const MSG_DONTWAIT = 0x40;
    const size = await until("a request", () => {
      const read = Number(libc.recv(peer, ptr(buffer), buffer.length, MSG_DONTWAIT));
      return read < 0 ? undefined : read;
    });
    if (size > 0) libc.send(peer, ptr(text), text.length, 0);
    libc.close(peer);
    if (size > 0) return;
  }
}

export function silentPort(): SilentPort {
  const { handle, port } = listenUnread();
  const fillers: Socket[] = [];
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const opening = (): number =>
    readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote, state]) => remote?.endsWith(suffix) === true && state === SYN_SENT).length;
  return {
    port,
    opening,
    serveOne: (answer) => answerOne(handle, answer),
    async fill() {
      while (opening() === 0) {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        fillers.push(socket);
        await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), Bun.sleep(300)]);
      }
      // The one that was not let in shows that the queue is full, and is not needed any more.
      fillers.pop()?.destroy();
      await until("the queue to be full", () => (opening() === 0 ? true : undefined));
    },
    stop() {
      for (const socket of fillers) socket.destroy();
      libc.close(handle);
    },
  };
}
