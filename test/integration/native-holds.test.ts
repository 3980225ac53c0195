// What native calls hold before they go out, by the limits in their own words, and what they cost where usage is missing.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import { rowFor } from "../support/money-account.ts";
import type { Settings } from "../support/money-scene.ts";
import { answerOf, EVENTS_TYPE, JSON_TYPE } from "../support/native-formats.ts";
import { type NativeScene, nativeScene, presetSettings, type Urls } from "../support/native-scene.ts";

let scene: NativeScene;

const CLAUDE_ID = "us.anthropic.claude-x:0";

/** A token of answer costs a cent, input nothing: what is held can be counted by hand. */
function settings(urls: Urls): Settings {
  const presets = ["openai", "anthropic", "gemini", "vertex", "bedrock"];
  return {
    providers: {
      ...Object.fromEntries(presets.map((name) => [name, presetSettings(name, urls)])),
      pinned: { ...presetSettings("gemini", urls, "pinned"), model: "gemini-pin" },
      sockets: { ...presetSettings("bedrock", urls, "sockets"), model: CLAUDE_ID },
    },
    pricing: {
      models: {
        [`bedrock/${CLAUDE_ID}`]: { input: 7, output: 7 },
        "gemini/embedding-x": { input: 0.15, output: 10_000 },
        "gemini/blocked": { input: 1, output: 1 },
        "*": { input: 0, output: 10_000 },
      },
    },
    keys: keySection({ enough: {}, short: {}, free: {} }),
    spend_policies: {
      Enough: { limit_usd: 0.5, window: "total", each: "key", applies_to: { keys: ["enough"] } },
      Short: { limit_usd: 0.49, window: "total", applies_to: { keys: ["short"] } },
    },
  };
}

beforeAll(async () => {
  scene = await nativeScene({ settings });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

function post(path: string, body: unknown, as = "free"): Promise<Response> {
  return scene.gateway.post(path, body, { authorization: "", "api-key": virtualKey(as) });
}

const TEXT = [{ role: "user", content: "ping" }];
const CONTENTS = { contents: [{ parts: [{ text: "ping" }] }] };
const RAW = "/vertex/v1/publishers/anthropic/models/m";

/** Each asks for fifty tokens of answer, in the words of its format. */
const FIFTY: readonly (readonly [path: string, body: object])[] = [
  ["/openai/v1/chat/completions", { model: "m", messages: TEXT, max_completion_tokens: 50 }],
  ["/openai/v1/chat/completions", { model: "m", messages: TEXT, max_tokens: 10, n: 5 }],
  ["/openai/v1/responses", { model: "m", input: "ping", max_output_tokens: 50 }],
  ["/anthropic/v1/messages", { model: "m", messages: TEXT, max_tokens: 50 }],
  ["/gemini/v1/models/m:generateContent", { ...CONTENTS, generationConfig: { maxOutputTokens: 50 } }],
  ["/gemini/v1/models/m:generateContent", { ...CONTENTS, generation_config: { max_output_tokens: 50 } }],
  [
    "/gemini/v1beta/models/m:streamGenerateContent?alt=sse",
    { ...CONTENTS, generationConfig: { maxOutputTokens: 25, candidateCount: 2 } },
  ],
  [
    "/vertex/v1/publishers/google/models/m:generateContent",
    { ...CONTENTS, generationConfig: { maxOutputTokens: 50 } },
  ],
  [`${RAW}:rawPredict`, { messages: TEXT, max_tokens: 50 }],
  [`${RAW}:streamRawPredict`, { messages: TEXT, max_tokens: 50, stream: true }],
  ["/bedrock/model/m/converse", { messages: [], inferenceConfig: { maxTokens: 50 } }],
  ["/bedrock/model/m/converse-stream", { messages: [], inferenceConfig: { maxTokens: 50 } }],
  ["/bedrock/model/m/invoke", { anthropic_version: "x", messages: TEXT, max_tokens: 50 }],
  ["/bedrock/model/m/invoke", { inputText: "ping", textGenerationConfig: { maxTokenCount: 50 } }],
  ["/bedrock/model/m/invoke", { prompt: "ping", max_gen_len: 50 }],
  ["/bedrock/model/m/invoke-with-response-stream", { messages: [], inferenceConfig: { maxTokens: 50 } }],
];

describe("fifty tokens of answer", () => {
  test.each(FIFTY)("are held by their limit: %s %j", async (path, body) => {
    scene.upstream.answer(() => Response.json({ message: "busy" }, { status: 503 }));
    const refused = await post(path, body, "short");
    expect([refused.status, refused.headers.get("x-postern-code")]).toEqual([402, "budget_exceeded"]);
    expect(await refused.text()).toContain("lower its max_tokens");
    expect(scene.upstream.requests).toEqual([]);
    // An error without usage costs nothing, so that the next one finds all of the budget again.
    expect((await post(path, body, "enough")).status).toBe(503);
    expect(scene.upstream.requests).toHaveLength(1);
  });
});

test("an id with a colon finds its exact price", async () => {
  const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
  scene.upstream.answer(() => Response.json({ output: {}, stopReason: "end_turn", usage }));
  for (const id of [CLAUDE_ID, encodeURIComponent(CLAUDE_ID)]) {
    const row = await rowFor(scene.gateway, await post(`/bedrock/model/${id}/converse`, { messages: [] }));
    expect([row["model"], row.price?.["match"], row.cost_nano_usd]).toEqual([
      CLAUDE_ID,
      `bedrock/${CLAUDE_ID}`,
      14_000,
    ]);
  }
});

test("a pin replaces the model of the path", async () => {
  await post("/providers/pinned/v1beta/models/other:generateContent", CONTENTS);
  await post("/providers/sockets/model/other/converse", { messages: [] });
  expect(scene.upstream.requests.map(({ path }) => path)).toEqual([
    "/pinned/v1beta/models/gemini-pin:generateContent",
    `/sockets/model/${encodeURIComponent(CLAUDE_ID)}/converse`,
  ]);
});

test("an embedding whose usage is not told is charged by its input, and nothing for its numbers", async () => {
  const values = Array.from({ length: 500 }, (_, i) => i / 7);
  const calls = [
    ["embedContent", { content: { parts: [{ text: "ping" }] } }, { embedding: { values } }],
    ["batchEmbedContents", { requests: [] }, { embeddings: [{ values }, { values }] }],
  ] as const;
  for (const [word, body, said] of calls) {
    scene.upstream.answer(() => Response.json(said));
    const row = await rowFor(scene.gateway, await post(`/gemini/v1beta/models/embedding-x:${word}`, body));
    const input = Math.ceil(JSON.stringify(body).length / 3);
    expect([row.usage?.input_tokens, row.usage?.output_tokens]).toEqual([input, 0]);
    expect([row.cost_nano_usd, row.flags]).toEqual([input * 150, ["estimated"]]);
  }
});

test("a prompt that Gemini blocks is a whole answer, in a stream too", async () => {
  const blocked = JSON.stringify({
    promptFeedback: { blockReason: "SAFETY" },
    usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
    modelVersion: "blocked",
  });
  const forms = [
    ["generateContent", JSON_TYPE, blocked],
    ["streamGenerateContent?alt=sse", EVENTS_TYPE, `data: ${blocked}\r\n\r\n`],
    ["streamGenerateContent", JSON_TYPE, `[${blocked}\n]`],
  ] as const;
  for (const [word, type, text] of forms) {
    scene.upstream.answer(() => answerOf({ type }, Buffer.from(text)));
    const answer = await post(`/gemini/v1beta/models/blocked:${word}`, CONTENTS);
    expect([answer.status, await answer.text()]).toEqual([200, text]);
    const { ended, code, flags, cost_nano_usd } = await rowFor(scene.gateway, answer);
    expect([word, ended, code, flags, cost_nano_usd]).toEqual([word, "completed", null, [], 9_000]);
  }
});

test("a member in another case, of those that are read here, is a 400", async () => {
  const cases = [
    ["/gemini/v1/models/m:generateContent", { Generation_Config: {} }],
    ["/gemini/v1/models/m:generateContent", { contents: [], TOOLS: [] }],
    [`${RAW}:rawPredict`, { messages: TEXT, Max_Tokens: 5 }],
    ["/anthropic/v1/messages", { model: "m", messages: TEXT, Tools: [] }],
    ["/bedrock/model/m/converse", { InferenceConfig: {} }],
    ["/bedrock/model/m/invoke", { prompt: "ping", Max_Gen_Len: 5 }],
    ["/bedrock/model/m/invoke", { prompt: "ping", MaxTokens: 5 }],
  ] as const;
  for (const [path, body] of cases) {
    const answer = await post(path, body);
    const said = [answer.status, answer.headers.get("x-postern-code")];
    expect([path, body, ...said]).toEqual([path, body, 400, "invalid_request"]);
  }
  expect(scene.upstream.requests).toEqual([]);
});
