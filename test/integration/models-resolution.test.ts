// Which target a model name leads to: the key's aliases, public models, provider/model, declared ids, default provider.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, keySection, outcome, yamlOf } from "../support/callers.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;
let defaulting: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const up = { base_url: upstream.url };
  const providers = {
    vllm: up,
    team: up,
    "team/gpu": up,
    "team/gpu/two": up,
    one: { ...up, models: ["only-one", "shared", "org/deep", "vllm/thing", "fast", "with:colon", "ünï"] },
    two: { ...up, models: ["shared", "glob-*", "!secret"] },
    pinned: { ...up, model: "the/pin" },
    Vllm: up,
  };
  const models = {
    fast: "vllm/meta-llama/Llama-3.1-8B-Instruct",
    "vllm/special": "one/only-one",
    "a/b/c": "team/gpu/m",
    "only-public": "pinned/whatever",
    hidden: "one/shared",
  };
  const keys = keySection({
    caller: {},
    aliased: {
      aliases: {
        "gpt-4o": "fast",
        mini: "vllm/tiny",
        fast: "vllm/not-so-fast",
        "vllm/special": "two/glob-x",
        shared: "two/shared",
        deep: "team/gpu/two/m/n",
      },
    },
    narrow: { models_allowed: ["vllm/*"] },
    "fast-only": { models_allowed: ["fast"] },
  });
  gateway = await startGateway(yamlOf({ providers, models, keys }));
  defaulting = await startGateway(
    yamlOf({
      default_provider: "vllm",
      providers,
      models,
      keys: keySection({ caller: {}, narrow: { models_allowed: ["!vllm/no"] } }),
    }),
  );
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), defaulting?.stop(), upstream?.stop()]);
});

/** Target and, after an arrow, the model that the upstream read. */
async function led(to: Gateway, as: string, model: string): Promise<string> {
  const answer = await ask(to, { as, model });
  if (answer.status !== 200) return outcome(answer);
  const target = answer.target ?? "";
  const shown = /[^ -~]/.test(model) ? decodeURIComponent(target) : target;
  // Providers are asked for their lists as well.
  const call = upstream.requests.find(({ method }) => method === "POST");
  return `${shown} → ${call?.json()["model"]}`;
}

describe("a model name", () => {
  test.each([
    ["vllm/tiny", "vllm/tiny → tiny"],
    ["vllm/meta-llama/Llama-3", "vllm/meta-llama/Llama-3 → meta-llama/Llama-3"],
    ["vllm/a//b/", "vllm/a//b/ → a//b/"],
    ["vllm//a", "vllm//a → /a"],
    ["vllm/ sp aced", "vllm/ sp aced →  sp aced"],
    ["vllm/x:latest@1?y#z%2F", "vllm/x:latest@1?y#z%2F → x:latest@1?y#z%2F"],
    ["vllm/vllm/x", "vllm/vllm/x → vllm/x"],
    ["Vllm/x", "Vllm/x → x"],
    ["fast", "vllm/meta-llama/Llama-3.1-8B-Instruct → meta-llama/Llama-3.1-8B-Instruct"],
    ["a/b/c", "team/gpu/m → m"],
    ["vllm/special", "one/only-one → only-one"],
    ["only-one", "one/only-one → only-one"],
    ["org/deep", "one/org/deep → org/deep"],
    ["with:colon", "one/with:colon → with:colon"],
    ["ünï", "one/ünï → ünï"],
    ["vllm/thing", "vllm/thing → thing"],
    ["team/m", "team/m → m"],
    ["team/gpu", "team/gpu → gpu"],
    ["team/gpu/m", "team/gpu/m → m"],
    ["team/gpu/two", "team/gpu/two → two"],
    ["team/gpu/two/m/n", "team/gpu/two/m/n → m/n"],
    ["team/gpux/m", "team/gpux/m → gpux/m"],
    ["pinned/anything", "pinned/the/pin → the/pin"],
    ["only-public", "pinned/the/pin → the/pin"],
    ["shared", "400 model_ambiguous"],
    ["one/shared", "one/shared → shared"],
    ["glob-x", "404 model_not_found"],
    ["two/glob-x", "two/glob-x → glob-x"],
    ["unknown", "404 model_not_found"],
    ["unknown/model", "404 model_not_found"],
    ["FAST", "404 model_not_found"],
    ["vllm", "404 model_not_found"],
    ["/vllm/x", "404 model_not_found"],
    ["gpt-4o", "404 model_not_found"],
    ["__proto__", "404 model_not_found"],
    ["constructor", "404 model_not_found"],
    ["toString/x", "404 model_not_found"],
    ["*", "404 model_not_found"],
  ])("%p leads to %p", async (model, expected) => {
    expect(await led(gateway, "caller", model)).toBe(expected);
  });

  test.each([
    ["gpt-4o", "vllm/meta-llama/Llama-3.1-8B-Instruct → meta-llama/Llama-3.1-8B-Instruct"],
    ["mini", "vllm/tiny → tiny"],
    ["fast", "vllm/not-so-fast → not-so-fast"],
    ["vllm/special", "two/glob-x → glob-x"],
    ["shared", "two/shared → shared"],
    ["deep", "team/gpu/two/m/n → m/n"],
    ["only-one", "one/only-one → only-one"],
  ])("that the key knows by an alias comes first: %p leads to %p", async (model, expected) => {
    expect(await led(gateway, "aliased", model)).toBe(expected);
  });

  test.each([
    ["unknown", "vllm/unknown → unknown"],
    ["unknown/model", "vllm/unknown/model → unknown/model"],
    ["glob-x", "vllm/glob-x → glob-x"],
    ["only-one", "one/only-one → only-one"],
    ["two/glob-x", "two/glob-x → glob-x"],
    ["fast", "vllm/meta-llama/Llama-3.1-8B-Instruct → meta-llama/Llama-3.1-8B-Instruct"],
    ["shared", "400 model_ambiguous"],
  ])("that nobody declares goes to default_provider: %p leads to %p", async (model, expected) => {
    expect(await led(defaulting, "caller", model)).toBe(expected);
  });

  test("that goes to default_provider is judged by where it goes", async () => {
    expect(await led(defaulting, "narrow", "no")).toBe("403 model_not_allowed");
    expect(await led(defaulting, "narrow", "yes")).toBe("vllm/yes → yes");
  });
});

describe("a name that leads nowhere", () => {
  test("is answered with close names", async () => {
    expect((await ask(gateway, { as: "caller", model: "fsat" })).message).toContain("fast");
    expect((await ask(gateway, { as: "caller", model: "only-on" })).message).toContain("only-one");
    expect((await ask(gateway, { as: "aliased", model: "gpt-4" })).message).toContain("gpt-4o");
  });

  test("of those, only what the key may call", async () => {
    const near = await ask(gateway, { as: "narrow", model: "only-on" });
    expect(near.code).toBe("model_not_found");
    expect(near.message).not.toContain("only-one");
    expect((await ask(gateway, { as: "narrow", model: "hiden" })).message).not.toContain("hidden");
    expect((await ask(gateway, { as: "fast-only", model: "fasst" })).message).toContain("fast");
    expect((await ask(gateway, { as: "narrow", model: "gpt-4" })).message).not.toContain("gpt-4o");
  });

  test("is a 404 in the client's envelope, about the field model", async () => {
    const answer = await ask(gateway, { as: "caller", model: "unknown" });
    expect(answer.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "model_not_found", param: "model" },
    });
    expect(upstream.requests).toHaveLength(0);
  });

  test("that several providers declare is a 400 with both full ids", async () => {
    const answer = await ask(gateway, { as: "caller", model: "shared" });
    expect(answer.message).toContain("one/shared");
    expect(answer.message).toContain("two/shared");
    expect(upstream.requests).toHaveLength(0);
  });

  test.each([100, 10_000, 1_000_000])(
    "with %d letters is answered without repeating them all",
    async (length) => {
      const answer = await ask(gateway, { as: "caller", model: "x".repeat(length) });
      expect(outcome(answer)).toBe("404 model_not_found");
      expect(answer.text.length).toBeLessThan(2_000);
    },
  );
});

describe("on /v1 the model is needed", () => {
  test.each([
    ["absent", undefined],
    ["empty", ""],
    ["null", null],
    ["a number", 7],
    ["true", true],
    ["a list", ["vllm/x"]],
    ["a map", { id: "vllm/x" }],
  ])("%s: 400 that names it", async (_, model) => {
    for (const to of [gateway, defaulting]) {
      const answer = await ask(to, { as: "caller", model });
      expect(outcome(answer)).toBe("400 invalid_request");
      expect(answer.message).toContain("model");
      expect(answer.json()).toMatchObject({ error: { param: "model" } });
    }
    expect(upstream.requests).toHaveLength(0);
  });
});

test("check warns of a declared id that another provider's name shadows", async () => {
  const up = { base_url: "http://127.0.0.1:9" };
  const yaml = yamlOf({ providers: { vllm: up, one: { ...up, models: ["vllm/thing"] } } });
  const { code, stdout, stderr } = await runPostern(["check"], { yaml });
  expect(code).toBe(0);
  expect(stdout + stderr).toMatch(/config\.yaml:\d+:\d+ {2}providers\.one\.models\[0\]: .*vllm/);
});

describe("names that the file must not hold", () => {
  const providers = { vllm: { base_url: "http://127.0.0.1:9" } };
  const key = keySection({ x: {} })["x"] as Record<string, unknown>;
  test.each([
    ["a model of an unknown provider", { models: { fast: "vlm/x" } }, /models\.fast/],
    ["a model that names another model", { models: { fast: "vllm/x", quick: "fast" } }, /models\.quick/],
    [
      "an alias of an alias",
      { keys: { x: { ...key, aliases: { a: "b", b: "vllm/x" } } } },
      /keys\.x\.aliases/,
    ],
    [
      "an alias that leads nowhere",
      { keys: { x: { ...key, aliases: { a: "nothing" } } } },
      /keys\.x\.aliases/,
    ],
    ["an unknown default provider", { default_provider: "vlm" }, /default_provider/],
  ])("%s", async (_, more, where) => {
    const { code, stdout, stderr } = await runPostern(["check"], { yaml: yamlOf({ providers, ...more }) });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(where);
  });

  test.each([
    "v1",
    "providers",
    "models",
    "ui",
    "admin",
    "metrics",
    "healthz",
    "readyz",
    "a*",
    "!a",
    "a?b",
    "a,b",
    "a;b",
    " a",
    "a ",
    "/a",
    "a/",
    "a\u0007",
  ])("a provider called %p", async (name) => {
    const yaml = yamlOf({ providers: { [name]: { base_url: "http://127.0.0.1:9" } } });
    const { code, stdout, stderr } = await runPostern(["check"], { yaml });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/config\.yaml:\d+:\d+ {2}providers/);
  });
});
