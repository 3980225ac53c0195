// GET /v1/models: exactly what this key can call now, in the shape of the client's format.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, get, idsOf, keySection, outcome, verdictOf, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const base_url = `${upstream.url}/v1`;
  gateway = await startGateway(
    yamlOf({
      organization: { name: "acme", models_allowed: ["!*/never"] },
      providers: {
        vllm: { base_url },
        listed: { base_url, models: ["m1", "org/m2", "glob-*", "!glob-secret", "never", "m1"] },
        refusing: { base_url, models: ["kept", "*", "!kept"] },
        openai: { base_url, models: ["gpt-5.4-mini"] },
        "chat-only": { base_url, models: ["c"], endpoints: ["chat"] },
        模型: { base_url, models: ["量"] },
      },
      models: {
        fast: "listed/m1",
        roomy: "vllm/anything",
        "no-credential": "openai/gpt-5.4-mini",
        "no-permission": "listed/never",
        "not-listed": "listed/unlisted",
      },
      keys: keySection({
        all: {},
        aliased: {
          aliases: { "gpt-4o": "fast", mine: "vllm/x", fast: "listed/org/m2", shut: "listed/never" },
        },
        narrow: { models_allowed: ["listed/*", "!listed/m1"] },
        public: { models_allowed: ["fast"] },
        provider: { providers_allowed: ["vllm", "chat-only"] },
        none: { models_allowed: [] },
        gone: { expires: "2020-01-01" },
      }),
    }),
  );
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

describe("GET /v1/models", () => {
  test.each([
    ["all", ["fast", "roomy", "listed/m1", "listed/org/m2", "chat-only/c", "模型/量"]],
    ["aliased", ["gpt-4o", "mine", "fast", "roomy", "listed/m1", "listed/org/m2", "chat-only/c", "模型/量"]],
    ["narrow", ["listed/org/m2"]],
    ["public", ["fast"]],
    ["provider", ["roomy", "chat-only/c"]],
    ["none", []],
  ])("lists for the key %s what it can call, each once", async (as, expected) => {
    const answer = await get(gateway, "/v1/models", as);
    expect(answer.status).toBe(200);
    expect(idsOf(answer).sort()).toEqual([...expected].sort());
  });

  test("whatever is listed can be called, and what is not listed of the same names cannot", async () => {
    for (const as of ["all", "aliased", "narrow", "public", "provider"]) {
      const listed = idsOf(await get(gateway, "/v1/models", as));
      for (const model of listed) expect((await ask(gateway, { as, model })).status).toBe(200);
    }
  });

  test("is refused with an expired key", async () => {
    expect(outcome(await get(gateway, "/v1/models", "gone"))).toBe("403 key_expired");
  });

  test("has OpenAI's shape", async () => {
    const list = (await get(gateway, "/v1/models", "public")).json();
    expect(list).toEqual({
      object: "list",
      data: [{ id: "fast", object: "model", created: expect.any(Number), owned_by: expect.any(String) }],
    });
  });

  test("has Anthropic's shape for a client that sends anthropic-version", async () => {
    const list = await ask(gateway, {
      method: "GET",
      path: "/v1/models",
      as: "narrow",
      headers: { "anthropic-version": "2023-06-01" },
    });
    expect(list.json()).toEqual({
      data: [
        {
          type: "model",
          id: "listed/org/m2",
          display_name: expect.any(String),
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
        },
      ],
      has_more: false,
      first_id: "listed/org/m2",
      last_id: "listed/org/m2",
    });
  });

  test("has an Anthropic shape when it is empty, too", async () => {
    const headers = { "anthropic-version": "2023-06-01" };
    const list = await ask(gateway, { method: "GET", path: "/v1/models", as: "none", headers });
    expect(list.json()).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
  });
});

describe("GET /v1/models/{id}", () => {
  test.each([
    ["/v1/models/fast", "fast"],
    ["/v1/models/listed/m1", "listed/m1"],
    ["/v1/models/listed/org/m2", "listed/org/m2"],
    ["/v1/models/listed%2Forg%2Fm2", "listed/org/m2"],
    ["/v1/models/listed/org%2Fm2", "listed/org/m2"],
    [`/v1/models/${encodeURIComponent("模型/量")}`, "模型/量"],
    ["/v1/models/fast/", "fast"],
  ])("%s is %s", async (path, id) => {
    const answer = await get(gateway, path, "all");
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      id,
      object: "model",
      created: expect.any(Number),
      owned_by: expect.any(String),
    });
  });

  test.each([
    ["all", "nothing"],
    ["all", "listed/never"],
    ["all", "no-permission"],
    ["all", "listed/glob-secret"],
    ["all", "openai/gpt-5.4-mini"],
    ["all", "gpt-4o"],
    ["narrow", "listed/m1"],
    ["narrow", "fast"],
    ["none", "fast"],
    ["all", "__proto__"],
  ])("the key %s is told 404 about %s", async (as, id) => {
    expect(outcome(await get(gateway, `/v1/models/${id}`, as))).toBe("404 model_not_found");
  });

  test("a key's alias is a model to that key", async () => {
    expect((await get(gateway, "/v1/models/gpt-4o", "aliased")).json()).toMatchObject({ id: "gpt-4o" });
  });

  test("has Anthropic's shape, errors too, for a client that sends anthropic-version", async () => {
    const headers = { "anthropic-version": "2023-06-01" };
    const found = await ask(gateway, { method: "GET", path: "/v1/models/fast", as: "all", headers });
    expect(found.json()).toMatchObject({ type: "model", id: "fast" });
    const missing = await ask(gateway, { method: "GET", path: "/v1/models/nothing", as: "all", headers });
    expect(missing.json()).toMatchObject({
      type: "error",
      error: { type: "not_found_error", details: { error_code: "model_not_found" } },
      request_id: missing.headers.get("x-postern-request-id"),
    });
  });
});

describe("GET /providers/{name}/v1/models", () => {
  const upstreamList = {
    object: "list",
    data: ["m1", "org/m2", "glob-x", "glob-secret", "other", "never"].map((id) => ({
      id,
      object: "model",
      created: 1,
      owned_by: "them",
      max_model_len: 32_768,
    })),
  };

  async function idsAt(path: string, as: string): Promise<string[]> {
    upstream.answer(() => Response.json(upstreamList));
    const answer = await get(gateway, path, as);
    expect([path, answer.status]).toEqual([path, 200]);
    return idsOf(answer).sort();
  }

  test.each([
    ["/providers/listed/v1/models", "all", ["glob-x", "m1", "org/m2"]],
    ["/providers/listed/models", "all", ["glob-x", "m1", "org/m2"]],
    ["/providers/listed/v1/models", "narrow", ["glob-x", "org/m2"]],
    ["/providers/vllm/v1/models", "all", ["glob-secret", "glob-x", "m1", "org/m2", "other"]],
    ["/providers/vllm/v1/models", "narrow", []],
  ])("%s lists for the key %s the upstream's own ids that it may call", async (path, as, expected) => {
    expect(await idsAt(path, as)).toEqual(expected);
  });

  test("hands on what the upstream says of a model", async () => {
    upstream.answer(() => Response.json(upstreamList));
    const { data } = (await get(gateway, "/providers/vllm/v1/models", "all")).json() as { data: unknown[] };
    expect(data).toContainEqual(upstreamList.data[0]);
  });

  test("goes upstream with its query, minus credentials", async () => {
    upstream.answer(() => Response.json(upstreamList));
    const answer = await gateway.fetch(`/providers/vllm/v1/models?limit=5&key=${virtualKey("all")}`);
    expect((await verdictOf(answer)).status).toBe(200);
    expect(upstream.requests.map(({ method, target }) => [method, target])).toEqual([
      ["GET", "/v1/models?limit=5"],
    ]);
  });

  test("shows nothing, and asks nobody, where the key may not call the provider", async () => {
    const answer = await get(gateway, "/providers/listed/v1/models", "provider");
    if (answer.status === 200) expect(idsOf(answer)).toEqual([]);
    else expect(outcome(answer)).toBe("403 provider_not_allowed");
    expect(upstream.requests).toHaveLength(0);
  });
});
