// Which price a model has: the file's, exact before pattern, then the one that Postern brings along, or none.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, outcome } from "../support/callers.ts";
import { money, rowFor, settled, spend } from "../support/money-account.ts";
import { buy, type MoneyScene, moneyScene, upProvider } from "../support/money-scene.ts";
import { CHAT_REPLY, fakeUpstream } from "../support/upstream.ts";

const upstream = fakeUpstream();
const base = upProvider(upstream.url);

const PROVIDERS = {
  up: base,
  paid: { ...base, type: "openai", auth: "bearer", api_key: "a-key-of-the-provider" },
  bare: base,
};

const MODELS = {
  "up/*": { input: 1, output: 2 },
  "up/exact": { input: 10, output: 20 },
  "up/exact-*": { input: 3, output: 4 },
  "up/small": { input: 0.0001, output: 0 },
  "up/fee": { input: 1, output: 2, request: 0.005 },
  "up/cached": { input: 1, output: 2, cache_read: 0.1 },
  "up/org/na*me": { input: 5, output: 5 },
};

let scene: MoneyScene;

beforeAll(async () => {
  scene = await moneyScene({
    providers: PROVIDERS,
    pricing: { models: MODELS },
    models: { nick: "up/exact" },
    spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
  });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

interface Reported {
  readonly input?: number;
  readonly cached?: number;
  readonly output?: number;
  readonly model?: string;
}

/** A call of the model, answered with this usage; its row. */
async function rowOfCall(model: string, { input = 1_000, cached = 0, output = 0, ...more }: Reported = {}) {
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
  upstream.answer(() => Response.json({ ...CHAT_REPLY, usage, ...more }));
  const answer = await buy(scene.gateway, 10, { model });
  expect(answer.status).toBe(200);
  return await rowFor(scene.gateway, answer);
}

describe("prices of the file", () => {
  test.each([
    ["up/other", "up/*", 1_000_000],
    ["up/exact", "up/exact", 10_000_000],
    ["nick", "up/exact", 10_000_000],
    ["up/org/name/na-me", "up/org/na*me", 5_000_000],
  ])("%s has the price of %s", async (model, match, nano) => {
    const row = await rowOfCall(model);
    expect(row).toMatchObject({ cost_nano_usd: nano, price: { match }, flags: [] });
  });

  test("are written into the row", async () => {
    const { price } = await rowOfCall("up/cached");
    expect([price?.["input"], price?.["output"], price?.["cache_read"]].map(Number)).toEqual([1, 2, 0.1]);
    expect(price?.["source"]).toBeString();
  });

  test.each([
    [4, 0],
    [5, 1],
    [14, 1],
    [15, 2],
  ])("below a nano-dollar per token: %i tokens of 0.1 nano-dollars cost %i", async (input, nano) => {
    expect((await rowOfCall("up/small", { input })).cost_nano_usd).toBe(nano);
  });

  test("may have a fee for each request", async () => {
    expect((await rowOfCall("up/fee", { input: 2, output: 1 })).cost_nano_usd).toBe(
      5_000_000 + 2_000 + 2_000,
    );
  });

  test("without cache_read, what was read from the cache costs as much as other input", async () => {
    expect((await rowOfCall("up/other", { input: 10, cached: 6 })).cost_nano_usd).toBe(10_000);
    expect((await rowOfCall("up/cached", { input: 10, cached: 6 })).cost_nano_usd).toBe(4_000 + 600);
  });
});

describe("prices that Postern brings along", () => {
  // 600 × 150 + 400 × 75 + 300 × 600
  const USAGE = { input: 1_000, cached: 400, output: 300 };

  test("are found by the upstream's own id", async () => {
    const row = await rowOfCall("paid/gpt-4o-mini", USAGE);
    expect(row).toMatchObject({ cost_nano_usd: 300_000, flags: [] });
    expect(row.price?.["source"]).not.toBe((await rowOfCall("up/other")).price?.["source"]);
  });

  test("or by the model that the answer names, where the id means nothing", async () => {
    const row = await rowOfCall("paid/our-deployment", { ...USAGE, model: "gpt-4o-mini-2024-07-18" });
    expect(row).toMatchObject({ cost_nano_usd: 300_000, flags: [] });
  });

  test("but never against the id of the target", async () => {
    const row = await rowOfCall("paid/gpt-4o-mini", { ...USAGE, model: "gpt-4o" });
    expect(row.cost_nano_usd).toBe(300_000);
  });

  test("and never where the file has one", async () => {
    const row = await rowOfCall("up/gpt-4o-mini", USAGE);
    expect(row).toMatchObject({ cost_nano_usd: 1_600_000, price: { match: "up/*" } });
  });
});

describe("a model without a price", () => {
  test("under `warn` costs nothing, is flagged, and counted as such", async () => {
    await rowOfCall("up/other");
    const spent = (await money(scene.gateway, "Everything"))?.spent ?? 0;
    const before = await spend(scene.gateway, "by=provider&window=total");
    const row = await rowOfCall("bare/thing");
    expect(row).toMatchObject({ cost_nano_usd: 0, flags: ["unpriced"], price: null });
    expect(row.usage).toMatchObject({ input_tokens: 1_000 });
    await settled(scene.gateway, "Everything", spent);
    const { total, rows } = await spend(scene.gateway, "by=provider&window=total");
    expect(total["unpriced_requests"]).toBe(Number(before.total["unpriced_requests"]) + 1);
    expect(rows.find(({ name }) => name === "bare")).toMatchObject({
      unpriced_requests: 1,
      cost_nano_usd: 0,
    });
  });

  test("under `block` is refused by name before anything is sent", async () => {
    const strict = await moneyScene({
      providers: PROVIDERS,
      models: { nick: "bare/org/thing" },
      pricing: { unpriced: "block", models: { "up/*": { input: 1, output: 2 } } },
    });
    try {
      for (const model of ["bare/org/thing", "nick"]) {
        const refused = await ask(strict.gateway, { as: "caller", model });
        expect(outcome(refused)).toBe("403 model_unpriced");
        expect(refused.message).toContain("bare/org/thing");
        expect(refused.headers.get("x-should-retry")).toBe("false");
        expect(refused.json()).toMatchObject({
          error: { type: "permission_error", code: "model_unpriced" },
        });
      }
      expect(upstream.requests).toHaveLength(0);
      expect((await buy(strict.gateway, 1)).status).toBe(200);
      expect((await buy(strict.gateway, 1, { model: "paid/gpt-4o-mini" })).status).toBe(200);
      const answer = await ask(strict.gateway, { as: "caller", model: "paid/nobody-knows-this" });
      expect(outcome(answer)).toBe("403 model_unpriced");
      expect(answer.message).toContain("paid/nobody-knows-this");
    } finally {
      await strict.stop();
    }
  });
});
