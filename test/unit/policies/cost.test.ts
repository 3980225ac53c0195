// Every file of test/golden/cost: an upstream's answer, a price, and what the answer costs, computed by hand.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { ModelPriceConfig } from "../../../src/config/schema.ts";
import type { Price, Rates } from "../../../src/exchange.ts";
import { readBodyUsage } from "../../../src/formats/body-usage.ts";
import type { NativeAction } from "../../../src/formats/native-action.ts";
import { readNativeUsage } from "../../../src/formats/native-usage.ts";
import type { StreamForm } from "../../../src/formats/stream-form.ts";
import { type EndpointName, NATIVE_ENDPOINTS } from "../../../src/formats/table.ts";
import { MAX_TOKENS, toUsage, type Usage } from "../../../src/formats/usage.ts";
import type { JsonRecord } from "../../../src/lib/json-value.ts";
import { costOf } from "../../../src/policies/cost.ts";
import { compilePricing } from "../../../src/policies/pricing.ts";
import { createNativeTransform, createStreamTransform } from "../../../src/streaming/create-transform.ts";
import { awsEvent } from "../../support/compat/frames.ts";

const FOLDER = join(import.meta.dir, "../../golden/cost");

interface Golden {
  readonly about: string;
  readonly endpoint: EndpointName | NativeAction;
  /** A whole answer. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Or a stream, piece by piece; with the type of each around it where its frames have one. */
  readonly form?: StreamForm;
  readonly pieces?: readonly JsonRecord[];
  readonly price: ModelPriceConfig;
  readonly tiers?: readonly (ModelPriceConfig & { readonly above: number })[];
  readonly cost_nano_usd: string;
}

function priceOf(config: ModelPriceConfig): Price {
  const { priceOf } = compilePricing({ unpriced: "warn", reserve_output: "full", models: { "p/m": config } });
  const price = priceOf({ provider: { name: "p", type: "mock" }, model: "m", id: "p/m" }, 0);
  if (price === undefined) throw new Error("the price should be found");
  return price;
}

function isNative(endpoint: Golden["endpoint"]): endpoint is NativeAction {
  return endpoint in NATIVE_ENDPOINTS;
}

function usageOfBody({ endpoint, body, headers = {} }: Golden): Usage | undefined {
  const bytes = Buffer.from(JSON.stringify(body));
  return isNative(endpoint)
    ? readNativeUsage(endpoint, bytes, new Headers(headers))
    : readBodyUsage(endpoint, bytes);
}

function usageOfStream({ endpoint, pieces = [] }: Golden, form: StreamForm): Usage | undefined {
  const requestId = "golden-request";
  const transform = isNative(endpoint)
    ? createNativeTransform({ action: endpoint, form, requestId, scrub: (text) => text })
    : createStreamTransform({ endpoint, repair: false, hideUsage: false, requestId, model: "m" });
  transform.push(written(form, pieces, endpoint === "converse_stream"));
  transform.end({ kind: "eof" });
  expect(transform.whole).toBe(true);
  return transform.usage;
}

/** The stream as its server sends it. */
function written(form: StreamForm, pieces: readonly JsonRecord[], isConverse: boolean): Buffer {
  const texts = pieces.map((piece) => JSON.stringify(piece));
  if (form === "array") return Buffer.from(`[${texts.join("\n,\r\n")}\n]`);
  if (form === "events") {
    const named = pieces.map(({ type }) => (typeof type === "string" ? `event: ${type}\n` : ""));
    return Buffer.from(texts.map((text, i) => `${named[i]}data: ${text}\n\n`).join(""));
  }
  const frames = isConverse
    ? pieces.flatMap((piece) => Object.entries(piece).map(([type, payload]) => awsEvent(type, payload)))
    : texts.map((text) => awsEvent("chunk", { bytes: Buffer.from(text).toString("base64") }));
  return Buffer.concat(frames);
}

describe("the cost of", () => {
  const names = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));

  test("enough answers", () => {
    expect(names.length).toBeGreaterThan(25);
  });

  for (const name of names) {
    const golden: Golden = JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
    test(`${name}: ${golden.about}`, () => {
      const tiers = (golden.tiers ?? []).map(({ above, ...config }) => ({ ...priceOf(config), above }));
      const usage = golden.form === undefined ? usageOfBody(golden) : usageOfStream(golden, golden.form);
      expect(usage).toBeDefined();
      expect(usage && costOf(usage, { ...priceOf(golden.price), tiers })).toBe(BigInt(golden.cost_nano_usd));
    });
  }
});

const count = fc.oneof(fc.nat(10), fc.nat(1_000_000), fc.constant(MAX_TOKENS));
const rate = fc.oneof(fc.bigInt({ min: 0n, max: 1_000_000n }), fc.bigInt({ min: 0n, max: 10n ** 12n }));

const rates: fc.Arbitrary<Rates> = fc.record({
  input: rate,
  output: rate,
  cacheRead: rate,
  cacheWrite: rate,
  cacheWrite1h: rate,
  audioInput: rate,
  audioOutput: rate,
});

const usages: fc.Arbitrary<Usage> = fc
  .record({
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    cacheWrite1hTokens: count,
    reasoningTokens: count,
    audioInputTokens: count,
    audioOutputTokens: count,
  })
  .map(toUsage);

/** Millionths of a nano-dollar, exactly. */
function exactly(usage: Usage, { request, ...price }: Rates & { request: bigint }): bigint {
  const plain = usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens - usage.audioInputTokens;
  const parts: readonly [number, bigint][] = [
    [plain, price.input],
    [usage.cacheReadTokens, price.cacheRead],
    [usage.cacheWriteTokens - usage.cacheWrite1hTokens, price.cacheWrite],
    [usage.cacheWrite1hTokens, price.cacheWrite1h],
    [usage.audioInputTokens, price.audioInput],
    [usage.outputTokens - usage.audioOutputTokens, price.output],
    [usage.audioOutputTokens, price.audioOutput],
  ];
  expect(parts.every(([tokens]) => tokens >= 0)).toBe(true);
  return parts.reduce((sum, [tokens, perMillion]) => sum + BigInt(tokens) * perMillion, request * 1_000_000n);
}

test("a cost is within half a nano-dollar of the exact one, and never below it by half", () => {
  fc.assert(
    fc.property(usages, rates, rate, (usage, base, request) => {
      const price: Price = { source: "config", match: "*", request, ...base, tiers: [] };
      const error = costOf(usage, price) * 1_000_000n - exactly(usage, price);
      expect(error).toBeGreaterThan(-500_000n);
      expect(error).toBeLessThanOrEqual(500_000n);
    }),
    { numRuns: 500 },
  );
});

test("a cost never falls when a count grows", () => {
  fc.assert(
    fc.property(usages, rates, (usage, base) => {
      const price: Price = { source: "config", match: "*", request: 0n, ...base, tiers: [] };
      const more = { ...usage, inputTokens: usage.inputTokens + 1, outputTokens: usage.outputTokens + 1 };
      expect(costOf(more, price)).toBeGreaterThanOrEqual(costOf(usage, price));
    }),
  );
});
