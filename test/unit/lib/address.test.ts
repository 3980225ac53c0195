// What kind of address a host is, in every spelling that leads to the same place.

import { describe, expect, test } from "bun:test";
import {
  compileCidrs,
  isForbiddenAddress,
  isForbiddenHost,
  isIpHost,
  isLoopbackHost,
  isPrivateHost,
  parseCidr,
} from "../../../src/lib/address.ts";

/** The host as a URL spells it: decimal, octal and hexadecimal forms become dotted ones there. */
function hostOf(host: string): string {
  return new URL(`http://${host}/`).hostname;
}

describe("a host that no request may go to", () => {
  test.each([
    "169.254.169.254",
    "169.254.0.0",
    "169.254.255.255",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "[fe80::1]",
    "[febf::1]",
    "[fd00:ec2::254]",
    "[fd00:ec2:1::]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:168.63.129.16]",
    "[::ffff:100.100.100.200]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::169.254.1.1]",
    "[2002:a9fe:a9fe::1]",
    "2852039166",
    "0xA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.254.169.254.",
    "metadata",
    "metadata.google.internal",
    "METADATA.Google.Internal.",
    "metadata.goog",
  ])("%s", (host) => {
    expect(isForbiddenHost(hostOf(host))).toBe(true);
  });

  test.each([
    "169.253.255.255",
    "169.255.0.0",
    "168.63.129.17",
    "100.100.100.201",
    "127.0.0.1",
    "10.0.0.1",
    "[::1]",
    "[fec0::1]",
    "[fd00::1]",
    "[::ffff:10.0.0.1]",
    "[2001:db8::a9fe:a9fe]",
    "[2002:a9ff::1]",
    "[64:ff9b::808:808]",
    "metadata.example",
    "my-metadata.google.internal",
    "api.openai.com",
    "localhost",
  ])("is not %s", (host) => {
    expect(isForbiddenHost(hostOf(host))).toBe(false);
  });

  test.each(["fe80::1%eth0", "fe80::1%2", "169.254.169.254", "::ffff:169.254.169.254"])(
    "as a resolved address: %s",
    (ip) => {
      expect(isForbiddenAddress(ip)).toBe(true);
    },
  );

  test("a name is no resolved address", () => {
    expect(isForbiddenAddress("metadata")).toBe(false);
  });
});

describe("this machine", () => {
  test.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "[::1]",
  ])("is %s", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });
  test.each(["[::ffff:127.0.0.1]", "::ffff:127.0.0.1", "::ffff:7f00:1"])("is %s, mapped", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });
  test.each([
    "",
    "128.0.0.1",
    "0.0.0.0",
    "::",
    "::2",
    "localhost.evil.example",
    "xlocalhost",
    "127.0.0.1.nip.io",
    "::ffff:128.0.0.1",
  ])("is not %p", (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe("a private host", () => {
  test.each([
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "127.0.0.1",
    "0.0.0.0",
    "198.18.0.1",
    "[fd12::1]",
    "[::]",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:172.16.0.1]",
    "vllm",
    "Printer.LOCAL",
    "db.internal",
    "vllm.models.svc",
    "vllm.models.svc.cluster.local",
    "nas.home.arpa",
    "x.lan",
  ])("is %s", (host) => {
    expect(isPrivateHost(host)).toBe(true);
  });
  test.each([
    "8.8.8.8",
    "172.32.0.1",
    "172.15.0.1",
    "192.169.0.1",
    "100.128.0.1",
    "[2606:4700::1]",
    "[::ffff:8.8.8.8]",
    "api.openai.com",
    "local.example",
    "internal.example.com",
  ])("is not %s", (host) => {
    expect(isPrivateHost(host)).toBe(false);
  });
});

test.each([
  ["127.0.0.1", true],
  ["[::1]", true],
  ["::1", true],
  ["localhost", false],
  ["1270.0.0.1", false],
  ["127.1", false],
  ["[127.0.0.1", false],
  ["", false],
])("%p is an IP address: %p", (host, expected) => {
  expect(isIpHost(host)).toBe(expected);
});

test.each<[string, unknown]>([
  ["10.0.0.0/8", { address: "10.0.0.0", prefix: 8, kind: "ipv4" }],
  ["::1/128", { address: "::1", prefix: 128, kind: "ipv6" }],
  ["10.0.0.1", { address: "10.0.0.1", prefix: 32, kind: "ipv4" }],
  ["::1", { address: "::1", prefix: 128, kind: "ipv6" }],
  ["0.0.0.0/0", { address: "0.0.0.0", prefix: 0, kind: "ipv4" }],
  ["10.0.0.0/33", undefined],
  ["::/129", undefined],
  ["10.0.0.0/", undefined],
  ["10.0.0.0/-1", undefined],
  ["10.0.0.0/8/8", undefined],
  ["10.0.0/8", undefined],
  ["host/8", undefined],
  ["", undefined],
])("%p as a network is %j", (text, expected) => {
  expect(parseCidr(text)).toEqual(expected as ReturnType<typeof parseCidr>);
});

describe("a list of networks", () => {
  const isIn = compileCidrs(["10.0.0.0/8", "fd00::/8", "nonsense", "192.0.2.7"]);
  test.each([
    ["10.255.0.1", true],
    ["::ffff:10.0.0.1", true],
    ["fd00::1", true],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["11.0.0.1", false],
    ["fe80::1", false],
    ["nonsense", false],
    ["", false],
  ])("has %s: %p", (ip, expected) => {
    expect(isIn(ip)).toBe(expected);
  });
  test("that is empty has nothing", () => {
    expect(compileCidrs([])("127.0.0.1")).toBe(false);
  });
});
