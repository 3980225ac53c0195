// Models that only a provider knows: who is waited for, what they lead to, and what a caller is told about it.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { adopt } from "../../../src/gateway/state.ts";
import type { Listing } from "../../../src/routing/discovery.ts";
import { hashOf, TEST_KEY, virtualKey } from "../../support/keys.ts";
import { snapshotOf } from "../../support/snapshots.ts";
import { settled, watched } from "../gateway/answer-under-test.ts";
import { NOTHING_LEFT, PlaneUnderTest, type Question } from "./plane-under-test.ts";

const PROVIDERS = `
providers:
  one: { base_url: "http://one.test/v1" }
  two: { base_url: "http://two.test/v1", models: ["*", "!*-preview"] }
  named: { base_url: "http://named.test/v1", models: [plain, shared] }
  pinned: { base_url: "http://pinned.test/v1", model: the/pin }
  chat: { base_url: "http://chat.test/v1", endpoints: [chat] }
  through: { base_url: "http://through.test/v1", auth: passthrough }
  openai: {}
`;
const KEYS = `
models: { fast: one/quick }
keys:
  all: { hash: "${hashOf(TEST_KEY)}" }
  one: { hash: "${hashOf(virtualKey("one"))}", providers_allowed: [one] }
  some: { hash: "${hashOf(virtualKey("some"))}", models_allowed: ["two/*", "!two/c"] }
`;

let plane: PlaneUnderTest;
let lists: Record<string, readonly string[] | "down" | "silent">;

function use(yaml: string): void {
  plane = new PlaneUnderTest(yaml);
  plane.listing = ({ name }: Provider): Promise<Listing> => {
    const list = lists[name] ?? [];
    if (list === "silent") return new Promise(() => {});
    return Promise.resolve(
      list === "down" ? { kind: "failed", reason: "it is down" } : { kind: "listed", ids: new Set(list) },
    );
  };
}

beforeEach(() => {
  lists = { one: ["a", "b", "shared", "org/x", "x-preview"], two: ["b", "c", "x-preview", "y-preview"] };
  use(PROVIDERS + KEYS);
});

function model(name: string, as?: string): Question {
  const headers = as === undefined ? {} : { headers: { authorization: `Bearer ${virtualKey(as)}` } };
  return { body: { model: name }, ...headers };
}

async function messageOf(question: Question): Promise<string> {
  const { error } = (await (await plane.ask(question)).json()) as { error: { message: string } };
  return error.message;
}

describe("a bare id", () => {
  test.each([
    ["a", "200 one/a"],
    ["c", "200 two/c"],
    ["org/x", "200 one/org/x"],
    ["b", "400 model_ambiguous"],
    ["x-preview", "200 one/x-preview"],
    ["y-preview", "404 model_not_found"],
    ["nope", "404 model_not_found"],
  ])("%s that nobody declares leads to %s", async (name, expected) => {
    expect(await plane.outcomeOf(model(name))).toBe(expected);
    expect(plane.asked).toEqual(["one", "two"]);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("offered by several is refused with all full ids", async () => {
    expect(await messageOf(model("b"))).toContain("one/b, two/b");
  });

  test("is judged by what it leads to", async () => {
    expect(await plane.outcomeOf(model("a", "some"))).toBe("403 model_not_allowed");
    expect(await plane.outcomeOf(model("c", "one"))).toBe("403 provider_not_allowed");
  });

  test.each(["fast", "one/anything", "named/plain", "plain", "shared", "the/pin"])(
    "no: %s is known without asking anybody",
    async (name) => {
      lists = { one: "silent", two: "silent" };
      expect(await plane.outcomeOf(model(name))).toStartWith("200 ");
      expect(plane.asked).toEqual([]);
    },
  );

  test("waits two seconds at most for those who say nothing", async () => {
    lists = { one: ["a"], two: "silent" };
    const found = watched(plane.outcomeOf(model("a")));
    const missing = watched(plane.outcomeOf(model("nope")));
    await settled();
    plane.wheel.advance(1_500);
    await settled();
    expect([found.settled, missing.settled]).toEqual([false, false]);
    plane.wheel.advance(500);
    await settled();
    expect([found.value, missing.value]).toEqual(["200 one/a", "404 model_not_found"]);
    expect(plane.log.lines.map(({ fields }) => fields["overhead_ms"])).toEqual([0, 0]);
    expect(plane.asked).toEqual(["one", "two"]);
  });

  test("that is found is not held up by those who failed before", async () => {
    lists = { one: ["a"], two: "down" };
    expect(await plane.outcomeOf(model("a"))).toBe("200 one/a");
    lists = { one: ["a"], two: "silent" };
    plane.wheel.advance(5_000);
    expect(await plane.outcomeOf(model("a"))).toBe("200 one/a");
    expect(plane.asked).toEqual(["one", "two", "two"]);
  });

  test("that is not found is looked for in lists that may be outdated", async () => {
    await plane.outcomeOf(model("nope"));
    lists = { one: ["new"] };
    expect(await plane.outcomeOf(model("new"))).toBe("404 model_not_found");
    plane.wheel.advance(60_000);
    expect(await plane.outcomeOf(model("new"))).toBe("200 one/new");
  });

  test("that nobody offers goes to the default provider, which is not held up by those who failed before", async () => {
    use(
      `default_provider: openai\n${PROVIDERS.replace("openai: {}", "openai: { api_key: secret, models: [gpt] }")}${KEYS}`,
    );
    lists = { one: ["a"], two: "down" };
    expect(await plane.outcomeOf(model("a"))).toBe("200 one/a");
    expect(await plane.outcomeOf(model("gpt"))).toBe("200 openai/gpt");
    lists = { one: "silent", two: "silent" };
    plane.wheel.advance(60_000);
    expect(await plane.outcomeOf(model("nope"))).toBe("403 model_not_allowed");
    expect(plane.asked).toEqual(["one", "two", "one", "two"]);
  });

  test("goes to the default provider without asking anybody where no other one may offer it", async () => {
    use(`default_provider: one\n${PROVIDERS.replace('"*", "!*-preview"', "only")}${KEYS}`);
    lists = { one: "silent" };
    expect(await plane.outcomeOf(model("nope"))).toBe("200 one/nope");
    expect(plane.asked).toEqual([]);
  });

  test("of a client that hangs up while others are asked is given up", async () => {
    lists = { one: "silent", two: "silent" };
    const client = new AbortController();
    const asked = watched(plane.outcomeOf({ ...model("a"), signal: client.signal }));
    await settled();
    client.abort();
    await settled();
    expect(asked.value).toBe("499 client_closed");
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

describe("a name that leads nowhere", () => {
  test("is answered with who could not be asked, and why", async () => {
    lists = { one: "down", two: [] };
    const message = await messageOf(model("nope"));
    expect(message).toContain("could not be asked: ");
    expect(message).toContain("one (it is down)");
    expect(message).toContain("through (it has no credential of its own)");
    expect(message).toMatch(/openai \(no credential; set OPENAI_API_KEY/);
    expect(message).not.toContain("two (");
    expect(message).not.toContain("named (");
  });

  test("but not with providers that the key may not use", async () => {
    lists = { one: "down", two: "down" };
    const message = await messageOf(model("nope", "one"));
    expect(message).toContain("one (it is down)");
    expect(message).not.toMatch(/two|through|openai/);
  });

  test("is answered with close names among the discovered ones, too", async () => {
    lists = { one: ["gemma-3-27b"], two: ["qwen3-32b"] };
    expect(await messageOf(model("gema-3-27b"))).toContain("did you mean gemma-3-27b?");
    expect(await messageOf(model("gema-3-27b", "some"))).not.toContain('gemma-3-27b"');
    expect(await messageOf(model("qwen3-32", "some"))).toContain("did you mean qwen3-32b?");
  });
});

async function listFor(as?: string, path = "/v1/models"): Promise<string[]> {
  const { body: _, ...question } = model("", as);
  const answer = await plane.ask({ method: "GET", path, ...question });
  const { data } = (await answer.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

describe("the list of models", () => {
  test("holds discovered models as provider/id, each once, as far as the key may call them", async () => {
    lists = { one: ["a", "quick"], two: ["c", "d", "x-preview"] };
    const declared = ["named/plain", "named/shared", "pinned/the/pin"];
    expect((await listFor()).toSorted()).toEqual(
      ["fast", "one/a", "one/quick", "two/c", "two/d", ...declared].toSorted(),
    );
    expect(await listFor("some")).toEqual(["two/d"]);
    expect((await listFor("one")).toSorted()).toEqual(["fast", "one/a", "one/quick"]);
    expect(plane.asked).toEqual(["one", "two"]);
  });

  test("does not wait for providers that the key may not use", async () => {
    lists = { one: ["a"], two: "silent" };
    expect(await listFor("one")).toEqual(["fast", "one/a"]);
    expect(plane.asked).toEqual(["one"]);
  });

  test("is served as it was while it is renewed, and is waited for where there was none", async () => {
    lists = { one: ["a"], two: "down" };
    expect(await listFor("one")).toEqual(["fast", "one/a"]);
    plane.wheel.advance(60_000);
    const { promise, resolve } = Promise.withResolvers<Listing>();
    const answering = plane.listing;
    lists = { two: ["d"] };
    plane.listing = (provider) => (provider.name === "one" ? promise : answering(provider));
    expect(await listFor("one")).toEqual(["fast", "one/a"]);
    expect(await listFor()).toContain("two/d");
    resolve({ kind: "listed", ids: new Set(["b"]) });
    await settled();
    expect(await listFor("one")).toEqual(["fast", "one/b"]);
  });

  test("is whole after two seconds, whoever says nothing", async () => {
    lists = { one: ["a"], two: "silent" };
    const list = watched(listFor());
    await settled();
    plane.wheel.advance(2_000);
    await settled();
    expect(list.value).toContain("one/a");
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("names no id that would lead to another provider", async () => {
    use(PROVIDERS.replace("one:", "one/gpu: { base_url: http://gpu.test }\n  one:") + KEYS);
    lists = { one: ["gpu/m", "a"] };
    expect(await listFor("one")).toEqual(["fast", "one/a"]);
  });
});

describe("one model of the list", () => {
  async function one(id: string): Promise<string> {
    const answer = await plane.ask({ method: "GET", path: `/v1/models/${id}` });
    return `${answer.status} ${((await answer.json()) as { id?: string }).id ?? ""}`.trim();
  }

  test("may be a discovered one, and only its own provider is asked", async () => {
    lists = { one: "silent", two: ["c", "x-preview"] };
    expect(await one("two/c")).toBe("200 two/c");
    expect(await one("two/nope")).toBe("404");
    expect(await one("two/x-preview")).toBe("404");
    expect(plane.asked).toEqual(["two"]);
  });

  test("that the configuration names, or that cannot be, is not waited for", async () => {
    lists = { one: "silent", two: "silent" };
    expect(await one("fast")).toBe("200 fast");
    expect(await one("named/plain")).toBe("200 named/plain");
    expect(await one("named/nope")).toBe("404");
    expect(await one("nope")).toBe("404");
    expect(plane.asked).toEqual([]);
  });
});

test("after a change of the configuration only what leads elsewhere is asked again", async () => {
  await listFor();
  plane.snapshot = snapshotOf((PROVIDERS + KEYS).replace("two.test", "else.test").replace("quick", "slow"));
  adopt(plane.state, plane.snapshot);
  lists = { two: ["new"] };
  expect(await plane.outcomeOf(model("new"))).toBe("200 two/new");
  expect(await plane.outcomeOf(model("a"))).toBe("200 one/a");
  expect(plane.asked).toEqual(["one", "two", "two"]);
});
