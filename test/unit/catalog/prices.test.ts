import { describe, expect, test } from "bun:test";
import { bundledPrice, hasBundledPrices } from "../../../src/catalog/prices.ts";
import { PROVIDERS } from "../../../src/catalog/providers.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");
const matchOf = (type: string, model: string) => bundledPrice(type, model, NOON)?.match;

describe("exactly the model that was meant", () => {
  test.each([
    ["openai", "gpt-4o", "openai/gpt-4o"],
    ["openai", "gpt-4o-2024-08-06", "openai/gpt-4o"],
    ["openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"],
    ["openai", "gpt-4o-mini", "openai/gpt-4o-mini"],
    ["openai", "GPT-4o-mini", "openai/gpt-4o-mini"],
    ["openai", "gpt-5-nano-2025-08-07", "openai/gpt-5-nano"],
    ["openai", "gpt-5.6-sol-2026-08-21", "openai/gpt-5.6-sol"],
    ["openai", "gpt-4o-audio-preview-2024-12-17", "openai/gpt-4o-audio-preview"],
    ["openai", "text-embedding-3-small", "openai/text-embedding-3-small"],
    ["openai", "ft:gpt-4o-2024-08-06:acme::B7xYz", "openai/ft:gpt-4o"],
    ["openai", "ft:gpt-4o-mini-2024-07-18:acme:bot:B7xYz", "openai/ft:gpt-4o-mini"],
    ["anthropic", "claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"],
    ["anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"],
    ["anthropic", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4-5"],
    ["anthropic", "claude-sonnet-4-20250514", "anthropic/claude-sonnet-4-0"],
    ["anthropic", "claude-opus-4-1-20250805", "anthropic/claude-opus-4-1"],
    ["anthropic", "claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku-latest"],
    ["anthropic", "claude-3-5-haiku-20241022", "anthropic/claude-3-5-haiku-latest"],
    ["anthropic", "claude-sonnet-5", "anthropic/claude-sonnet-5"],
    ["anthropic", "claude-opus-5-5", "anthropic/claude-opus-5-5"],
    ["mistral", "magistral-small-2509", "mistral/magistral-small"],
    ["mistral", "mistral-large-latest", "mistral/mistral-large"],
    ["moonshot", "kimi-k2-turbo-preview", "moonshotai/kimi-k2-turbo-preview"],
    ["xai", "grok-4", "x-ai/grok-4-0709"],
    ["groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"],
    ["deepseek", "deepseek-chat", "deepseek/deepseek-chat"],
    ["openrouter", "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"],
    ["perplexity", "sonar", "perplexity/sonar"],
    ["gemini", "gemini-2.5-pro", "google/gemini-2.5-pro"],
    ["gemini", "gemini-2.0-flash-001", "google/gemini-2.0-flash"],
    ["gemini", "gemini-3.1-pro-preview", "google/gemini-3.1-pro-preview"],
    ["gemini", "gemini-embedding-001", "google/gemini-embedding-001"],
    ["vertex", "gemini-2.5-flash", "google/gemini-2.5-flash"],
    ["vertex", "claude-sonnet-4-5@20250929", "google/claude-sonnet-4-5"],
    ["vertex", "claude-opus-4-6@default", "google/claude-opus-4-6"],
    ["vertex", "claude-haiku-4-5@20251001", "anthropic/claude-haiku-4-5"],
    [
      "bedrock",
      "anthropic.claude-3-5-sonnet-20241022-v2:0",
      "aws/regional.anthropic.claude-3-5-sonnet-20241022-v2:0",
    ],
    ...["us.", "eu.", "apac.", "jp.", ""].map((region): [string, string, string] => [
      "bedrock",
      `${region}anthropic.claude-sonnet-4-5-20250929-v1:0`,
      "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ]),
    [
      "bedrock",
      "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ],
    ["bedrock", "us.anthropic.claude-opus-4-6-v1", "aws/regional.anthropic.claude-opus-4-6-v1:0"],
    ["bedrock", "apac.amazon.nova-micro-v1:0", "aws/amazon.nova-micro-v1:0"],
    ["bedrock", "openai.gpt-oss-120b-1:0", "aws/openai.gpt-oss-120b-1:0"],
    ["bedrock", "us.deepseek.r1-v1:0", "aws/deepseek.r1-v1:0"],
    [
      "bedrock",
      "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
      "aws/regional.anthropic.claude-3-haiku-20240307-v1:0",
    ],
    ["azure", "o3-mini", "azure/o3-mini"],
    ["azure", "gpt-4o", "openai/gpt-4o"],
    ["azure", "DeepSeek-R1", "deepseek/deepseek-reasoner"],
    [
      "together",
      "meta-llama/Llama-3.3-70B-Instruct-Turbo",
      "together/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ],
  ])("%s, %s is %s", (type, model, match) => {
    expect(matchOf(type, model)).toBe(match);
  });

  test.each([
    ["anthropic", "claude-sonnet-5-5"],
    ["anthropic", "claude-sonnet-5-5-20261001"],
    ["anthropic", "claude-haiku-5-5"],
    ["anthropic", "claude-opus-4-6-fast"],
    ["anthropic", "claude-opus-4-55"],
    ["anthropic", "my-claude-sonnet-5"],
    ["openai", "gpt-5.5-turbo"],
    ["openai", "ft:gpt-4o-ultra-2026-08-06:acme::B7xYz"],
    ["openai", "gpt"],
    ["openai", ""],
    ["deepseek", "deepseek-chat-next"],
    ["moonshot", "kimi-k2.5-thinking"],
    ["openrouter", "openai/gpt-4o:free"],
    ["bedrock", "amazon.titan-embed-text-v2:0"],
    ["bedrock", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"],
    ["azure", "my-deployment"],
    ["gemini", "gemini-2.5-ultra"],
  ])("%s, %s is not in the table", (type, model) => {
    expect(matchOf(type, model)).toBeUndefined();
  });

  test("what is not paid for by tokens has no price", () => {
    expect(matchOf("openai", "whisper-1")).toBeUndefined();
    expect(matchOf("groq", "whisper-large-v3")).toBeUndefined();
  });
});

describe("whose prices are known", () => {
  test("only public providers', never those of servers of one's own", () => {
    for (const type of [
      "vllm",
      "ollama",
      "lmstudio",
      "llamacpp",
      "tgi",
      "localai",
      "openai-compatible",
      "mock",
      "mine",
    ]) {
      expect(hasBundledPrices(type)).toBe(false);
      expect(matchOf(type, "gpt-4o")).toBeUndefined();
    }
  });

  test("every provider of the table is a preset, and finds models", () => {
    const priced = Object.keys(PROVIDERS).filter(hasBundledPrices);
    expect(priced).toContain("anthropic");
    expect(priced).toContain("xai");
    expect(priced.length).toBe(18);
  });
});

describe("rates", () => {
  test("a missing one is filled in", () => {
    expect(bundledPrice("openai", "gpt-4o", NOON)).toEqual({
      source: "bundled",
      match: "openai/gpt-4o",
      input: 2_500_000_000n,
      output: 10_000_000_000n,
      cacheRead: 1_250_000_000n,
      cacheWrite: 2_500_000_000n,
      cacheWrite1h: 2_500_000_000n,
      audioInput: 2_500_000_000n,
      audioOutput: 10_000_000_000n,
      request: 0n,
      tiers: [],
    });
  });

  test("audio, requests, and embeddings without output", () => {
    expect(bundledPrice("openai", "gpt-audio", NOON)).toMatchObject({
      audioInput: 32_000_000_000n,
      audioOutput: 64_000_000_000n,
    });
    expect(bundledPrice("perplexity", "sonar", NOON)?.request).toBe(12_000_000n);
    expect(bundledPrice("openai", "text-embedding-3-small", NOON)).toMatchObject({
      input: 20_000_000n,
      output: 0n,
    });
  });

  test("a large input has its own, cache writes for an hour too", () => {
    const rates = {
      input: 6_000_000_000n,
      output: 22_500_000_000n,
      cacheRead: 600_000_000n,
      cacheWrite: 7_500_000_000n,
      cacheWrite1h: 12_000_000_000n,
      audioInput: 6_000_000_000n,
      audioOutput: 22_500_000_000n,
    };
    const price = bundledPrice("anthropic", "claude-sonnet-4-5", NOON);
    expect(price?.tiers).toEqual([{ above: 200_000, ...rates }]);
    expect(price?.cacheWrite1h).toBe(6_000_000_000n);
  });

  test("a price begins on its day", () => {
    const tiersOn = (day: string) =>
      bundledPrice("anthropic", "claude-opus-4-6", Date.parse(day))?.tiers.length;
    expect(tiersOn("2026-03-12T23:59:59.999Z")).toBe(1);
    expect(tiersOn("2026-03-13T00:00:00Z")).toBe(0);
  });

  test("a price holds for hours of the day", () => {
    const inputAt = (time: string) =>
      bundledPrice("deepseek", "deepseek-chat", Date.parse(`2026-11-21T${time}Z`))?.input;
    expect(inputAt("00:29:59")).toBe(135_000_000n);
    expect(inputAt("00:30:00")).toBe(270_000_000n);
    expect(inputAt("16:29:59")).toBe(270_000_000n);
    expect(inputAt("16:30:00")).toBe(135_000_000n);
  });

  test("equal prices are one object", () => {
    expect(bundledPrice("openai", "gpt-4o", NOON)).toBe(bundledPrice("openai", "gpt-4o", NOON + 1));
  });
});
