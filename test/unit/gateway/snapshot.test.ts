// A configuration compiled: server settings in bytes and milliseconds, who is trusted, what is secret.

import { describe, expect, test } from "bun:test";
import { LOADED_AT_MS, snapshotOf } from "../../support/snapshots.ts";

describe("server settings", () => {
  test("have their defaults in bytes and milliseconds", () => {
    const { trust, clientIp, ...plain } = snapshotOf("{}").server;
    expect(plain).toEqual({
      basePath: "",
      maxBodyBytes: 32 * 2 ** 20,
      maxBufferedBytes: 512 * 2 ** 20,
      maxConnections: 16_384,
      bodyTimeoutMs: 60_000,
      keepaliveMs: 15_000,
      drainMs: 30_000,
      drainDelayMs: 0,
    });
    expect([trust.hosts.size, trust.origins.size]).toEqual([0, 0]);
    expect(clientIp(new Headers({ "x-forwarded-for": "1.1.1.1" }), { address: "127.0.0.1" })).toBe(
      "127.0.0.1",
    );
  });

  test("are what the file says", () => {
    const { server } = snapshotOf(`
server:
  base_path: /gateway
  max_body: 64KiB
  max_buffered: 1MiB
  max_connections: 7
  body_timeout: 400ms
  keepalive: 0
  drain: 2m
  drain_delay: 1500ms
  hosts: [LLM.Internal]
  cors: [https://app.example]
  trusted_proxies: [10.0.0.0/8]
`);
    expect(server).toMatchObject({
      basePath: "/gateway",
      maxBodyBytes: 65_536,
      maxBufferedBytes: 2 ** 20,
      maxConnections: 7,
      bodyTimeoutMs: 400,
      keepaliveMs: 0,
      drainMs: 120_000,
      drainDelayMs: 1_500,
    });
    expect([...server.trust.hosts, ...server.trust.origins]).toEqual(["llm.internal", "https://app.example"]);
    expect(server.clientIp(new Headers({ "x-forwarded-for": "1.1.1.1" }), { address: "10.0.0.1" })).toBe(
      "1.1.1.1",
    );
  });
});

test("models are as old as the configuration, in whole seconds", () => {
  expect(snapshotOf("{}").loadedAtSeconds).toBe(Math.floor(LOADED_AT_MS / 1000));
});

describe("secrets of the configuration", () => {
  const { scrub } = snapshotOf(
    `
providers:
  one: { base_url: "http://h", api_key: "\${ONE}" }
  two: { base_url: "http://h", api_key: "\${ONE}-and-more" }
  three: { base_url: "http://h", api_key: short, headers: { X-Team: research, X-Secret-Token: header-secret-1, Authorization: "Bearer header-secret-2" } }
keys:
  configured: { secret: "a-key-of-my-own-choosing-0123456789" }
  hashed: { hash: "sha256:${"0".repeat(64)}" }
admin: { key: "an-admin-key-of-more-than-32-characters" }
`,
    { ONE: "credential-number-one" },
  );

  test.each([
    ["credential-number-one", "[secret]"],
    ["credential-number-one-and-more", "[secret]"],
    ["a-key-of-my-own-choosing-0123456789", "[secret]"],
    ["an-admin-key-of-more-than-32-characters", "[secret]"],
    ["header-secret-1", "[secret]"],
    ["header-secret-2", "[secret]"],
    ["xcredential-number-onex, credential-number-one", "x[secret]x, [secret]"],
    ["credential-number-on", "credential-number-on"],
    ["short", "short"],
    ["research", "research"],
  ])("%s is shown as %s", (text, shown) => {
    expect(scrub(text)).toBe(shown);
  });

  test("are looked for at no cost where there are none", () => {
    const text = "x".repeat(10);
    expect(snapshotOf("{}").scrub(text)).toBe(text);
  });
});
