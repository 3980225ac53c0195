// Where Postern itself may be sent: not in circles, not to a cloud's metadata service, not where a request says.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let gateway: Gateway;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway({
    env: { TEST_KEY },
    yaml: `
providers:
  loop: { base_url: "http://127.0.0.1:\${PORT}/v1", api_key: "\${TEST_KEY}" }
  round: { base_url: "http://localhost:\${PORT}/providers/round/v1", api_key: "\${TEST_KEY}", model: x }
  up: { base_url: "${upstream.url}/v1", auth: none }
${TESTER}`,
  });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

describe("a request that comes back to the gateway it left", () => {
  test.each(["loop/loop/x", "loop/loop/loop/loop/x", "loop/up/m", "round/x"])(
    "(%s) is a 508",
    async (model) => {
      for (const stream of [false, true]) {
        const answer = await gateway.post("/v1/chat/completions", { model, stream });
        expect(answer.status).toBe(508);
        expect(await answer.json()).toMatchObject({ error: { code: "loop_detected" } });
      }
      expect(upstream.requests).toHaveLength(0);
    },
  );

  test("a caller cannot have its request taken for a loop, or lift the mark", async () => {
    const mark = { "x-postern-hop": "x", "x-postern-request-id": "abcdefgh", via: "1.1 postern" };
    expect((await gateway.post("/v1/chat/completions", { model: "up/m" }, mark)).status).toBe(200);
    expect((await gateway.post("/v1/chat/completions", { model: "loop/up/m" }, mark)).status).toBe(508);
  });
});

const FORBIDDEN = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.1.1",
  "[fe80::1]",
  "[fd00:ec2::254]",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[64:ff9b::a9fe:a9fe]",
  "2852039166",
  "0xA9FEA9FE",
  "0251.0376.0251.0376",
  "169.254.43518",
  "100.100.100.200",
  "168.63.129.16",
];

describe("a link-local or metadata address", () => {
  test.each(FORBIDDEN)("%s is refused, at the start or when called, without a connection", async (host) => {
    // Only an address that is looked at fails at once: a connection to it would hang or be refused by the network.
    const started = await startGateway(
      `providers: { bad: { base_url: "http://${host}/v1", auth: none, timeouts: { connect: 8s } } }\n${TESTER}`,
    ).catch((error: unknown) => String(error));
    if (typeof started === "string") {
      expect(started).toMatch(/exited with 1[\s\S]*base_url/);
      return;
    }
    try {
      const answer = await started.post("/v1/chat/completions", { model: "bad/m" });
      const text = await answer.text();
      expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([502, "upstream_unreachable"]);
      expect(text).toMatch(/link-local|metadata/i);
    } finally {
      await started.stop();
    }
  });
});

describe("no part of an upstream's origin comes from a request", () => {
  test.each([
    ["/v1/chat/completions", { host: "evil.example" }],
    [
      "/v1/chat/completions",
      { "x-forwarded-host": "evil.example", "x-original-url": "http://evil.example/" },
    ],
    ["/providers/up/v1/chat/completions?base_url=http://evil.example", {}],
    [
      "/v1/chat/completions",
      { "x-base-url": "http://evil.example", "x-portkey-custom-host": "http://evil.example" },
    ],
    [
      "/v1/chat/completions",
      { "helicone-target-url": "http://evil.example", "openai-base-url": "http://evil.example" },
    ],
  ])("(%s %j)", async (path, headers) => {
    upstream.reset();
    const model = path.startsWith("/providers") ? "m" : "up/m";
    const answer = await gateway.post(
      path,
      { model, api_base: "http://evil.example", base_url: "http://evil.example" },
      headers as Record<string, string>,
    );
    expect(answer.status).toBe(200);
    expect(upstream.requests[0]?.headers["host"]).toBe(`127.0.0.1:${upstream.port}`);
  });
});
