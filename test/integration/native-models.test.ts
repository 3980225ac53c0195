// Lists of models on native paths: in the provider's own shape, its query passed on, and only what a caller may use.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import { wrongWith } from "../support/native-refusals.ts";
import { type NativeScene, nativeScene, presetSettings } from "../support/native-scene.ts";

let scene: NativeScene;

beforeAll(async () => {
  scene = await nativeScene({
    settings: (urls) => ({
      providers: {
        ...Object.fromEntries(
          ["openai", "anthropic", "gemini", "vertex", "azure"].map((name) => [
            name,
            presetSettings(name, urls),
          ]),
        ),
        listed: { ...presetSettings("gemini", urls), models: ["*-flash", "!old-*"] },
      },
      keys: keySection({
        all: {},
        narrow: { models_allowed: ["*/good*", "!*/good-but-secret"] },
        elsewhere: { providers_allowed: ["openai"] },
      }),
    }),
  });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

async function list(path: string, as: string, headers = {}): Promise<{ answer: Response; text: string }> {
  const answer = await scene.gateway.fetch(path, {
    headers: { authorization: `Bearer ${virtualKey(as)}`, ...headers },
  });
  return { answer, text: await answer.clone().text() };
}

interface Shape {
  readonly path: string;
  /** Where the upstream is asked. */
  readonly asked: string;
  /** The list with those models, as that provider writes it. */
  readonly list: (ids: readonly string[]) => unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const PUBLISHER = "/vertex/v1/publishers/google/models";

const SHAPES: Readonly<Record<string, Shape>> = {
  "OpenAI's": {
    path: "/openai/v1/models?limit=3&after=a%20b",
    asked: "/openai/v1/models?limit=3&after=a%20b",
    list: (ids) => ({
      object: "list",
      data: ids.map((id) => ({ id, object: "model", created: 1, owned_by: "x" })),
    }),
  },
  "Azure's": {
    path: "/azure/models?api-version=preview",
    asked: "/azure/v1/models?api-version=preview",
    list: (ids) => ({ object: "list", data: ids.map((id) => ({ id, object: "model", status: "ok" })) }),
  },
  "Anthropic's": {
    path: "/anthropic/v1/models?limit=1000&after_id=x",
    asked: "/anthropic/v1/models?limit=1000&after_id=x",
    headers: { "anthropic-version": "2023-06-01" },
    list: (ids) => ({
      data: ids.map((id) => ({ type: "model", id, display_name: id, created_at: "2025-01-01T00:00:00Z" })),
      has_more: true,
      first_id: "f",
      last_id: "l",
    }),
  },
  "Gemini's": {
    path: "/gemini/v1beta/models?pageSize=50&pageToken=a%2Fb",
    asked: "/gemini/v1beta/models?pageSize=50&pageToken=a%2Fb",
    list: (ids) => ({
      models: ids.map((id) => ({ name: `models/${id}`, supportedGenerationMethods: ["generateContent"] })),
      nextPageToken: "next",
    }),
  },
  "Vertex AI's": {
    path: `${PUBLISHER}?pageSize=2`,
    asked: `${PUBLISHER}?pageSize=2`,
    list: (ids) => ({
      publisherModels: ids.map((id) => ({ name: `publishers/google/models/${id}`, versionId: "1" })),
      nextPageToken: "next",
    }),
  },
};

const IDS = ["good-1", "good-but-secret", "bad", "goodness"];

describe.each(Object.entries(SHAPES))(
  "a list in %s shape",
  (_, { path, asked, list: shape, headers = {} }) => {
    test("passes byte for byte where no list has a say; the query is passed on, a key in it is not", async () => {
      const bytes = `\n ${JSON.stringify(shape(IDS), null, 3)}\n`;
      scene.upstream.answer(() => new Response(bytes, { headers: { "content-type": "application/json" } }));
      const key = `key=${virtualKey("all")}`;
      const { answer, text } = await list(`${path}&${key}`, "all", { ...headers, authorization: "" });
      expect([answer.status, text]).toEqual([200, bytes]);
      expect(scene.upstream.requests.map(({ method, target }) => [method, target])).toEqual([["GET", asked]]);
    });

    test("is filtered by the key's allowlist, and keeps all else", async () => {
      scene.upstream.answer(() => Response.json(shape(IDS)));
      const { answer, text } = await list(path, "narrow", headers);
      expect(answer.status).toBe(200);
      expect(JSON.parse(text)).toEqual(shape(["good-1", "goodness"]));
    });

    test("a page of which nothing may be used is an empty one", async () => {
      scene.upstream.answer(() => Response.json(shape(["bad"])));
      const { text } = await list(path, "narrow", headers);
      expect(JSON.parse(text)).toEqual(shape([]));
    });
  },
);

test("a provider's own `models` filter likewise, for every key", async () => {
  const { list: shape = () => undefined } = SHAPES["Gemini's"] ?? {};
  scene.upstream.answer(() => Response.json(shape(["new-flash", "old-flash", "new-pro"])));
  const { text } = await list("/providers/listed/v1/models", "all");
  expect(JSON.parse(text)).toEqual(shape(["new-flash"]));
});

test("a list of Google's without any models passes where an allowlist is in force", async () => {
  scene.upstream.answer(() => Response.json({}));
  const { answer, text } = await list("/gemini/v1beta/models", "narrow");
  expect([answer.status, JSON.parse(text)]).toEqual([200, {}]);
});

test("one model is asked for by its id, and not found where it may not be used", async () => {
  const cases = [
    ["/gemini/v1beta/models/good-1", "gemini"],
    [`${PUBLISHER}/good-1`, "gemini"],
    ["/anthropic/v1/models/good-1", "openai"],
    ["/openai/v1/models/good-1", "openai"],
  ] as const;
  for (const [path, family] of cases) {
    scene.upstream.answer(() => Response.json({ name: "models/good-1" }));
    const { answer, text } = await list(path, "narrow");
    expect([path, answer.status, text]).toEqual([path, 200, '{"name":"models/good-1"}']);
    scene.upstream.requests.length = 0;
    const { answer: refused } = await list(path.replace("good-1", "bad"), "narrow");
    expect(await wrongWith(refused, family, { status: 404, code: "model_not_found" })).toEqual([]);
    expect(scene.upstream.requests).toEqual([]);
  }
});

test("a provider that the key may not use is not asked", async () => {
  for (const path of ["/gemini/v1beta/models", PUBLISHER]) {
    const { answer } = await list(path, "elsewhere");
    expect(await wrongWith(answer, "gemini", { status: 403, code: "provider_not_allowed" })).toEqual([]);
  }
  expect(scene.upstream.requests).toEqual([]);
});

test("an upstream's refusal of a list passes in its own words", async () => {
  const words = { error: { code: 400, message: "bad page token", status: "INVALID_ARGUMENT" } };
  scene.upstream.answer(() => Response.json(words, { status: 400 }));
  const { answer, text } = await list("/gemini/v1beta/models?pageToken=x", "narrow");
  expect([answer.status, JSON.parse(text)]).toEqual([400, words]);
});
