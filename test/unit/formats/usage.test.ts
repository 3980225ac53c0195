import { describe, expect, test } from "bun:test";
import { AnthropicUsage } from "../../../src/formats/anthropic-usage.ts";
import { readBodyUsage } from "../../../src/formats/body-usage.ts";
import { readChunkUsage } from "../../../src/formats/openai-chunk.ts";
import { readOpenAiUsage } from "../../../src/formats/openai-usage.ts";
import type { EndpointName } from "../../../src/formats/table.ts";
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

describe("the usage object of OpenAI's formats", () => {
  test.each<[string, unknown, Usage | undefined]>([
    [
      "chat, with details",
      {
        prompt_tokens: 20,
        completion_tokens: 9,
        total_tokens: 29,
        prompt_tokens_details: { cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      usage({ inputTokens: 20, outputTokens: 9, cacheReadTokens: 6, reasoningTokens: 3 }),
    ],
    [
      "Responses",
      {
        input_tokens: 20,
        input_tokens_details: { cached_tokens: 6 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 29,
      },
      usage({ inputTokens: 20, outputTokens: 9, cacheReadTokens: 6, reasoningTokens: 3 }),
    ],
    ["embeddings", { prompt_tokens: 5, total_tokens: 5 }, usage({ inputTokens: 5 })],
    ["a total alone is input", { total_tokens: 5 }, usage({ inputTokens: 5 })],
    [
      "no output, but a total",
      { prompt_tokens: 5, total_tokens: 8 },
      usage({ inputTokens: 5, outputTokens: 3 }),
    ],
    [
      "DeepSeek's cache hits",
      { prompt_tokens: 20, completion_tokens: 1, prompt_cache_hit_tokens: 16 },
      usage({ inputTokens: 20, outputTokens: 1, cacheReadTokens: 16 }),
    ],
    [
      "xAI's reasoning, which comes on top",
      {
        prompt_tokens: 20,
        completion_tokens: 9,
        total_tokens: 32,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      usage({ inputTokens: 20, outputTokens: 12, reasoningTokens: 3 }),
    ],
    [
      "more cached than there was input",
      { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
      usage({ inputTokens: 5, outputTokens: 1, cacheReadTokens: 5 }),
    ],
    [
      "audio, of which cached tokens stay with the cache",
      {
        prompt_tokens: 200,
        completion_tokens: 50,
        prompt_tokens_details: {
          cached_tokens: 64,
          audio_tokens: 100,
          cached_tokens_details: { audio_tokens: 40 },
        },
        completion_tokens_details: { audio_tokens: 45 },
      },
      usage({
        inputTokens: 200,
        outputTokens: 50,
        cacheReadTokens: 64,
        audioInputTokens: 60,
        audioOutputTokens: 45,
      }),
    ],
    [
      "parts that are more than the whole",
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 6, cache_write_tokens: 6, audio_tokens: 6 },
        completion_tokens_details: { audio_tokens: 6, reasoning_tokens: 6 },
      },
      usage({
        inputTokens: 10,
        outputTokens: 5,
        cacheReadTokens: 6,
        cacheWriteTokens: 4,
        reasoningTokens: 5,
        audioOutputTokens: 5,
      }),
    ],
    ["null", null, undefined],
    ["an object without counts", { queue_time: 1 }, undefined],
  ])("%s", (_, value, expected) => {
    expect(readOpenAiUsage(value)).toEqual(expected);
  });

  test.each<[string, unknown, number]>([
    ["negative", -5, MAX_TOKENS],
    ["too large", 1e308, MAX_TOKENS],
    ["infinite", Number.POSITIVE_INFINITY, MAX_TOKENS],
    ["a fraction", 2.5, 3],
    ["a text of digits", "12", 12],
    ["any other text", "many", 0],
    ["not a number", Number.NaN, 0],
    ["null", null, 0],
  ])("a count that is %s", (_, count, expected) => {
    expect(readOpenAiUsage({ prompt_tokens: 1, completion_tokens: count })?.outputTokens).toBe(expected);
  });
});

describe("a count beyond what any answer has", () => {
  test.each<[unknown, Usage["doubt"]]>([
    [MAX_TOKENS, undefined],
    [MAX_TOKENS + 1, "clamped"],
    [1e308, "clamped"],
    [Number.POSITIVE_INFINITY, "clamped"],
    ["9".repeat(400), "clamped"],
    [-1, "clamped"],
  ])("%p: %p", (count, doubt) => {
    const input = readOpenAiUsage({ prompt_tokens: count, completion_tokens: 1 });
    const output = readOpenAiUsage({ prompt_tokens: 1, completion_tokens: count });
    expect([input?.doubt, output?.doubt]).toEqual([doubt, doubt]);
    expect(input?.inputTokens).toBeLessThanOrEqual(MAX_TOKENS);
  });

  test("the sum of Anthropic's input is one", () => {
    const seen = new AnthropicUsage();
    seen.see({ input_tokens: MAX_TOKENS, cache_read_input_tokens: 1, output_tokens: 1 });
    expect(seen.usage).toMatchObject({ inputTokens: MAX_TOKENS, cacheReadTokens: 1, doubt: "clamped" });
  });
});

describe("the usage of a chunk", () => {
  const told = { prompt_tokens: 3, completion_tokens: 2 };
  test.each<[string, unknown, Usage["doubt"]]>([
    ["without choices", [], undefined],
    ["with a reason", [{ index: 0, finish_reason: "stop" }], undefined],
    ["with text that goes on", [{ index: 0, delta: { content: "a" }, finish_reason: null }], "interim"],
    ["with several choices, one at its end", [{ finish_reason: null }, { finish_reason: "stop" }], undefined],
    ["without a list of choices", undefined, undefined],
  ])("%s", (_, choices, doubt) => {
    expect(readChunkUsage({ choices, usage: told })?.doubt).toBe(doubt);
  });
});

describe("the usage objects of the Messages API", () => {
  test("the last non-null count of each field wins, and input contains the cache", () => {
    const seen = new AnthropicUsage();
    seen.see({
      input_tokens: 20,
      cache_read_input_tokens: 6,
      cache_creation_input_tokens: 4,
      cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 3 },
      output_tokens: 1,
    });
    seen.see({ input_tokens: null, output_tokens: 9, output_tokens_details: { thinking_tokens: 2 } });
    seen.see(null);
    expect(seen.usage).toEqual(
      usage({
        inputTokens: 30,
        outputTokens: 9,
        cacheReadTokens: 6,
        cacheWriteTokens: 4,
        cacheWrite1hTokens: 3,
        reasoningTokens: 2,
      }),
    );
  });

  test("writes to the cache that are only told by lifetime", () => {
    const seen = new AnthropicUsage();
    const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 3 };
    seen.see({ input_tokens: 20, cache_creation, output_tokens: 1 });
    expect(seen.usage).toMatchObject({ inputTokens: 24, cacheWriteTokens: 4, cacheWrite1hTokens: 3 });
  });

  test("at the beginning of a stream it is interim, until a later one comes", () => {
    const seen = new AnthropicUsage();
    seen.see({ input_tokens: 20, output_tokens: 1 }, true);
    expect(seen.usage?.doubt).toBe("interim");
    seen.see(null);
    expect(seen.usage?.doubt).toBe("interim");
    seen.see({ output_tokens: 9 });
    expect(seen.usage).toEqual(usage({ inputTokens: 20, outputTokens: 9 }));
  });

  test("nothing seen is no usage", () => {
    const seen = new AnthropicUsage();
    seen.see({ service_tier: "standard" });
    expect(seen.usage).toBeUndefined();
  });
});

describe("the usage of a whole body", () => {
  test.each<[EndpointName, unknown, Usage | undefined]>([
    [
      "chat",
      { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
      usage({ inputTokens: 3, outputTokens: 2 }),
    ],
    ["embeddings", { usage: { prompt_tokens: 3, total_tokens: 3 }, data: [] }, usage({ inputTokens: 3 })],
    [
      "messages",
      { usage: { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 2 } },
      usage({ inputTokens: 7, outputTokens: 2, cacheReadTokens: 4 }),
    ],
    ["responses", { status: "failed", usage: null }, undefined],
    ["chat", { usage: { prompt_tokens: 3 }, next: { usage: null } }, usage({ inputTokens: 3 })],
    ["chat", { choices: [{ message: { content: '"usage":{"prompt_tokens":9}' } }] }, undefined],
  ])("%s %j", (endpoint, body, expected) => {
    expect(readBodyUsage(endpoint, Buffer.from(JSON.stringify(body)))).toEqual(expected);
    expect(readBodyUsage(endpoint, Buffer.from(JSON.stringify(body, null, 2)))).toEqual(expected);
  });

  test("a body that is cut or no JSON has none", () => {
    for (const text of [
      "",
      "usage",
      '{"usage":',
      '{"usage":{"prompt_tokens":3',
      '{"usage":{"prompt_tokens":x}}',
    ])
      expect(readBodyUsage("chat", Buffer.from(text))).toBeUndefined();
  });
});
