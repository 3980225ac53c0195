import { describe, expect, test } from "bun:test";
import type { PricingConfig } from "../../../src/config/schema.ts";
import { compilePricing, type PricedTarget } from "../../../src/policies/pricing.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");

const pricing = (models: PricingConfig["models"] = {}, settings: Partial<PricingConfig> = {}) =>
  compilePricing({ unpriced: "warn", reserve_output: "full", ...settings, models });

const target = (name: string, model: string | undefined, type = name): PricedTarget => ({
  provider: { name, type },
  model,
  id: model === undefined ? name : `${name}/${model}`,
});

describe("which price a target has", () => {
  const models = {
    "vllm/*": { input: 1, output: 2 },
    "*": { input: 9, output: 9 },
    "vllm/llama-*": { input: 3, output: 4 },
    "vllm/llama-70b": { input: 0.1, output: 0.4 },
  };

  test.each([
    ["vllm", "llama-70b", "vllm/llama-70b"],
    ["vllm", "llama-8b", "vllm/llama-*"],
    // The last pattern of the file that matches, as in allowlists.
    ["vllm", "qwen", "*"],
    ["openai", "gpt-4o", "*"],
  ])("%s/%s: %s", (name, model, match) => {
    const own = pricing(models);
    for (let time = 0; time < 2; time++)
      expect(own.priceOf(target(name, model), NOON)).toMatchObject({ source: "config", match });
  });

  test("the bundled one where the file has none, by the preset and not by the provider's name", () => {
    const own = pricing({ "vllm/*": { input: 1, output: 2 } });
    expect(own.priceOf(target("acme", "gpt-4o", "openai"), NOON)).toMatchObject({
      source: "bundled",
      match: "openai/gpt-4o",
    });
    expect(own.priceOf(target("openai", "gpt-4o", "openai-compatible"), NOON)).toBeUndefined();
    expect(own.priceOf(target("acme", undefined, "openai"), NOON)).toBeUndefined();
  });

  test("a target without a model by patterns of its provider", () => {
    expect(
      pricing({ "vllm/*": { input: 1, output: 2 } }).priceOf(target("vllm", undefined), NOON)?.match,
    ).toBe("vllm/*");
  });

  test("the answer's model where the target's id has none", () => {
    const own = pricing({ "vllm/llama-70b": { input: 1, output: 2 } });
    const alias = target("vllm", "default");
    expect(own.priceOf(alias, NOON)).toBeUndefined();
    expect(own.priceOfAnswer(alias, "llama-70b", NOON)?.match).toBe("vllm/llama-70b");
    expect(own.priceOfAnswer(target("openai", "my-alias"), "gpt-4o-2024-08-06", NOON)?.match).toBe(
      "openai/gpt-4o",
    );
    expect(own.priceOfAnswer(target("openai", "gpt-4o"), "gpt-4o-mini", NOON)?.match).toBe("openai/gpt-4o");
    expect(own.priceOfAnswer(alias, "other", NOON)).toBeUndefined();
  });
});

describe("rates of the file", () => {
  test("missing ones are filled in", () => {
    expect(pricing({ "a/b": { input: 0.1, output: 0.4 } }).priceOf(target("a", "b"), NOON)).toEqual({
      source: "config",
      match: "a/b",
      input: 100_000_000n,
      output: 400_000_000n,
      cacheRead: 100_000_000n,
      cacheWrite: 100_000_000n,
      cacheWrite1h: 100_000_000n,
      audioInput: 100_000_000n,
      audioOutput: 400_000_000n,
      request: 0n,
      tiers: [],
    });
  });

  test("all of them", () => {
    const model = {
      input: 1,
      output: 2,
      cache_read: 0.1,
      cache_write: 1.25,
      cache_write_1h: 2,
      audio_input: 10,
      audio_output: 20,
      request: 0.001,
      max_output: 8192,
    };
    const own = pricing({ "a/b": model });
    expect(own.priceOf(target("a", "b"), NOON)).toMatchObject({
      cacheRead: 100_000_000n,
      cacheWrite: 1_250_000_000n,
      cacheWrite1h: 2_000_000_000n,
      audioInput: 10_000_000_000n,
      audioOutput: 20_000_000_000n,
      request: 1_000_000n,
    });
    expect(own.maxOutput(target("a", "b"))).toBe(8192);
    expect(own.maxOutput(target("a", "c"))).toBeUndefined();
  });

  test("a write for an hour costs what a write costs, unless it has its own price", () => {
    const own = pricing({ "a/b": { input: 1, output: 2, cache_write: 1.25 } });
    expect(own.priceOf(target("a", "b"), NOON)?.cacheWrite1h).toBe(1_250_000_000n);
  });
});

test("the settings beside the prices", () => {
  expect(pricing()).toMatchObject({ refusesUnpriced: false, reserveOutput: "full" });
  expect(pricing({}, { unpriced: "block", reserve_output: 500 })).toMatchObject({
    refusesUnpriced: true,
    reserveOutput: 500,
  });
});
