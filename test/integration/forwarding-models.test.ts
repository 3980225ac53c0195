// GET /v1/models and its kin: what a key can call, in the shape its client expects.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { hashOf, TEST_KEY, virtualKey } from "../support/keys.ts";
import { fakeUpstream } from "../support/upstream.ts";

const NARROW = virtualKey("narrow");
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway(`
organization: { name: acme, models_allowed: ["*", "!up/secret"] }
providers:
  up: { base_url: "http://127.0.0.1:9/v1", auth: none, models: [m, vendor/m-1, secret, "family-*", "!family-x"] }
  other: { base_url: "http://127.0.0.1:9/v1", auth: none, models: [a] }
models: { fast: up/m, hidden: up/secret }
workspaces: { research: {} }
keys:
  wide: { hash: "${hashOf(TEST_KEY)}", workspace: research, user: alice@acme.com, expires: 2099-01-31 }
  narrow:
    hash: "${hashOf(NARROW)}"
    models_allowed: [fast, "other/*"]
    aliases: { gpt-4o: fast }
`);
});
afterAll(async () => {
  await gateway?.stop();
});

async function get(path: string, key = TEST_KEY, headers: Record<string, string> = {}): Promise<Response> {
  return await gateway.fetch(path, { headers: { authorization: `Bearer ${key}`, ...headers } });
}

interface ModelList {
  readonly data: readonly { readonly id: string }[];
}

async function ids(path: string, key = TEST_KEY, to = gateway): Promise<string[]> {
  const answer = await to.fetch(path, { headers: { authorization: `Bearer ${key}` } });
  const list = (await answer.json()) as ModelList;
  return list.data.map((model) => model.id).sort();
}

describe("the list of models", () => {
  test("has public names as they are and declared models with their provider, each once", async () => {
    expect(await ids("/v1/models")).toEqual(["fast", "other/a", "up/m", "up/vendor/m-1"]);
  });

  test("has only what the key may call, and the key's own aliases", async () => {
    expect(await ids("/v1/models", NARROW)).toEqual(["fast", "gpt-4o", "other/a"]);
  });

  test("has the OpenAI shape", async () => {
    const answer = await get("/v1/models");
    expect(answer.headers.get("content-type")).toStartWith("application/json");
    const list = (await answer.json()) as ModelList & { object: string };
    expect(list.object).toBe("list");
    for (const model of list.data) {
      expect<unknown>(model).toEqual({
        id: expect.any(String),
        object: "model",
        created: expect.any(Number),
        owned_by: expect.any(String),
      });
    }
  });

  test("has the Anthropic shape for a client that sends anthropic-version", async () => {
    const answer = await get("/v1/models", TEST_KEY, { "anthropic-version": "2023-06-01" });
    const { data, ...page } = (await answer.json()) as ModelList;
    expect(page).toMatchObject({
      has_more: false,
      first_id: data[0]?.id ?? "none",
      last_id: data.at(-1)?.id ?? "none",
    });
    expect(data.find(({ id }) => id === "fast")).toMatchObject({
      type: "model",
      display_name: expect.any(String),
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});

test("the list of one provider has that provider's own ids, filtered likewise", async () => {
  const data = ["m-1", "m-2", "secret", "other"].map((id) => ({
    id,
    object: "model",
    created: 1,
    owned_by: "x",
  }));
  const upstream = fakeUpstream(() => Response.json({ object: "list", data }));
  const own = await startGateway(`
organization: { name: acme, models_allowed: ["*", "!up/secret"] }
providers: { up: { base_url: "${upstream.url}/v1", auth: none, models: ["m-*", secret] } }
keys:
  wide: { hash: "${hashOf(TEST_KEY)}" }
  narrow: { hash: "${hashOf(NARROW)}", models_allowed: [up/m-2] }
`);
  for (const path of ["/providers/up/v1/models", "/providers/up/models/"]) {
    expect(await ids(path, TEST_KEY, own)).toEqual(["m-1", "m-2"]);
    expect(await ids(path, NARROW, own)).toEqual(["m-2"]);
  }
  expect(upstream.requests[0]).toMatchObject({ method: "GET", target: "/v1/models" });
  await own.stop();
  await upstream.stop();
});

describe("one model", () => {
  test.each(["fast", "up/m", "up/vendor/m-1", "up%2Fvendor%2Fm-1", "up/vendor%2fm-1"])(
    "%s is found",
    async (id) => {
      const answer = await get(`/v1/models/${id}`);
      expect([answer.status, await answer.json()]).toMatchObject([
        200,
        { id: decodeURIComponent(id), object: "model" },
      ]);
    },
  );

  test.each(["nope", "up/secret", "hidden", "up/nope/x"])("%s is a 404", async (id) => {
    const answer = await get(`/v1/models/${id}`);
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([404, "model_not_found"]);
  });

  test("one that another key may call is a 404 for this one", async () => {
    expect((await get("/v1/models/up/m", NARROW)).status).toBe(404);
    expect((await get("/v1/models/gpt-4o", NARROW)).status).toBe(200);
    expect((await get("/v1/models/gpt-4o")).status).toBe(404);
  });
});

test("a key can ask about itself, and is told no secret", async () => {
  const answer = await get("/v1/key");
  const text = await answer.text();
  expect([answer.status, JSON.parse(text)]).toMatchObject([200, { name: "wide", workspace: "research" }]);
  expect(text).toContain("2099-0");
  expect(text).not.toContain(TEST_KEY);
  expect(text).not.toContain(hashOf(TEST_KEY).slice(7));
});
