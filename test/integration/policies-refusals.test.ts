// What a caller is told whose budget is used up: status, envelope, headers, and a sentence that says what to do.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { keySection, type Verdict } from "../support/callers.ts";
import { eventually, money, rowFor } from "../support/money-account.ts";
import {
  buy,
  CENT,
  CENT_PER_TOKEN,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  upProvider,
} from "../support/money-scene.ts";
import { eventStream, fakeUpstream } from "../support/upstream.ts";

const upstream = fakeUpstream(meteredAnswer);

/** Nothing may be spent: the first call is refused already. */
const NOTHING = { limit_usd: 0, window: "day" };

/** Narrowest first in the file, so that the order of a refusal is not that of the file. */
const BY_BREADTH = {
  "A customer": { ...NOTHING, applies_to: { header: { "X-Gateway-Customer": "acme" } } },
  "A model": { ...NOTHING, applies_to: { models: ["only/all"] } },
  "A provider": { ...NOTHING, applies_to: { providers: ["only"] } },
  "A key": { ...NOTHING, applies_to: { keys: ["everyone"] } },
  "A user": { ...NOTHING, applies_to: { users: ["eve@acme.com"] } },
  "A workspace": { ...NOTHING, applies_to: { workspaces: ["all"] } },
};

let scene: MoneyScene;

beforeAll(async () => {
  scene = await moneyScene({
    providers: { up: upProvider(upstream.url), only: upProvider(upstream.url) },
    pricing: { models: { "*": CENT_PER_TOKEN } },
    keys: keySection({
      alice: { user: "alice@acme.com", workspace: "research" },
      bob: { user: "bob@acme.com", workspace: "ops" },
      laptop: {},
      loud: { workspace: "loud" },
      agent: { workspace: "agents" },
      odd: { workspace: "odd" },
      everyone: { user: "eve@acme.com", workspace: "all" },
      twice: { workspace: "twice" },
    }),
    spend_policies: {
      "R&D Spend Cap": { ...NOTHING, applies_to: { workspaces: ["research"] } },
      "Ops: hourly": { limit_usd: 2, window: "day", applies_to: { workspaces: ["ops"] } },
      Laptop: { limit_usd: 2, window: "month", applies_to: { keys: ["laptop"] } },
      Loud: { limit_usd: 2, window: "total", show_amounts: true, applies_to: { workspaces: ["loud"] } },
      Agents: { ...NOTHING, status: 429, applies_to: { workspaces: ["agents"] } },
      "Größe €": { ...NOTHING, applies_to: { workspaces: ["odd"] } },
      "Second here": { ...NOTHING, applies_to: { workspaces: ["twice"] } },
      "First here": { ...NOTHING, applies_to: { workspaces: ["twice"] } },
      "Passed by": { limit_usd: 1_000, window: "day" },
      ...BY_BREADTH,
    },
  });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

function errorOf(answer: Verdict): Record<string, unknown> {
  return answer.json()["error"] as Record<string, unknown>;
}

describe("the refusal", () => {
  test.each(["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"])(
    "on %s: 402 in the OpenAI envelope, final for every SDK",
    async (path) => {
      const answer = await buy(scene.gateway, 1, { as: "alice", path, body: { input: "x", prompt: "x" } });
      expect(answer.status).toBe(402);
      expect(errorOf(answer)).toMatchObject({ type: "insufficient_quota", code: "insufficient_quota" });
      expect(answer.code).toBe("budget_exceeded");
      expect(answer.headers.get("x-postern-policy")).toBe("R&D Spend Cap");
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect(answer.headers.get("retry-after")).toBeNull();
      expect(answer.headers.get("retry-after-ms")).toBeNull();
      expect(answer.message).toStartWith("Request blocked by gateway policies: R&D Spend Cap.");
      expect(upstream.requests).toHaveLength(0);
    },
  );

  test("on /v1/messages: a billing_error in the Anthropic envelope", async () => {
    const answer = await buy(scene.gateway, 1, { as: "alice", path: "/v1/messages" });
    expect(answer.status).toBe(402);
    expect(answer.json()).toMatchObject({
      type: "error",
      error: { type: "billing_error", details: { error_code: "budget_exceeded" } },
      request_id: answer.headers.get("x-postern-request-id"),
    });
    expect(answer.headers.get("request-id")).toBe(answer.headers.get("x-postern-request-id"));
    expect(answer.message).toStartWith("Request blocked by gateway policies: R&D Spend Cap.");
    expect(answer.code).toBe("budget_exceeded");
    expect(answer.headers.get("x-postern-policy")).toBe("R&D Spend Cap");
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.headers.get("retry-after")).toBeNull();
  });

  test("of a stream is plain JSON too", async () => {
    upstream.answer(() => eventStream("data: [DONE]\n\n"));
    const answer = await buy(scene.gateway, 1, { as: "alice", body: { stream: true } });
    expect(answer.status).toBe(402);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(errorOf(answer)).toMatchObject({ code: "insufficient_quota" });
  });

  test.each(["/providers/up/v1/chat/completions", "/models/nick/v1/chat/completions"])(
    "holds on %s as well",
    async (path) => {
      const own = await moneyScene({
        models: { nick: "up/m" },
        spend_policies: { Nothing: { ...NOTHING, applies_to: { models: ["up/m"] } } },
      });
      try {
        const answer = await buy(own.gateway, 1, { path, model: "m" });
        expect([answer.status, answer.headers.get("x-postern-policy")]).toEqual([402, "Nothing"]);
        expect(own.upstream.requests).toHaveLength(0);
      } finally {
        await own.stop();
      }
    },
  );

  test("with `status: 429` keeps its words and has no retry-after", async () => {
    const answer = await buy(scene.gateway, 1, { as: "agent" });
    expect(answer.status).toBe(429);
    expect(answer.code).toBe("budget_exceeded");
    expect(errorOf(answer)).toMatchObject({ code: "insufficient_quota" });
    expect(answer.headers.get("x-postern-policy")).toBe("Agents");
    expect(answer.headers.get("x-should-retry")).toBeNull();
    expect(answer.headers.get("retry-after")).toBeNull();
  });

  test("names a policy beyond ASCII percent-encoded in the header, as it is in the message", async () => {
    const answer = await buy(scene.gateway, 1, { as: "odd" });
    const named = answer.headers.get("x-postern-policy") ?? "";
    expect(named).toMatch(/^[\x20-\x7e]+$/);
    expect(decodeURIComponent(named)).toBe("Größe €");
    expect(answer.message).toStartWith("Request blocked by gateway policies: Größe €.");
  });

  test("leaves a row that tells matched, passed and violated policies", async () => {
    const row = await rowFor(scene.gateway, await buy(scene.gateway, 1, { as: "alice" }));
    expect(row).toMatchObject({ status: 402, code: "budget_exceeded", cost_nano_usd: 0, ended: "refused" });
    expect(row.policies.violated).toEqual(["R&D Spend Cap"]);
    expect(row.policies.matched.toSorted()).toEqual(["Passed by", "R&D Spend Cap"]);
  });
});

describe("several policies", () => {
  test("are named broadest first, whatever their order in the file", async () => {
    const answer = await buy(scene.gateway, 1, {
      as: "everyone",
      model: "only/all",
      headers: { "x-gateway-customer": "acme" },
    });
    const names = Object.keys(BY_BREADTH).toReversed().join(", ");
    expect(answer.status).toBe(402);
    expect(answer.message).toStartWith(`Request blocked by gateway policies: ${names}.`);
    expect(answer.headers.get("x-postern-policy")).toBe(names);
    expect((await rowFor(scene.gateway, answer)).policies.violated.toSorted()).toEqual(
      Object.keys(BY_BREADTH).toSorted(),
    );
  });

  test("as broad as each other stand in the order of the file", async () => {
    const answer = await buy(scene.gateway, 1, { as: "twice" });
    expect(answer.headers.get("x-postern-policy")).toBe("Second here, First here");
  });
});

describe("amounts", () => {
  test("stand in the refusal of a policy about one key", async () => {
    expect((await buy(scene.gateway, 200, { as: "laptop" })).status).toBe(200);
    await eventually(() => money(scene.gateway, "Laptop"), { spent: 200 * CENT, held: 0 });
    const { message } = await buy(scene.gateway, 1, { as: "laptop" });
    expect(message).toMatch(
      /^Request blocked by gateway policies: Laptop\. Spent \$2\.00 of \$2\.00 for key laptop; resets \d{4}-\d\d-01T00:00:00Z\./,
    );
  });

  test("not in that of a wider one", async () => {
    expect((await buy(scene.gateway, 200, { as: "bob" })).status).toBe(200);
    await eventually(() => money(scene.gateway, "Ops: hourly"), { spent: 200 * CENT, held: 0 });
    const { message } = await buy(scene.gateway, 1, { as: "bob" });
    expect(message).toStartWith("Request blocked by gateway policies: Ops: hourly.");
    expect(message).not.toContain("$");
    expect(message).toMatch(/resets \d{4}-\d\d-\d\dT00:00:00Z/);
  });

  test("unless it is told to show them", async () => {
    expect((await buy(scene.gateway, 200, { as: "loud" })).status).toBe(200);
    await eventually(() => money(scene.gateway, "Loud"), { spent: 200 * CENT, held: 0 });
    const { message } = await buy(scene.gateway, 1, { as: "loud" });
    expect(message).toStartWith(
      "Request blocked by gateway policies: Loud. Spent $2.00 of $2.00 for workspace loud;",
    );
  });
});
