// Native paths that lead nowhere: off the list, not configured, not HTTP, not translated.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Family } from "../../src/formats/table.ts";
import { presetScene, renamedScene, TEST_BEARER, wrongPath } from "../support/native-path-scenes.ts";
import { wrongWith } from "../support/native-refusals.ts";
import type { NativeScene } from "../support/native-scene.ts";

let scene: NativeScene;
/** Has providers of native types under other names only. */
let renamed: NativeScene;

beforeAll(async () => {
  [scene, renamed] = await Promise.all([presetScene(), renamedScene()]);
});

afterEach(() => {
  scene.upstream.reset();
  renamed.upstream.reset();
});

afterAll(() => Promise.all([scene.stop(), renamed.stop()]));

describe("what is off a provider's list is a 501, wrong methods too", () => {
  const OFF: readonly (readonly [method: string, path: string, family: Family])[] = [
    ["GET", "/openai/v1/chat/completions", "openai"],
    ["DELETE", "/openai/v1/responses", "openai"],
    ["POST", "/openai/v1/models", "openai"],
    ["GET", "/openai/v1/responses/resp_1", "openai"],
    ["POST", "/openai/v1/files", "openai"],
    ["POST", "/openai/v1/messages", "anthropic"],
    ["POST", "/openai/v1/images/generations", "openai"],
    ["POST", "/xai/v1/audio/speech", "openai"],
    ["POST", "/anthropic/v1/messages/batches", "anthropic"],
    ["GET", "/anthropic/v1/messages", "anthropic"],
    ["POST", "/anthropic/v1/chat/completions", "openai"],
    ["GET", "/gemini/v1beta/models/m:generateContent", "gemini"],
    ["GET", "/gemini/v1beta/models/m:predict", "gemini"],
    ["PUT", "/gemini/v1beta/models/m:generateContent", "gemini"],
    ["POST", "/gemini/v1beta/models/m", "gemini"],
    ["POST", "/gemini/v1beta/models", "gemini"],
    ["POST", "/gemini/v1beta/models/m:predict", "gemini"],
    ["POST", "/gemini/v1beta/models/m:rawPredict", "gemini"],
    ["POST", "/gemini/v2/models/m:generateContent", "gemini"],
    ["POST", "/gemini/models/m:generateContent", "gemini"],
    ["POST", "/gemini/v1beta/files", "gemini"],
    ["POST", "/gemini/v1beta/chat/completions", "gemini"],
    ["DELETE", "/gemini/v1beta/cachedContents/x", "gemini"],
    ["POST", "/gemini", "gemini"],
    ["GET", "/bedrock/model/m/converse", "bedrock"],
    ["PUT", "/bedrock/model/m/invoke", "bedrock"],
    ["POST", "/bedrock/model/m/retrieve", "bedrock"],
    ["POST", "/bedrock/model/m", "bedrock"],
    ["POST", "/bedrock/v1/model/m/converse", "bedrock"],
    ["GET", "/bedrock/foundation-models", "bedrock"],
    ["POST", "/vertex/v1/publishers/google/models/m:rawPredict", "gemini"],
    ["POST", "/vertex/v1/publishers/anthropic/models/m:generateContent", "anthropic"],
    ["POST", "/vertex/v1/publishers/mistralai/models/m:rawPredict", "gemini"],
    ["GET", "/vertex/v1/publishers/google/models/m:generateContent", "gemini"],
    ["POST", "/vertex/v1beta/publishers/google/models/m:generateContent", "gemini"],
    ["POST", "/vertex/v1/endpoints/openapi/chat/completions", "gemini"],
  ];

  test.each(OFF)("%s %s", async (method, path, family) => {
    expect(
      await wrongPath({ method, path, family, status: 501, code: "unsupported_endpoint" }, scene),
    ).toEqual([]);
  });

  test("a provider's own `endpoints` narrow it", async () => {
    const expected = { status: 501, code: "unsupported_endpoint", family: "gemini" } as const;
    const root = "/providers/google/v1beta/models/m";
    for (const word of ["streamGenerateContent", "countTokens", "embedContent"])
      expect(await wrongPath({ ...expected, path: `${root}:${word}` }, renamed)).toEqual([]);
  });

  test("but an unknown key comes first", async () => {
    const answer = await scene.gateway.fetch("/gemini/v1beta/files", {
      headers: { "x-goog-api-key": "nobody" },
    });
    expect(await wrongWith(answer, "gemini", { status: 401, code: "invalid_api_key" })).toEqual([]);
  });
});

test("/NAME belongs to the provider that is called so: without one it is not found", async () => {
  const expected = { status: 404, code: "provider_not_found" };
  const calls: readonly (readonly [string, Family])[] = [
    ["/openai/v1/chat/completions", "openai"],
    ["/anthropic/v1/messages", "anthropic"],
    ["/gemini/v1beta/models/m:generateContent", "gemini"],
    ["/gemini/v1beta/files", "gemini"],
    ["/vertex/v1/publishers/google/models/m:generateContent", "gemini"],
    ["/bedrock/model/m/converse", "bedrock"],
    ["/vertex/v1/publishers/anthropic/models/m:rawPredict", "anthropic"],
    ["/vertex/v1/publishers/anthropic/models/m:predict", "anthropic"],
    ["/fireworks/v1/chat/completions", "openai"],
  ];
  for (const [path, family] of calls)
    expect(await wrongPath({ ...expected, path, family }, renamed)).toEqual([]);
});

test("a WebSocket is refused with 426 on every native path", async () => {
  for (const [path, family] of [
    ["/openai/v1/responses", "openai"],
    ["/anthropic/v1/messages", "anthropic"],
    ["/gemini/v1beta/models/m:generateContent", "gemini"],
    ["/bedrock/model/m/converse-stream", "bedrock"],
  ] as const) {
    const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const answer = await scene.gateway.fetch(path, {
      headers: { ...TEST_BEARER, ...upgrade, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
    });
    expect([path, answer.status, answer.headers.get("x-postern-code")]).toEqual([
      path,
      426,
      "upgrade_required",
    ]);
    const body = (await answer.json()) as { message?: string; error?: object };
    expect([path, family === "bedrock" ? typeof body.message : typeof body.error]).toEqual([
      path,
      family === "bedrock" ? "string" : "object",
    ]);
  }
});

test("below /v1 and a public model nothing is translated: 501 says what to do", async () => {
  const calls = [
    ["/v1/chat/completions", { model: "google/gemini-x", messages: [] }],
    ["/v1/chat/completions", { model: "aws/m", messages: [] }],
    ["/models/fast/v1/chat/completions", { messages: [] }],
    ["/v1/messages", { model: "gpt/m", messages: [], max_tokens: 1 }],
  ] as const;
  for (const [path, body] of calls) {
    const answer = await renamed.gateway.post(path, body);
    const text = await answer.text();
    expect([path, answer.status, answer.headers.get("x-postern-code")]).toEqual([
      path,
      501,
      "unsupported_endpoint",
    ]);
    expect(text).toContain("endpoints");
    expect(text).toMatch(
      /call it by its own paths; requests are not translated|add `messages` to its `endpoints`/,
    );
  }
  expect(renamed.upstream.requests).toEqual([]);
});
