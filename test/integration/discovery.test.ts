// Models that only their provider knows: found by bare id, listed, asked for once, and never in the way of others.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ask, get, idsOf, keySection, outcome, yamlOf } from "../support/callers.ts";
import { until } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { asksFor, listing } from "../support/listing-upstream.ts";
import { replaceFile } from "../support/live-config.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

/** Which model went upstream last. */
function called(upstream: FakeUpstream): unknown {
  return upstream.requests.findLast(({ method }) => method === "POST")?.json()["model"];
}

let one: FakeUpstream;
let two: FakeUpstream;
let running: Gateway[];

beforeAll(() => {
  one = fakeUpstream();
  two = fakeUpstream();
});

beforeEach(() => {
  one.reset();
  two.reset();
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((gateway) => gateway.stop()));
});

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
});

const KEYS = keySection({
  all: {},
  narrow: { models_allowed: ["one/*", "!one/secret"] },
  "two-only": { providers_allowed: ["two"] },
});

type Settings = Record<string, unknown>;

function configOf(providers: Settings, more: Settings = {}): string {
  return yamlOf({ providers, models: { fast: "one/a" }, keys: KEYS, ...more });
}

async function start(providers: Settings, more: Settings = {}): Promise<Gateway> {
  const gateway = await startGateway(configOf(providers, more));
  running.push(gateway);
  return gateway;
}

function both(): Settings {
  return { one: { base_url: one.url }, two: { base_url: two.url } };
}

describe("a bare id", () => {
  test("goes to the one provider that has it", async () => {
    one.answer(listing("a", "org/deep", "both"));
    two.answer(listing("b", "both"));
    const gateway = await start(both());
    expect(asksFor(one)).toHaveLength(0);
    for (const [model, target] of [
      ["a", "one/a"],
      ["b", "two/b"],
      ["org/deep", "one/org/deep"],
    ])
      expect(outcome(await ask(gateway, { as: "all", model }))).toBe(`200 ${target}`);
    expect([called(one), called(two)]).toEqual(["org/deep", "b"]);
    const ambiguous = await ask(gateway, { as: "all", model: "both" });
    expect(outcome(ambiguous)).toBe("400 model_ambiguous");
    expect(ambiguous.message).toContain("one/both, two/both");
    expect(outcome(await ask(gateway, { as: "all", model: "nope" }))).toBe("404 model_not_found");
    expect([asksFor(one).length, asksFor(two).length]).toEqual([1, 1]);
  });

  test("is asked for once, however many callers want it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    one.answer(async (request) => {
      if (request.method === "GET") await promise;
      return listing("a")(request);
    });
    const gateway = await start({ one: { base_url: one.url } });
    const asked = Array.from({ length: 100 }, () => ask(gateway, { as: "all", model: "a" }));
    await one.request(0);
    // The last one is on its way when the gateway has read it; a request that needs no list goes past all of them.
    await ask(gateway, { as: "all", model: "one/x" });
    resolve();
    for (const answer of await Promise.all(asked)) expect(outcome(answer)).toBe("200 one/a");
    expect(asksFor(one)).toHaveLength(1);
  });

  test("goes to the default provider only if nobody has it", async () => {
    one.answer(listing("a"));
    const gateway = await start(both(), { default_provider: "two" });
    expect(outcome(await ask(gateway, { as: "all", model: "a" }))).toBe("200 one/a");
    expect(outcome(await ask(gateway, { as: "all", model: "nope" }))).toBe("200 two/nope");
  });

  test("is judged by what it leads to", async () => {
    one.answer(listing("secret"));
    const gateway = await start({ one: { base_url: one.url } });
    expect(outcome(await ask(gateway, { as: "narrow", model: "secret" }))).toBe("403 model_not_allowed");
  });
});

describe("the question", () => {
  test("carries what every call of the provider carries, and nothing of the caller's", async () => {
    one.answer(listing("a"));
    const gateway = await start({
      one: { base_url: `${one.url}/v1`, api_key: "upstream-secret", headers: { "X-Team": "ml" } },
    });
    const headers = { "x-stainless-lang": "js", "openai-beta": "b" };
    expect(outcome(await ask(gateway, { as: "all", model: "a", headers }))).toBe("200 one/a");
    const [asked] = asksFor(one);
    expect(asked?.target).toBe("/v1/models");
    expect(asked?.headers).toMatchObject({
      authorization: "Bearer upstream-secret",
      "x-team": "ml",
      accept: "application/json",
    });
    expect(Object.keys(asked?.headers ?? {})).not.toContain("x-stainless-lang");
    expect(Object.keys(asked?.headers ?? {})).not.toContain("openai-beta");
  });

  test("goes to nobody who has declared everything, has no credential, or wants the caller's", async () => {
    const base_url = one.url;
    const providers = {
      plain: { base_url, models: ["a", "b"] },
      pinned: { base_url, model: "p" },
      chat: { base_url, endpoints: ["chat"] },
      through: { base_url, auth: "passthrough" },
      openai: { base_url },
    };
    const gateway = await start(providers, { models: {} });
    const { message } = await ask(gateway, { as: "all", model: "nope" });
    expect(message).toContain("through (it has no credential of its own)");
    expect(message).toContain("openai (no credential");
    expect(idsOf(await get(gateway, "/v1/models", "all")).toSorted()).toEqual([
      "pinned/p",
      "plain/a",
      "plain/b",
    ]);
    expect(one.requests).toHaveLength(0);
  });

  test("to a provider whose address is the gateway's own ends there", async () => {
    const gateway = await start({
      self: { base_url: `http://127.0.0.1:\${PORT}/v1`, api_key: "sk-nobody" },
      one: { base_url: one.url },
    });
    one.answer(listing("a"));
    expect(outcome(await ask(gateway, { as: "all", model: "a" }))).toBe("200 one/a");
    expect((await ask(gateway, { as: "all", model: "nope" })).message).toContain("self (it answered 508)");
  });
});

describe("a list of models", () => {
  test("may have any shape that servers are known to send", async () => {
    const shapes: Record<string, { readonly body: unknown; readonly ids: readonly string[] }> = {
      openai: { body: { object: "list", data: [{ id: "x", object: "model", created: 1 }] }, ids: ["x"] },
      vllm: { body: { object: "list", data: [{ id: "o/x", root: "r", permission: [{}] }] }, ids: ["o/x"] },
      together: { body: [{ id: "x" }, { id: "y", permission: {} }], ids: ["x", "y"] },
      llamacpp: { body: { models: [{ name: "x" }], data: [{ id: "x" }] }, ids: ["x"] },
      ollama: { body: { object: "list", data: [{ id: "x:latest" }] }, ids: ["x:latest"] },
      "ollama-empty": { body: { object: "list", data: null }, ids: [] },
      "ollama-tags": { body: { models: [{ name: "x:8b", model: "x:8b" }] }, ids: ["x:8b"] },
      anthropic: { body: { data: [{ type: "model", id: "x" }], has_more: false }, ids: ["x"] },
      gemini: { body: { models: [{ name: "models/x" }], nextPageToken: "t" }, ids: ["x"] },
      "gemini-openai": { body: { object: "list", data: [{ id: "models/x" }] }, ids: ["x"] },
    };
    one.answer(({ path }) => Response.json(shapes[path.split("/")[1] ?? ""]?.body));
    const providers = Object.keys(shapes).map((name) => [
      `up-${name}`,
      { base_url: `${one.url}/${name}`, auth: "none" },
    ]);
    const gateway = await start(Object.fromEntries(providers), { models: {} });
    const expected = Object.entries(shapes).flatMap(([name, { ids }]) => ids.map((id) => `up-${name}/${id}`));
    expect(idsOf(await get(gateway, "/v1/models", "all"))).toEqual(expected);
  });

  test("shows discovered models to each key as far as it may call them, each once", async () => {
    one.answer(listing("a", "secret", "declared"));
    two.answer(listing("b", "b-preview"));
    const gateway = await start({
      one: { base_url: one.url, models: ["declared", "*"] },
      two: { base_url: two.url, models: ["!*-preview"] },
    });
    const of = async (as: string): Promise<string[]> =>
      idsOf(await get(gateway, "/v1/models", as)).toSorted();
    expect(await of("all")).toEqual(["fast", "one/a", "one/declared", "one/secret", "two/b"]);
    expect(await of("narrow")).toEqual(["fast", "one/a", "one/declared"]);
    expect(await of("two-only")).toEqual(["two/b"]);
    expect((await get(gateway, "/v1/models/one/secret", "all")).json()).toMatchObject({
      id: "one/secret",
      object: "model",
      owned_by: "one",
    });
    expect(outcome(await get(gateway, "/v1/models/one/secret", "narrow"))).toBe("404 model_not_found");
    expect(outcome(await get(gateway, "/v1/models/two/b-preview", "all"))).toBe("404 model_not_found");
    expect([asksFor(one).length, asksFor(two).length]).toEqual([1, 1]);
  });

  test("of a mock provider is its own, without a network", async () => {
    const mock = { models: ["m-1", "m-2"] };
    const gateway = await start({ one: { type: "mock", mock } });
    expect(idsOf(await get(gateway, "/v1/models", "all"))).toEqual(["fast", "one/m-1", "one/m-2"]);
    expect(outcome(await ask(gateway, { as: "all", model: "m-2" }))).toBe("200 one/m-2");
  });

  test("has Anthropic's shape for Anthropic's clients", async () => {
    one.answer(listing("a"));
    const gateway = await start({ one: { base_url: one.url } });
    const headers = { "anthropic-version": "2023-06-01" };
    const list = await ask(gateway, { method: "GET", path: "/v1/models", as: "all", headers });
    expect(list.json()).toMatchObject({
      data: [{ id: "fast" }, { type: "model", id: "one/a" }],
      last_id: "one/a",
    });
  });
});

test("a change of the configuration keeps the lists of providers that stay as they are", async () => {
  one.answer(listing("a"));
  two.answer(listing("b"));
  const gateway = await start(both());
  expect(idsOf(await get(gateway, "/v1/models", "all"))).toEqual(["fast", "one/a", "two/b"]);
  const changed = { ...both(), two: { base_url: two.url, headers: { "X-New": "1" } } };
  replaceFile(
    join(gateway.dir, "config.yaml"),
    `server: { listen: "127.0.0.1:\${PORT}" }\n${configOf(changed, { models: { newer: "one/a" } })}`,
  );
  await until("the new list", async () => {
    const ids = idsOf(await get(gateway, "/v1/models", "all"));
    return ids.includes("newer") ? ids : undefined;
  });
  expect(idsOf(await get(gateway, "/v1/models", "all"))).toEqual(["newer", "one/a", "two/b"]);
  expect([asksFor(one).length, asksFor(two).length]).toEqual([1, 2]);
  expect(asksFor(two)[1]?.headers["x-new"]).toBe("1");
});
