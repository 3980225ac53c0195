// How large a head may be, from the client and from the upstream: what is too large is refused, and nothing stops.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { readReply, requestBytes } from "../support/raw-http.ts";
import { type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";

let upstream: RawUpstream;
let gateway: Gateway;
let more: readonly string[] = [];

beforeAll(async () => {
  upstream = await rawUpstream(({ connection }) => {
    const head = [
      "HTTP/1.1 200 OK",
      "content-type: application/json",
      "content-length: 2",
      "connection: close",
      ...more,
    ];
    connection.write(`${head.join("\r\n")}\r\n\r\n{}`);
    connection.end();
  });
  gateway = await startGateway(
    `providers: { up: { base_url: "${upstream.url}/v1", auth: none } }\n${TESTER}`,
  );
});
beforeEach(() => {
  more = [];
  upstream.requests.length = 0;
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

function headers(extra: readonly string[]): readonly string[] {
  return ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`, ...extra];
}

function many(count: number, size: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `x-stainless-${at}: ${"v".repeat(size)}`);
}

/** Status of a call with these headers more; "closed" where there is no answer. */
async function status(extra: readonly string[]): Promise<number | "closed"> {
  const client = await rawConnect({ port: gateway.port });
  client.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers(extra), '{"model":"up/m"}'));
  const answer = await readReply(client.stream).catch(() => undefined);
  client.destroy();
  return answer?.status ?? "closed";
}

describe("a client's head", () => {
  test.each([
    ["one header of 10 KB", many(1, 10_000)],
    ["80 small headers", many(80, 20)],
  ])("of %s passes, whole", async (_, extra) => {
    expect(await status(extra)).toBe(200);
    for (const line of extra) {
      const [name = "", value] = line.split(": ");
      expect(upstream.requests[0]?.header(name)).toBe(value);
    }
  });

  test.each([
    ["one header of 20 KB", many(1, 20_000)],
    ["headers of 1 MB in all", many(100, 10_000)],
    ["5,000 headers", many(5_000, 10)],
  ])("of %s is refused or cut off, never sent on, and others are served", async (_, extra) => {
    expect([431, 400, "closed"]).toContain(await status(extra));
    expect(upstream.requests).toHaveLength(0);
    expect(await status([])).toBe(200);
  });

  test("that never ends is not waited for for ever, and nobody else waits", async () => {
    const client = await rawConnect({ port: gateway.port });
    client.write("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-a: ");
    for (let sent = 0; sent < 64; sent++) client.write("y".repeat(16_384));
    expect(await status([])).toBe(200);
    await client.closed;
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("an upstream's head", () => {
  test.each<[string, readonly string[]]>([
    ["one header of 10 KB", ["x-request-id: short", `x-other: ${"v".repeat(10_000)}`]],
    ["80 small headers", Array.from({ length: 80 }, (_, at) => `x-other-${at}: v`)],
  ])("of %s is read", async (_, extra) => {
    more = extra;
    expect(await status([])).toBe(200);
  });

  test.each<[string, readonly string[]]>([
    ["1 MB", [`x-request-id: ${"v".repeat(1_000_000)}`]],
    ["5,000 headers", Array.from({ length: 5_000 }, (_, at) => `x-ratelimit-${at}: v`)],
  ])("of %s is an answer or a 502, and the next call is served", async (_, extra) => {
    more = extra;
    expect<unknown[]>([200, 502]).toContain(await status([]));
    more = [];
    expect(await status([])).toBe(200);
  });
});
