// Addresses to listen on.

import { expect, test } from "bun:test";
import { isLocalListen, type ListenAddress, parseListen } from "../../../src/lib/listen.ts";

function good(text: string): ListenAddress {
  const address = parseListen(text);
  if (address.kind === "invalid") throw new Error(address.reason);
  return address;
}

test.each<[string, ListenAddress, boolean]>([
  ["127.0.0.1:4000", { kind: "tcp", host: "127.0.0.1", port: 4000 }, true],
  ["127.0.0.1:0", { kind: "tcp", host: "127.0.0.1", port: 0 }, true],
  ["127.9.9.9:1", { kind: "tcp", host: "127.9.9.9", port: 1 }, true],
  ["localhost:65535", { kind: "tcp", host: "localhost", port: 65535 }, true],
  ["[::1]:4000", { kind: "tcp", host: "::1", port: 4000 }, true],
  ["unix:/run/postern.sock", { kind: "unix", path: "/run/postern.sock" }, true],
  ["[::]:4000", { kind: "tcp", host: "::", port: 4000 }, false],
  ["0.0.0.0:4000", { kind: "tcp", host: "0.0.0.0", port: 4000 }, false],
  ["10.0.0.5:4000", { kind: "tcp", host: "10.0.0.5", port: 4000 }, false],
  ["gateway.example.com:443", { kind: "tcp", host: "gateway.example.com", port: 443 }, false],
  ["my_host:80", { kind: "tcp", host: "my_host", port: 80 }, false],
])("%s is an address", (text, address, local) => {
  expect(good(text)).toEqual(address);
  expect(isLocalListen(address)).toBe(local);
});

test.each([
  "",
  "4000",
  ":4000",
  "*:4000",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:65536",
  "127.0.0.1:-1",
  "127.0.0.1:0x10",
  "127.0.0.1: 80",
  "300.1.1.1:80",
  "1.2.3:80",
  "::1:4000",
  "[::1:4000",
  "[::g]:4000",
  "[127.0.0.1]:4000",
  "http://127.0.0.1:4000",
  "https://gateway:443",
  "a b:80",
  "-a:80",
  "unix:",
])("%p is refused with a reason", (text) => {
  expect(parseListen(text)).toEqual({ kind: "invalid", reason: expect.stringMatching(/.{10}/) });
});
