// Tells the kernel which of several listeners on one port gets the new connections. Linux only: elsewhere nobody is told.

import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * All new connections go to one of this process's listeners on a TCP port: `index` counts them in the order they were
 * opened, where the last one has taken the place of one that was closed (`reuseport_detach_sock` in the kernel).
 * Connections that wait at other listeners stay there.
 *
 * @returns whether it worked; if not, the kernel spreads new connections over all of them
 */
export function steerConnections(port: number, index: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const socket = listeningSocket(port);
    return socket !== undefined && attachProgram(socket, index);
  } catch {
    return false;
  }
}

/** From Linux's `asm-generic/socket.h`, which x64 and arm64 share. */
const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** `BPF_RET | BPF_K`: a program of one step, whose result is a constant. */
const RETURN_CONSTANT = 0x06;
const LISTENING = "0A";

/** `struct sock_fprog`, and behind it the one `struct sock_filter` that it points to; 64-bit, little-endian. */
const PROGRAM_BYTES = 16;
const FILTER_BYTES = 8;

function attachProgram(socket: number, index: number): boolean {
  const bytes = new Uint8Array(PROGRAM_BYTES + FILTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setBigUint64(8, BigInt(ptr(bytes, PROGRAM_BYTES)), true);
  view.setUint16(PROGRAM_BYTES, RETURN_CONSTANT, true);
  view.setUint32(PROGRAM_BYTES + 4, index, true);
  return libc().setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, bytes, PROGRAM_BYTES) === 0;
}

function loadLibc() {
  return dlopen(libcPath(), {
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  }).symbols;
}

let loaded: ReturnType<typeof loadLibc> | undefined;

function libc(): ReturnType<typeof loadLibc> {
  loaded ??= loadLibc();
  return loaded;
}

/** The C library that the process runs on (glibc or musl): never one that lies in the working directory. */
function libcPath(): string {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const path = /\s(\/\S*\/(?:libc\.so\.6|libc-[\d.]+\.so|ld-musl-[^/\s]+|libc\.musl-[^/\s]+))$/m.exec(
    maps,
  )?.[1];
  if (path === undefined) throw new Error("no C library is mapped");
  return path;
}

/** One of this process's sockets that listen on the port: the program is shared by all of them. */
function listeningSocket(port: number): number | undefined {
  const links = new Set<string>();
  for (const table of ["tcp", "tcp6"])
    for (const line of readFileSync(`/proc/self/net/${table}`, "utf8").split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const hexPort = local?.split(":").at(-1) ?? "";
      if (state === LISTENING && Number.parseInt(hexPort, 16) === port) links.add(`socket:[${inode}]`);
    }
  return readdirSync("/proc/self/fd")
    .map(Number)
    .find((socket) => links.has(linkOf(socket)));
}

function linkOf(socket: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${socket}`);
  } catch {
    // It was closed meanwhile: the listing itself needed one.
    return "";
  }
}
