// Who is let in, by which credential, and what of it goes upstream.

import { beforeEach, describe, expect, test } from "bun:test";
import { hashOf, TEST_KEY, virtualKey } from "../../support/keys.ts";
import { PlaneUnderTest, type Question, YAML } from "./plane-under-test.ts";

const OLD = virtualKey("old");
const OPEN = `${YAML}  local: { anonymous: true }\n  rotated: { hashes: [ { hash: "${hashOf(OLD)}", until: "2026-01-01" }, "${hashOf(virtualKey("new"))}" ] }\n`;
const OWN = "Bearer the-callers-own-token";

let plane: PlaneUnderTest;

beforeEach(() => {
  plane = new PlaneUnderTest(OPEN);
});

const DIRECT = "/providers/through/v1/chat/completions";

/** Outcome, and the Authorization that went upstream. */
async function led(question: Question): Promise<[string, string | undefined]> {
  const outcome = await plane.outcomeOf({ stranger: true, ...question });
  return [outcome, plane.sent[0]?.request.headers["authorization"]];
}

describe("a provider that wants the caller's own credential", () => {
  test.each<[string, Question, string, string | undefined]>([
    [
      "gets it beside a key",
      { path: DIRECT, headers: { "x-api-key": TEST_KEY, authorization: OWN } },
      "200 through/m",
      OWN,
    ],
    [
      "gets it beside a key in the query",
      { path: `${DIRECT}?key=${TEST_KEY}`, headers: { authorization: OWN } },
      "200 through/m",
      OWN,
    ],
    [
      "gets it by its model's name too",
      { body: { model: "through/m" }, headers: { "api-key": TEST_KEY, authorization: OWN } },
      "200 through/m",
      OWN,
    ],
    [
      "gets it in any scheme",
      { path: DIRECT, headers: { "x-api-key": TEST_KEY, authorization: "Basic abc" } },
      "200 through/m",
      "Basic abc",
    ],
    [
      "gets it from a caller without a key",
      { path: DIRECT, headers: { authorization: OWN } },
      "200 through/m",
      OWN,
    ],
    [
      "gets none where there is none",
      { path: DIRECT, headers: { "x-api-key": TEST_KEY } },
      "200 through/m",
      undefined,
    ],
    [
      "gets no virtual key, of the caller",
      { path: DIRECT, headers: { "x-api-key": TEST_KEY, authorization: `Bearer ${TEST_KEY}` } },
      "200 through/m",
      undefined,
    ],
    [
      "gets no virtual key, of another",
      { path: DIRECT, headers: { "x-api-key": TEST_KEY, authorization: `bearer  ${virtualKey("new")}` } },
      "200 through/m",
      undefined,
    ],
    [
      "gets no virtual key, that was rotated out",
      { path: DIRECT, headers: { "x-api-key": TEST_KEY, authorization: `Bearer ${OLD}` } },
      "200 through/m",
      undefined,
    ],
    [
      "gets no virtual key that let its caller in",
      { body: { model: "through/m" }, headers: { authorization: `Bearer ${TEST_KEY}` } },
      "200 through/m",
      undefined,
    ],
    [
      "does not let in by it elsewhere",
      { body: { model: "through/m" }, headers: { authorization: OWN } },
      "401 invalid_api_key",
      undefined,
    ],
  ])("%s", async (_, question, outcome, authorization) => {
    const body = question.path?.startsWith(DIRECT) ? { model: "m" } : undefined;
    expect(await led({ ...(body === undefined ? {} : { body }), ...question })).toEqual([
      outcome,
      authorization,
    ]);
    expect(JSON.stringify(plane.sent.map(({ request }) => [request.url, request.headers]))).not.toContain(
      "sk-postern",
    );
  });

  test("where callers need keys, does not take it for one", async () => {
    plane = new PlaneUnderTest();
    expect(await led({ path: DIRECT, headers: { authorization: `Bearer ${TEST_KEY}` } })).toEqual([
      "401 invalid_api_key",
      undefined,
    ]);
    expect(
      await led({ path: "/providers/through/v1/nope", headers: { authorization: `Bearer ${TEST_KEY}` } }),
    ).toEqual(["401 invalid_api_key", undefined]);
  });
});

describe("a caller without a key", () => {
  test.each<[string, Question, string]>([
    ["from this machine is let in", {}, "200 up/m"],
    ["on a unix socket is let in", { peer: { address: undefined } }, "200 up/m"],
    ["from elsewhere is not", { peer: { address: "192.0.2.1" } }, "401 invalid_api_key"],
    ["behind a proxy is not", { headers: { "x-forwarded-for": "127.0.0.1" } }, "401 invalid_api_key"],
    ["of a page elsewhere is not", { headers: { origin: "https://evil.example" } }, "401 invalid_api_key"],
    ["by another name for this machine is not", { headers: { host: "evil.example" } }, "401 invalid_api_key"],
    ["with a wrong key is not", { headers: { "x-api-key": "wrong" } }, "401 invalid_api_key"],
    ["with an empty key is", { headers: { "x-api-key": "" } }, "200 up/m"],
  ])("%s", async (_, question, outcome) => {
    expect(await plane.outcomeOf({ stranger: true, ...question })).toBe(outcome);
  });

  test("is let in nowhere where none is configured", async () => {
    plane = new PlaneUnderTest();
    expect(await plane.outcomeOf({ stranger: true })).toBe("401 invalid_api_key");
  });

  test("is still held to what its key may", async () => {
    plane = new PlaneUnderTest(
      `${YAML}  local: { anonymous: true, models_allowed: [fast], expires: 2026-01-01 }\n`,
    );
    expect(await plane.outcomeOf({ stranger: true })).toBe("403 key_expired");
    plane = new PlaneUnderTest(`${YAML}  local: { anonymous: true, models_allowed: [fast] }\n`);
    expect(await plane.outcomeOf({ stranger: true })).toBe("403 model_not_allowed");
    expect(await plane.outcomeOf({ stranger: true, body: { model: "fast" } })).toBe("200 up/m");
  });
});

describe("what a key may ask about itself", () => {
  test("is answered without an upstream", async () => {
    const own = await plane.ask({ method: "GET", path: "/v1/key" });
    expect(await own.json()).toEqual({
      name: "tester",
      user: null,
      workspace: null,
      models_allowed: null,
      expires: null,
      policies: [],
    });
    const list = await plane.ask({ method: "GET", path: "/v1/models" });
    expect(await list.json()).toMatchObject({
      object: "list",
      data: [{ id: "fast", object: "model", owned_by: "up" }, { id: "up/m" }, { id: "pinned/the/pin" }],
    });
    const one = await plane.ask({ method: "GET", path: "/v1/models/up/m" });
    expect(await one.json()).toEqual({
      id: "up/m",
      object: "model",
      created: expect.any(Number),
      owned_by: "up",
    });
    const other = await plane.ask({
      method: "GET",
      path: "/v1/models",
      headers: { "anthropic-version": "2023-06-01" },
    });
    expect(await other.json()).toMatchObject({
      data: [{ type: "model", id: "fast" }, {}, {}],
      has_more: false,
      first_id: "fast",
      last_id: "pinned/the/pin",
    });
    expect(plane.calls()).toHaveLength(0);
    expect(plane.closed).toHaveLength(4);
  });

  test("of one provider is that provider's own list, without what it may not use", async () => {
    const list = {
      object: "list",
      data: [{ id: "m", x: 1 }, { id: "x-1" }, { id: "x-secret" }, { id: "other" }],
    };
    plane.outcome = async (sent) => plane.reply(sent, Response.json(list));
    const answer = await plane.ask({ method: "GET", path: "/providers/up/v1/models?limit=5" });
    expect(await answer.json()).toEqual({ object: "list", data: [{ id: "m", x: 1 }, { id: "x-1" }] });
    expect(plane.sent[0]?.request.url).toBe("http://up.test/v1/models?limit=5");
  });

  test("of one provider that cannot say is what the file declares", async () => {
    plane.outcome = async () => ({ kind: "unreachable", message: "why", reached: false });
    const answer = await plane.ask({ method: "GET", path: "/providers/up/v1/models" });
    expect(await answer.json()).toMatchObject({ object: "list", data: [{ id: "m", owned_by: "up" }] });
    expect(await plane.outcomeOf({ method: "GET", path: "/providers/few/v1/models" })).toBe(
      "502 upstream_unreachable",
    );
  });

  test.each(["..%2f..%2fsecret", "%2e%2e%2fsecret", "m%2f..%2f..%2ffiles", "a%3fb", "a%23b"])(
    "one model spelled %s leads nowhere else",
    async (id) => {
      expect(await plane.outcomeOf({ method: "GET", path: `/providers/few/v1/models/${id}` })).toBe(
        "404 model_not_found",
      );
      expect(plane.sent).toHaveLength(0);
    },
  );
});
