// How many pieces a peer has cut its answer into, as the kernel counted them. Linux with glibc.

import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** `tcpi_data_segs_in` of the kernel's `struct tcp_info`. */
const DATA_SEGMENTS_IN = 152;

const { symbols: libc } = dlopen("libc.so.6", {
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
});

/** The descriptor of this process that has this local port. */
function descriptorOf(localPort: number): number {
  const suffix = `:${localPort.toString(16).toUpperCase().padStart(4, "0")}`;
  // Connections that are long gone may have had the same port, and belong to no descriptor.
  const links = readFileSync("/proc/self/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(suffix) === true)
    .map((row) => `socket:[${row[9]}]`);
  const found = readdirSync("/proc/self/fd").find((fd) => links.includes(linkOf(fd)));
  if (found === undefined) throw new Error(`no socket of port ${localPort}`);
  return Number(found);
}

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}

/** Segments with data that an open connection has received so far. */
export function segmentsReceived(socket: Socket): number {
  const info = new DataView(new ArrayBuffer(256));
  const length = new Uint32Array([info.byteLength]);
  const descriptor = descriptorOf(socket.localPort ?? 0);
  if (libc.getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, ptr(info.buffer), ptr(length)) !== 0)
    throw new Error("the kernel does not say");
  return info.getUint32(DATA_SEGMENTS_IN, true);
}
