// A provider's own list of models without what the caller may not use, in every shape that servers send.

import { describe, expect, test } from "bun:test";
import { compileRule } from "../../../src/access/allowlist.ts";
import type { Provider } from "../../../src/exchange.ts";
import { mayList, modelsAsk } from "../../../src/gateway/model-list.ts";
import { fakeKey, fakeProvider } from "../../support/fake-parts.ts";

const KEY = fakeKey({ access: { models: compileRule("key tester", ["up/a", "up/org/*"]), providers: [] } });
const OPEN = fakeKey();

function ask(id?: string, key = KEY, provider: Provider = fakeProvider()) {
  return modelsAsk(id, key, provider);
}

function filtered(list: unknown): unknown {
  const body = ask().rewrite?.(Buffer.from(JSON.stringify(list)));
  return JSON.parse(Buffer.from(body ?? "").toString());
}

describe("the list", () => {
  test.each([
    [
      "OpenAI's",
      { object: "list", data: [{ id: "a", x: 1 }, { id: "b" }, { id: "org/m" }], extra: true },
      { object: "list", data: [{ id: "a", x: 1 }, { id: "org/m" }], extra: true },
    ],
    ["a bare array", [{ id: "a" }, { id: "b" }], [{ id: "a" }]],
    ["Ollama's", { models: [{ name: "a" }, { name: "b" }] }, { models: [{ name: "a" }] }],
    [
      "two lists",
      { models: [{ model: "a" }, { model: "b" }], data: [{ id: "b" }] },
      { models: [{ model: "a" }], data: [] },
    ],
    ["nothing", { data: null, object: "list" }, { data: null, object: "list" }],
    ["odd items", { data: [null, "a", { id: 7 }, [], { id: "a" }] }, { data: [{ id: "a" }] }],
  ])("in the shape of %s", (_, list, kept) => {
    expect(filtered(list)).toEqual(kept);
  });

  test.each(["{}", "null", '"x"', "not json", '{"data":{"id":"b"}}', ""])(
    "that is none (%s) does not pass unfiltered",
    (text) => {
      expect(() => ask().rewrite?.(Buffer.from(text))).toThrow("no shape that can be filtered");
    },
  );

  test("passes byte for byte where no allowlist is in force", () => {
    expect(ask(undefined, OPEN)).toEqual({ path: "models" });
    const [models] = compileRule("provider up", ["a"]);
    expect(ask(undefined, OPEN, fakeProvider({ models })).rewrite).toBeFunction();
  });
});

describe("one model", () => {
  test.each([
    ["a", "models/a"],
    ["org/deep/m", "models/org/deep/m"],
    ["org/m 1", "models/org/m%201"],
    ["org/größe", "models/org/gr%C3%B6%C3%9Fe"],
    ["org/x:latest@1&a=b", "models/org/x%3Alatest%401%26a%3Db"],
  ])("%p is asked for at %s", (id, path) => {
    expect(ask(id)).toEqual({ path });
  });

  test("that the caller may not use does not exist for it", () => {
    for (const id of ["b", "up/a", "A"]) expect(() => ask(id)).toThrow("not among those of this key");
  });

  test.each([
    "..",
    ".",
    "",
    "../secret",
    "org/../../secret",
    "org/./m",
    "org//m",
    "org/",
    "/a",
    "a?x=1",
    "a#x",
    "a%2e",
    "a\\..\\b",
    "a\u0000",
    "a\nb",
  ])("%p would lead elsewhere, and does not exist", (id) => {
    expect(() => ask(id, OPEN)).toThrow("not among those of this key");
  });

  test("of a provider that answers by itself is picked from its list", () => {
    const local = fakeProvider({ local: async () => new Response() });
    const pick = (id: string, list: unknown): unknown => {
      const body = ask(id, OPEN, local).rewrite?.(Buffer.from(JSON.stringify(list)));
      return JSON.parse(Buffer.from(body ?? "").toString());
    };
    expect(pick("b", { data: [{ id: "a" }, { id: "b", x: 1 }] })).toEqual({ id: "b", x: 1 });
    expect(() => pick("c", { data: [{ id: "a" }] })).toThrow("not among those of this key");
  });
});

test("a pin does not decide what is listed", () => {
  expect(mayList(KEY, fakeProvider({ pin: "b" }), "a")).toBe(true);
  expect(mayList(KEY, fakeProvider({ pin: "a" }), "b")).toBe(false);
});

describe("a list of Google's", () => {
  const native = (list: unknown, path = "v1beta/models", key = KEY): unknown => {
    const { rewrite } = modelsAsk(undefined, key, fakeProvider({ dialect: "gemini" }), path);
    return JSON.parse(Buffer.from(rewrite?.(Buffer.from(JSON.stringify(list))) ?? "null").toString());
  };

  test("names models with a prefix, and keeps its token of the next page", () => {
    const models = [{ name: "models/a", displayName: "A" }, { name: "models/b" }];
    expect(native({ models, nextPageToken: "t" })).toEqual({ models: [models[0]], nextPageToken: "t" });
    const publisherModels = [{ name: "publishers/google/models/a" }, { name: "publishers/google/models/b" }];
    expect(native({ publisherModels, nextPageToken: "t" })).toEqual({
      publisherModels: [publisherModels[0]],
      nextPageToken: "t",
    });
  });

  test("is left out where it is empty", () => {
    expect(native({})).toEqual({});
    expect(native({ nextPageToken: "t" })).toEqual({ nextPageToken: "t" });
    expect(() => filtered({})).toThrow("no shape that can be filtered");
  });

  test("stands at a path of its own, and passes as it is without an allowlist", () => {
    const provider = fakeProvider({ dialect: "gemini" });
    expect(modelsAsk(undefined, OPEN, provider, "v1/models")).toEqual({ path: "v1/models" });
    expect(modelsAsk("a", KEY, provider, "v1/models/a")).toEqual({ path: "v1/models/a" });
    expect(() => modelsAsk("b", KEY, provider, "v1/models/b")).toThrow("not among those of this key");
  });
});
