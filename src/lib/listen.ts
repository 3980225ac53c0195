// Addresses to listen on, as people write them: `127.0.0.1:4000`, `[::]:4000`, `unix:/run/x.sock`.

import { isIP } from "node:net";
import { isLoopbackHost } from "./address.ts";

export type ListenAddress =
  | {
      readonly kind: "tcp";
      /** Without the brackets of an IPv6 address. */
      readonly host: string;
      /** 0 = any free port. */
      readonly port: number;
    }
  | { readonly kind: "unix"; readonly path: string };

/** Reads an address, or says why it is none. */
export function parseListen(
  text: string,
): ListenAddress | { readonly kind: "invalid"; readonly reason: string } {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path === "" ? invalid("needs a path after `unix:`") : { kind: "unix", path };
  }
  if (/^[a-z]+:\/\//i.test(text)) return invalid("must be host:port, without http://");
  const colon = text.lastIndexOf(":");
  if (colon < 0) return invalid("must be host:port, [::]:port or unix:PATH");
  const host = text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return invalid("must end in a port from 0 to 65535");
  if (host === "" || host === "*")
    return invalid("needs a host: 127.0.0.1 for this machine only, 0.0.0.0 or [::] for all");
  if (host.startsWith("[") && host.endsWith("]")) {
    const address = host.slice(1, -1);
    return isIP(address) === 6
      ? { kind: "tcp", host: address, port: Number(port) }
      : invalid("has no IPv6 address in [ ]");
  }
  if (host.includes(":")) return invalid("has an IPv6 address without [ ]: write [::1]:4000");
  const isName = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(host);
  const isAddress = isIP(host) === 4 || !/^[\d.]+$/.test(host);
  return isName && isAddress
    ? { kind: "tcp", host, port: Number(port) }
    : invalid("has a host that is no name or address");
}

function invalid(reason: string): { readonly kind: "invalid"; readonly reason: string } {
  return { kind: "invalid", reason };
}

/** Whether only this machine can connect: a loopback address or a unix socket. */
export function isLocalListen(address: ListenAddress): boolean {
  return address.kind === "unix" || isLoopbackHost(address.host);
}
