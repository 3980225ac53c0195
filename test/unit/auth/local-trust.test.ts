// Who may do without a key: only this very machine, with nobody in between and no page of another origin behind it.

import { describe, expect, test } from "bun:test";
import { isLocallyTrusted } from "../../../src/auth/local-trust.ts";

const RULES = {
  hosts: new Set(["llm.internal", "gateway.example"]),
  origins: new Set(["https://app.example"]),
};

interface Asked {
  readonly peer?: string | undefined;
  readonly host?: string;
  readonly headers?: Record<string, string>;
}

function trusted(asked: Asked): boolean {
  const { host = "localhost:4000", headers = {} } = asked;
  const peer = { address: "peer" in asked ? asked.peer : "127.0.0.1" };
  return isLocallyTrusted(new Headers({ host, ...headers }), peer, RULES);
}

describe("the peer", () => {
  test.each(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", undefined])(
    "%p is this machine",
    (peer) => {
      expect(trusted({ peer })).toBe(true);
    },
  );
  test.each([
    "10.0.0.1",
    "192.168.1.2",
    "0.0.0.0",
    "::",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "",
    "localhost.evil.example",
  ])("%p is not", (peer) => {
    expect(trusted({ peer })).toBe(false);
  });
});

describe("the host asked for", () => {
  test.each([
    "localhost",
    "LocalHost:4000",
    "localhost:1",
    "127.0.0.1",
    "127.0.0.1:4000",
    "10.0.0.7:80",
    "[::1]",
    "[::1]:4000",
    "llm.internal",
    "LLM.Internal:8080",
    "gateway.example:443",
  ])("%s is let in", (host) => {
    expect(trusted({ host })).toBe(true);
  });
  test.each([
    "",
    "evil.example",
    "localhost.evil.example",
    "xlocalhost",
    "x.localhost",
    "localhost@evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.1@evil.example",
    "1270.0.0.1",
    "127.0.0.1:80:80",
    "localhost:80:80",
    "localhost:x",
    "[::1].evil.example",
    "[::1",
    "[::1]x",
    "::1",
    "sub.llm.internal",
    "not-llm.internal",
    "llm.internal.evil.example",
    "a",
    "gw",
  ])("%p is refused", (host) => {
    expect(trusted({ host })).toBe(false);
  });
});

describe("a proxy in between", () => {
  test.each([
    "forwarded",
    "via",
    "Via",
    "x-real-ip",
    "x-forwarded-for",
    "X-Forwarded-Host",
    "x-forwarded-proto",
    "x-forwarded-anything-new",
  ])("that says so by %s is refused, even with an empty or local value", (header) => {
    for (const value of ["127.0.0.1", "localhost", ""])
      expect(trusted({ headers: { [header]: value } })).toBe(false);
  });
  test("is refused on a unix socket too", () => {
    expect(trusted({ peer: undefined, headers: { "x-forwarded-for": "127.0.0.1" } })).toBe(false);
  });
  test.each(["x-forwarded", "forwarded-for", "x-request-id"])("is not what %s speaks of", (header) => {
    expect(trusted({ headers: { [header]: "1" } })).toBe(true);
  });
});

describe("a page", () => {
  test.each([
    ["http://localhost:4000", "localhost:4000"],
    ["https://localhost:4000", "localhost:4000"],
    ["http://127.0.0.1:4000", "127.0.0.1:4000"],
    ["http://[::1]:4000", "[::1]:4000"],
    ["http://localhost", "LOCALHOST"],
    ["https://app.example", "localhost:4000"],
  ])("of %s that asks for %s is let in", (origin, host) => {
    expect(trusted({ host, headers: { origin } })).toBe(true);
  });
  test.each([
    "https://evil.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example.evil.example",
    "http://localhost:5173",
    "http://localhost",
    "http://127.0.0.1:4000",
    "null",
    "file://",
    "",
    "chrome-extension://abc",
    "ws://localhost:4000",
    "not a url",
  ])("of %p is refused", (origin) => {
    expect(trusted({ headers: { origin } })).toBe(false);
  });
});
