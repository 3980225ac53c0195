// One request from its head to its answer: what is checked in which order, what every answer carries, what is left over.

import { beforeEach, describe, expect, test } from "bun:test";
import { TEST_KEY } from "../../support/keys.ts";
import { NOTHING_LEFT, PlaneUnderTest, type Question, YAML } from "./plane-under-test.ts";

let plane: PlaneUnderTest;

beforeEach(() => {
  plane = new PlaneUnderTest();
});

describe("a call", () => {
  test.each<[Question, string, string, string]>([
    [{}, "200 up/m", "http://up.test/v1/chat/completions", '{"model":"m"}'],
    [{ body: { model: "fast" } }, "200 up/m", "http://up.test/v1/chat/completions", '{"model":"m"}'],
    [
      { path: "/models/fast/v1/embeddings", body: { model: 7 } },
      "200 up/m",
      "http://up.test/v1/embeddings",
      '{"model":"m"}',
    ],
    [
      { path: "/providers/up/responses/?a=1&b=%20", body: { model: "m" } },
      "200 up/m",
      "http://up.test/v1/responses?a=1&b=%20",
      '{"model":"m"}',
    ],
    [
      { path: "/providers/few/v1/chat/completions", body: {} },
      "200 few",
      "http://few.test/v1/chat/completions",
      "{}",
    ],
    [
      { path: "/providers/pinned/v1/completions", body: {} },
      "200 pinned/the/pin",
      "http://pinned.test/v1/completions",
      '{"model":"the/pin"}',
    ],
    [
      { body: { model: "pinned/x" } },
      "200 pinned/the/pin",
      "http://pinned.test/v1/chat/completions",
      '{"model":"the/pin"}',
    ],
  ])("%j leads to its target", async (question, outcome, url, body) => {
    expect(await plane.outcomeOf(question)).toBe(outcome);
    const [sent] = plane.sent;
    expect([sent?.request.url, Buffer.from(sent?.request.body ?? []).toString()]).toEqual([url, body]);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("is answered with what Postern adds, and logged as one line", async () => {
    const { headers } = await plane.ask();
    const own = [...headers].filter(([name]) => name.startsWith("x-postern-"));
    expect(Object.fromEntries(own)).toEqual({
      "x-postern-request-id": "generated-0",
      "x-postern-model": "up/m",
      "x-postern-attempts": "1",
      "x-postern-cost-usd": "0",
      "x-postern-overhead-ms": "0.00",
      "x-postern-prompt-cache": "miss",
    });
    expect(plane.log.lines).toHaveLength(1);
    expect(plane.log.lines[0]).toMatchObject({
      level: "info",
      message: "request",
      fields: {
        request_id: "generated-0",
        endpoint: "chat",
        key: "tester",
        target: "up/m",
        status: 200,
        ended: "completed",
        client_ip: "127.0.0.1",
      },
    });
  });

  test.each([
    ["abcdefgh", true],
    ["A.b_c-9876543210", true],
    ["x".repeat(128), true],
    ["short", false],
    ["x".repeat(129), false],
    ["has space1", false],
    ["semi;colon", false],
    ["a,b,c,d,e,f", false],
  ])("keeps the id %s of the client: %p", async (id, kept) => {
    const { headers } = await plane.ask({ headers: { "x-postern-request-id": id } });
    expect(headers.get("x-postern-request-id")).toBe(kept ? id : "generated-0");
  });

  test.each([
    ["größe 😀", "few/gr%C3%B6%C3%9Fe%20%F0%9F%98%80"],
    ["a%b", "few/a%b"],
    ["a\nb", "few/a%0Ab"],
  ])("to a model with the odd name %j names it in ASCII", async (model, shown) => {
    const response = await plane.ask({ path: "/providers/few/chat/completions", body: { model } });
    expect([response.status, response.headers.get("x-postern-model")]).toEqual([200, shown]);
  });

  test("to a model whose name goes on for ever does not put all of it into the head", async () => {
    const response = await plane.ask({ body: { model: `few/${"x".repeat(100_000)}` } });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-postern-model")?.length).toBeLessThan(4_000);
  });
});

/** Each question is at fault in everything that comes later too. */
const ORDER: readonly (readonly [string, Question])[] = [
  ["508 loop_detected", { headers: { "x-postern-hop": "instance-1", authorization: "Bearer no" } }],
  ["401 invalid_api_key", { headers: { authorization: "Bearer no" }, path: "/v1/nope" }],
  ["401 invalid_api_key", { stranger: true, path: "/providers/nope/v1/nope" }],
  ["404 provider_not_found", { path: "/providers/nope/v1/nope" }],
  ["404 not_found", { path: "/v1/nope", method: "PUT", body: "no json" }],
  ["405 method_not_allowed", { path: "/v1/embeddings", method: "PUT", body: "no json" }],
  ["426 upgrade_required", { path: "/v1/responses", method: "GET", headers: { upgrade: "WebSocket" } }],
  [
    "501 unsupported_endpoint",
    { path: "/providers/few/v1/embeddings", body: "no json", headers: { "content-type": "text/plain" } },
  ],
  ["501 unsupported_endpoint", { path: "/providers/few/v1/nope", body: "no json" }],
  ["413 body_too_large", { headers: { "content-length": "999999999", "content-type": "text/plain" } }],
  [
    "415 unsupported_media_type",
    { headers: { "content-type": "text/plain", "content-encoding": "foo" }, body: "no json" },
  ],
  ["415 unsupported_encoding", { headers: { "content-encoding": "foo" }, body: "no json" }],
  ["400 invalid_request", { body: "no json" }],
  ["400 invalid_request", { body: {} }],
  ["404 model_not_found", { body: { model: "nope" } }],
  ["403 model_not_allowed", { path: "/v1/messages/count_tokens", body: { model: "up/x-secret" } }],
  ["501 unsupported_endpoint", { path: "/v1/messages", body: { model: "openai/gpt" } }],
  ["424 missing_credential", { body: { model: "openai/gpt" } }],
];

describe("of several faults the first in order is told", () => {
  test.each(ORDER)("%s", async (expected, question) => {
    expect(await plane.outcomeOf(question)).toBe(expected);
    expect(plane.calls()).toHaveLength(0);
    expect(plane.closed).toHaveLength(1);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

describe("a refusal", () => {
  test("takes the envelope of the client, on every path of its own", async () => {
    for (const path of [
      "/v1/messages",
      "/v1/messages/count_tokens",
      "/v1/messages/nope",
      "/providers/few/messages",
    ]) {
      const response = await plane.ask({ path, body: "no json" });
      expect([path, await response.json()]).toMatchObject([
        path,
        { type: "error", request_id: response.headers.get("x-postern-request-id") },
      ]);
    }
    const models = await plane.ask({
      method: "GET",
      path: "/v1/models/nope",
      headers: { "anthropic-version": "2023-06-01" },
    });
    expect(await models.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
    expect(await (await plane.ask({ body: "no json" })).json()).toMatchObject({
      error: { code: "invalid_request" },
    });
  });

  test("never repeats a key", async () => {
    const response = await plane.ask({
      headers: { "x-api-key": "sk-unknown-key" },
      path: "/v1/chat/completions?key=other",
    });
    expect(await response.text()).not.toMatch(/sk-unknown-key|other/);
    expect(JSON.stringify(plane.log.lines)).not.toMatch(/sk-unknown-key|other/);
  });

  test("for want of a credential names what to set", async () => {
    expect(await (await plane.ask({ body: { model: "unpaid" } })).json()).toMatchObject({
      error: { message: expect.stringContaining("OPENAI_API_KEY") },
    });
  });
});

describe("more at once than fit", () => {
  test("are refused, and counted only as long as they run", async () => {
    plane = new PlaneUnderTest(`server: { max_connections: 2 }\n${YAML}`);
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let next = 0;
    plane.outcome = async (sent) => {
      await gates[next++]?.promise;
      return plane.reply(sent, Response.json({}));
    };
    const inside = [plane.outcomeOf({}), plane.outcomeOf({})];
    await Bun.sleep(0);
    const refused = await plane.ask();
    expect([
      refused.status,
      refused.headers.get("x-postern-code"),
      refused.headers.get("retry-after"),
    ]).toEqual([503, "overloaded", "1"]);
    expect(plane.state.inFlight.value).toBe(2);
    for (const { resolve } of gates) resolve();
    expect(await Promise.all(inside)).toEqual(["200 up/m", "200 up/m"]);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
    expect(plane.closed).toHaveLength(3);
  });

  test("in bytes too", async () => {
    plane = new PlaneUnderTest(`server: { max_buffered: 1KiB }\n${YAML}`);
    const body = JSON.stringify({ model: "up/m" }).padEnd(2_000, " ");
    expect(await plane.outcomeOf({ body })).toBe("503 overloaded");
    expect(await plane.outcomeOf({})).toBe("200 up/m");
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

describe("a gateway that is stopping", () => {
  test("still serves, then refuses and closes the connection", async () => {
    plane.state.phase = "stopping";
    expect(await plane.outcomeOf({})).toBe("200 up/m");
    plane.state.phase = "closed";
    const refused = await plane.ask();
    expect([refused.status, refused.headers.get("connection"), refused.headers.get("retry-after")]).toEqual([
      503,
      "close",
      "1",
    ]);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

test("a fault of ours is a 500 that tells nothing, and a log line that tells all", async () => {
  const scrub = (): string => {
    throw new RangeError("boom at /secret/path");
  };
  plane.snapshot = { ...plane.snapshot, scrub };
  const response = await plane.ask();
  const text = await response.text();
  expect([response.status, response.headers.get("x-postern-code")]).toEqual([500, "internal"]);
  expect(text).not.toContain("boom");
  expect(plane.log.lines.map(({ level }) => level)).toEqual(["error", "info"]);
  expect(plane.log.lines[0]?.fields).toMatchObject({
    request_id: "generated-0",
    err: new RangeError("boom at /secret/path"),
  });
  expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  expect(text).not.toContain(TEST_KEY);
});
