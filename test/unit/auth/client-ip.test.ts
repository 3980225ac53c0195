// The address a request is recorded under: the peer's own, unless the peer is a proxy that is believed.

import { describe, expect, test } from "bun:test";
import { clientIp } from "../../../src/auth/client-ip.ts";
import { compileCidrs } from "../../../src/lib/address.ts";

const isProxy = compileCidrs(["10.0.0.0/8", "fd00::/8"]);

function ip(peer: string | undefined, forwarded?: string): string | undefined {
  const headers = new Headers(forwarded === undefined ? {} : { "x-forwarded-for": forwarded });
  return clientIp(headers, { address: peer }, isProxy);
}

describe("the client's address", () => {
  test.each<[string | undefined, string | undefined, string | undefined]>([
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["192.0.2.1", "8.8.8.8", "192.0.2.1"],
    ["10.0.0.1", undefined, "10.0.0.1"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"],
    ["10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"],
    ["10.0.0.1", "1.1.1.1,203.0.113.9 ,10.0.0.2,  10.0.0.3", "203.0.113.9"],
    ["10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"],
    ["10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"],
    ["10.0.0.1", "203.0.113.9, <script>, 10.0.0.2", "10.0.0.2"],
    ["10.0.0.1", "203.0.113.9:1234", "10.0.0.1"],
    ["fd00::1", "2001:db8::7", "2001:db8::7"],
    ["::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    [undefined, "203.0.113.9", undefined],
  ])("of peer %p with X-Forwarded-For %p is %p", (peer, forwarded, expected) => {
    expect(ip(peer, forwarded)).toBe(expected as string);
  });
});
