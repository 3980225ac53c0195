// Budgets among the other checks: what comes before, what comes after, and what is free.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, chatBody, get, keySection, outcome } from "../support/callers.ts";
import { eventually, money, settled, standing } from "../support/money-account.ts";
import { buy, CENT, type MoneyScene, meteredAnswer, moneyScene, upProvider } from "../support/money-scene.ts";
import { fakeUpstream } from "../support/upstream.ts";

const upstream = fakeUpstream(meteredAnswer);

let scene: MoneyScene;

beforeAll(async () => {
  const up = upProvider(upstream.url);
  scene = await moneyScene({
    providers: {
      openai: { base_url: `${upstream.url}/v1` },
      up: { ...up, models: ["m"] },
      costly: up,
      free: up,
      "no-chat": { ...up, endpoints: ["models"] },
    },
    keys: keySection({
      broke: { models_allowed: ["*", "!up/no"], workspace: "gone" },
      limited: { workspace: "limited" },
      once: { workspace: "once" },
      clean: { workspace: "clean" },
    }),
    pricing: { models: { "*": { input: 0, output: 10_000 }, "free/*": { input: 0, output: 0 } } },
    spend_policies: {
      Gone: { limit_usd: 0, window: "total", applies_to: { workspaces: ["gone"] } },
      Costly: { limit_usd: 0, window: "total", applies_to: { providers: ["costly"] } },
      Dollar: { limit_usd: 1, window: "total", applies_to: { workspaces: ["limited", "once", "clean"] } },
    },
    rate_limits: {
      "One a day": { requests: "1/day", applies_to: { workspaces: ["once"] } },
      "Few tokens": { tokens: "1/day", applies_to: { workspaces: ["gone"] } },
      "Small ones": { tokens: "40/day", applies_to: { workspaces: ["clean"] } },
    },
  });
});
afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

describe("a caller whose budget is gone", () => {
  test.each([
    ["400 invalid_request", { body: "{" }],
    ["400 invalid_request", { body: chatBody() }],
    ["404 model_not_found", { model: "nothing/like-this" }],
    ["403 model_not_allowed", { model: "up/other" }],
    ["501 unsupported_endpoint", { model: "no-chat/m" }],
    ["401 invalid_api_key", { model: "up/m", as: "stranger" }],
    ["424 missing_credential", { model: "openai/gpt-4o-mini" }],
    ["402 budget_exceeded", { model: "up/m" }],
  ])("is answered %s", async (expected, question) => {
    expect(outcome(await ask(scene.gateway, { as: "broke", ...question }))).toBe(expected);
  });

  test("is refused for its budget and not for its rate when both stand in the way", async () => {
    const answer = await buy(scene.gateway, 100, { as: "broke" });
    expect([answer.status, answer.headers.get("x-postern-policy")]).toEqual([402, "Gone"]);
    expect(answer.headers.get("retry-after")).toBeNull();
  });

  test("is refused free models too, where the budget covers their provider", async () => {
    expect(outcome(await buy(scene.gateway, 1, { as: "broke", model: "free/m" }))).toBe(
      "402 budget_exceeded",
    );
    expect(outcome(await buy(scene.gateway, 1, { as: "limited", model: "costly/m" }))).toBe(
      "402 budget_exceeded",
    );
    expect((await buy(scene.gateway, 1, { as: "limited", model: "free/m" })).status).toBe(200);
  });

  test("may count tokens and list models, which costs nothing", async () => {
    const counted = await ask(scene.gateway, {
      as: "broke",
      path: "/v1/messages/count_tokens",
      model: "up/m",
    });
    expect([counted.status, counted.json()]).toEqual([200, { input_tokens: 3 }]);
    const list = await get(scene.gateway, "/v1/models", "broke");
    expect(list.status).toBe(200);
    expect(list.text).toContain('"up/m"');
    expect((await get(scene.gateway, "/v1/models/up/m", "broke")).status).toBe(200);
    expect((await get(scene.gateway, "/v1/key", "broke")).status).toBe(200);
    expect(await money(scene.gateway, "Gone")).toEqual({ spent: 0, held: 0 });
  });
});

describe("booked together", () => {
  test("a call refused for its budget uses up no rate allowance", async () => {
    for (let i = 0; i < 3; i++) {
      expect(outcome(await buy(scene.gateway, 101, { as: "once" }))).toBe("402 budget_exceeded");
    }
    expect(await standing(scene.gateway, "One a day")).toMatchObject({ metric: "requests", used: 0 });
    expect((await buy(scene.gateway, 1, { as: "once" })).status).toBe(200);
    expect(outcome(await buy(scene.gateway, 1, { as: "once" }))).toBe("429 rate_limited");
    await eventually(async () => (await standing(scene.gateway, "One a day"))?.used, 1);
  });

  test("a call refused for its rate holds no money", async () => {
    const before = (await money(scene.gateway, "Dollar"))?.spent ?? 0;
    expect(outcome(await buy(scene.gateway, 50, { as: "clean" }))).toBe("429 rate_limited");
    await settled(scene.gateway, "Dollar", before);
  });
});

test("a call that is refused after it was booked gives all of it back", async () => {
  const own = await moneyScene({
    providers: {
      up: { ...upProvider(upstream.url), max_concurrent: 1, max_queue: 1, queue_timeout: "200ms" },
    },
    spend_policies: { Cap: { limit_usd: 1, window: "total" } },
    rate_limits: { Daily: { requests: "2/day", concurrent: 2 } },
  });
  try {
    const { promise: mayAnswer, resolve: release } = Promise.withResolvers<void>();
    upstream.answer(async (request) => {
      await mayAnswer;
      return meteredAnswer(request);
    });
    const first = buy(own.gateway, 40);
    await eventually(() => money(own.gateway, "Cap"), { spent: 0, held: 40 * CENT });
    expect(outcome(await buy(own.gateway, 40))).toBe("503 overloaded");
    expect(await money(own.gateway, "Cap")).toEqual({ spent: 0, held: 40 * CENT });
    release();
    expect((await first).status).toBe(200);
    await settled(own.gateway, "Cap", 40 * CENT);
    expect((await buy(own.gateway, 60)).status).toBe(200);
    await settled(own.gateway, "Cap", 100 * CENT);
  } finally {
    upstream.answer(meteredAnswer);
    await own.stop();
  }
});

describe("a warning", () => {
  const WARNED = "x-postern-budget-warning";

  test("is given from warn_at on, with what was spent before this call", async () => {
    const own = await moneyScene({
      spend_policies: { "Ten dollars": { limit_usd: 10, window: "total" } },
    });
    try {
      const spend = async (tokens: number, stream = false) => {
        const answer = await buy(own.gateway, tokens, { body: { stream } });
        expect(answer.status).toBe(200);
        return answer.headers.get(WARNED);
      };
      expect(await spend(799)).toBeNull();
      await settled(own.gateway, "Ten dollars", 799 * CENT);
      expect(await spend(71)).toBeNull();
      await settled(own.gateway, "Ten dollars", 870 * CENT);
      expect(await spend(30)).toBe("Ten dollars;87%");
      await settled(own.gateway, "Ten dollars", 900 * CENT);
      expect(await standing(own.gateway, "Ten dollars")).toMatchObject({ state: "warning" });
      expect(await spend(10, true)).toBe("Ten dollars;90%");
      await settled(own.gateway, "Ten dollars", 910 * CENT);
      expect(await spend(90)).toBe("Ten dollars;91%");
      await settled(own.gateway, "Ten dollars", 1_000 * CENT);
      expect(await standing(own.gateway, "Ten dollars")).toMatchObject({ state: "blocked" });
      const refused = await buy(own.gateway, 1);
      expect([refused.status, refused.headers.get(WARNED)]).toEqual([402, null]);
    } finally {
      await own.stop();
    }
  });

  test("is all that a policy with `on_breach: warn` gives, counting this call's estimate", async () => {
    const own = await moneyScene({
      spend_policies: {
        Soft: { limit_usd: 1, window: "total", on_breach: "warn", warn_at: "50%" },
        Off: { limit_usd: 0, window: "total", enabled: false },
      },
    });
    try {
      const spend = async (tokens: number) => {
        const answer = await buy(own.gateway, tokens);
        return [answer.status, answer.headers.get(WARNED)];
      };
      expect(await spend(49)).toEqual([200, null]);
      await settled(own.gateway, "Soft", 49 * CENT);
      expect(await spend(38)).toEqual([200, "Soft;87%"]);
      await settled(own.gateway, "Soft", 87 * CENT);
      expect(await spend(113)).toEqual([200, "Soft;200%"]);
      await settled(own.gateway, "Soft", 200 * CENT);
      expect(await standing(own.gateway, "Off")).toMatchObject({
        enabled: false,
        spent_nano_usd: 200 * CENT,
      });
    } finally {
      await own.stop();
    }
  });
});
