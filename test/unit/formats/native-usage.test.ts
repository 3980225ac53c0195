import { describe, expect, test } from "bun:test";
import { GeminiUsage, readGeminiUsage } from "../../../src/formats/gemini-usage.ts";
import type { NativeAction } from "../../../src/formats/native-action.ts";
import { readNativeUsage } from "../../../src/formats/native-usage.ts";
import { MAX_TOKENS, type Usage } from "../../../src/formats/usage.ts";

const usage = (counts: Partial<Usage>): Usage => ({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  ...counts,
});

const read = (action: NativeAction, body: unknown, headers: Record<string, string> = {}) =>
  readNativeUsage(action, Buffer.from(JSON.stringify(body)), new Headers(headers));

describe("Gemini's usageMetadata", () => {
  test.each<[string, unknown, Usage | undefined]>([
    [
      "the prompt contains the cache; thoughts come on top of the candidates",
      {
        promptTokenCount: 11,
        candidatesTokenCount: 4,
        thoughtsTokenCount: 3,
        cachedContentTokenCount: 4,
        totalTokenCount: 18,
      },
      usage({ inputTokens: 11, outputTokens: 7, cacheReadTokens: 4, reasoningTokens: 3 }),
    ],
    [
      "results of tools are input on top",
      { promptTokenCount: 11, toolUsePromptTokenCount: 30, candidatesTokenCount: 4, totalTokenCount: 45 },
      usage({ inputTokens: 41, outputTokens: 4 }),
    ],
    [
      "sound, of which part came from the cache",
      {
        promptTokenCount: 100,
        cachedContentTokenCount: 40,
        candidatesTokenCount: 20,
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 30 },
          { modality: "AUDIO", tokenCount: 70 },
        ],
        cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 40 }],
        candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 15 }],
      },
      usage({
        inputTokens: 100,
        outputTokens: 20,
        cacheReadTokens: 40,
        audioInputTokens: 30,
        audioOutputTokens: 15,
      }),
    ],
    [
      "thoughts and nothing said",
      { promptTokenCount: 11, thoughtsTokenCount: 50, totalTokenCount: 61 },
      usage({ inputTokens: 11, outputTokens: 50, reasoningTokens: 50 }),
    ],
    [
      "no output, but a total",
      { promptTokenCount: 11, totalTokenCount: 15 },
      usage({ inputTokens: 11, outputTokens: 4 }),
    ],
    ["a total alone is input", { totalTokenCount: 15 }, usage({ inputTokens: 15 })],
    ["embeddings that count", { promptTokenCount: 9 }, usage({ inputTokens: 9 })],
    ["no counts", { trafficType: "ON_DEMAND" }, undefined],
    ["null", null, undefined],
    [
      "details that are none",
      { promptTokenCount: 1, promptTokensDetails: [null, 3, { modality: "AUDIO", tokenCount: "x" }] },
      usage({ inputTokens: 1 }),
    ],
  ])("%s", (_, metadata, expected) => {
    expect(readGeminiUsage(metadata)).toEqual(expected);
  });

  test("of a stream the last count of each field wins, and is interim until the answer has ended", () => {
    const stream = new GeminiUsage();
    expect(stream.usage).toBeUndefined();
    stream.see({ promptTokenCount: 11, cachedContentTokenCount: 4, totalTokenCount: 11 }, true);
    expect(stream.usage).toEqual({ ...usage({ inputTokens: 11, cacheReadTokens: 4 }), doubt: "interim" });
    stream.see({ promptTokenCount: 11, candidatesTokenCount: 2, cachedContentTokenCount: null }, true);
    stream.see({ promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 });
    expect(stream.usage).toEqual(usage({ inputTokens: 11, outputTokens: 7, cacheReadTokens: 4 }));
    stream.see(undefined);
    expect(stream.usage?.outputTokens).toBe(7);
  });

  test("counts beyond all answers are clamped, and say so", () => {
    expect(readGeminiUsage({ promptTokenCount: 1e15, candidatesTokenCount: 1 })).toMatchObject({
      inputTokens: MAX_TOKENS,
      doubt: "clamped",
    });
  });
});

describe("a whole answer", () => {
  test.each<[string, NativeAction, unknown, Usage | undefined]>([
    [
      "generateContent",
      "generate_content",
      { candidates: [], usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2 }, modelVersion: "x" },
      usage({ inputTokens: 5, outputTokens: 2 }),
    ],
    ["embeddings without usage", "batch_embed_contents", { embeddings: [{ values: [1] }] }, undefined],
    [
      "counting tokens costs nothing",
      "gemini_count_tokens",
      { totalTokens: 31, cachedContentTokenCount: 2 },
      undefined,
    ],
    [
      "Converse: the cache comes on top of the input",
      "converse",
      {
        metrics: { latencyMs: 500 },
        output: { message: { role: "assistant", content: [{ text: "Hello!" }] } },
        stopReason: "end_turn",
        usage: {
          inputTokens: 11,
          outputTokens: 7,
          totalTokens: 24,
          cacheReadInputTokens: 4,
          cacheWriteInputTokens: 2,
        },
      },
      usage({ inputTokens: 17, outputTokens: 7, cacheReadTokens: 4, cacheWriteTokens: 2 }),
    ],
    [
      "Converse: lifetimes of cache writes",
      "converse",
      {
        usage: {
          inputTokens: 1,
          outputTokens: 1,
          cacheWriteInputTokens: 30,
          cacheDetails: [
            { ttl: "1h", inputTokens: 20 },
            { ttl: "5m", inputTokens: 10 },
          ],
        },
      },
      usage({ inputTokens: 31, outputTokens: 1, cacheWriteTokens: 30, cacheWrite1hTokens: 20 }),
    ],
    [
      "Claude",
      "invoke",
      {
        type: "message",
        content: [{ type: "text", text: "Hello!" }],
        usage: {
          input_tokens: 11,
          cache_read_input_tokens: 4,
          cache_creation_input_tokens: 2,
          cache_creation: { ephemeral_1h_input_tokens: 2, ephemeral_5m_input_tokens: 0 },
          output_tokens: 7,
        },
      },
      usage({
        inputTokens: 17,
        outputTokens: 7,
        cacheReadTokens: 4,
        cacheWriteTokens: 2,
        cacheWrite1hTokens: 2,
      }),
    ],
    [
      "Llama",
      "invoke",
      { generation: "Hi", prompt_token_count: 13, generation_token_count: 2, stop_reason: "stop" },
      usage({ inputTokens: 13, outputTokens: 2 }),
    ],
    [
      "Titan text",
      "invoke",
      {
        inputTextTokenCount: 5,
        results: [
          { tokenCount: 3, outputText: "a" },
          { tokenCount: 4, outputText: "b" },
        ],
      },
      usage({ inputTokens: 5, outputTokens: 7 }),
    ],
    ["Titan embeddings", "invoke", { embedding: [0.1], inputTextTokenCount: 5 }, usage({ inputTokens: 5 })],
    [
      "Nova",
      "invoke",
      {
        output: { message: { content: [{ text: "Hi" }] } },
        usage: {
          inputTokens: 11,
          outputTokens: 7,
          totalTokens: 18,
          cacheReadInputTokenCount: 3,
          cacheWriteInputTokenCount: 0,
        },
      },
      usage({ inputTokens: 14, outputTokens: 7, cacheReadTokens: 3 }),
    ],
    [
      "those that answer as OpenAI does",
      "invoke",
      { choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } },
      usage({ inputTokens: 9, outputTokens: 4 }),
    ],
    [
      "Cohere",
      "invoke",
      { text: "Hi", meta: { billed_units: { input_tokens: 9, output_tokens: 4 } } },
      usage({ inputTokens: 9, outputTokens: 4 }),
    ],
    [
      "Mistral, which does not count",
      "invoke",
      { outputs: [{ text: "Hi", stop_reason: "stop" }] },
      undefined,
    ],
    [
      "Claude on Vertex",
      "raw_predict",
      { type: "message", usage: { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 7 } },
      usage({ inputTokens: 7, outputTokens: 7, cacheReadTokens: 4 }),
    ],
    ["counting tokens on Bedrock", "bedrock_count_tokens", { inputTokens: 31 }, undefined],
    ["counting tokens on Vertex", "raw_count_tokens", { input_tokens: 31 }, undefined],
  ])("%s", (_, action, body, expected) => {
    expect(read(action, body)).toEqual(expected);
  });

  test("headers of Bedrock stand in for a body that does not count", () => {
    const headers = {
      "x-amzn-bedrock-input-token-count": "12",
      "x-amzn-bedrock-output-token-count": "5",
      "x-amzn-bedrock-cache-read-input-token-count": "4",
    };
    const expected = usage({ inputTokens: 16, outputTokens: 5, cacheReadTokens: 4 });
    expect(read("invoke", { outputs: [{ text: "Hi" }] }, headers)).toEqual(expected);
    expect(readNativeUsage("invoke", Buffer.from([0xff, 0xd8]), new Headers(headers))).toEqual(expected);
    expect(read("invoke", { prompt_token_count: 1, generation_token_count: 1 }, headers)?.inputTokens).toBe(
      1,
    );
    expect(read("invoke", {}, { "x-amzn-bedrock-input-token-count": "many" })).toBeUndefined();
  });

  test("an answer cannot pass for its own bill", () => {
    const args = { usageMetadata: { promptTokenCount: 0 }, usage: { inputTokens: 0, outputTokens: 0 } };
    const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 2 };
    const parts = [{ functionCall: { name: "f", args } }];
    expect(
      read("generate_content", { usageMetadata, candidates: [{ content: { parts } }] })?.inputTokens,
    ).toBe(5);
    const content = [{ toolUse: { input: args } }];
    const counted = { usage: { inputTokens: 6, outputTokens: 1 }, output: { message: { content } } };
    expect(read("converse", counted)?.inputTokens).toBe(6);
  });

  test.each(["", "[]", "nonsense", '{"usageMetadata":', '{"usage":7}', '{"usageMetadata":[]}'])(
    "%p has no usage",
    (text) => {
      for (const action of ["generate_content", "converse", "invoke", "raw_predict"] as const)
        expect(readNativeUsage(action, Buffer.from(text), new Headers())).toBeUndefined();
    },
  );
});
