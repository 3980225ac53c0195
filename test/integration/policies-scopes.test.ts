// Whom a policy counts: groups, each subject, single limits, several conditions, patterns, headers.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { eventually, policies, settled, standing } from "../support/money-account.ts";
import {
  buy,
  CENT,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  type Purchase,
  upProvider,
} from "../support/money-scene.ts";
import { fakeUpstream } from "../support/upstream.ts";

const upstream = fakeUpstream(meteredAnswer);

/** One dollar, that is 100 tokens, for ever. */
const DOLLAR = { limit_usd: 1, window: "total" };

let scene: MoneyScene;

beforeAll(async () => {
  const up = upProvider(upstream.url);
  scene = await moneyScene({
    providers: { up, free: up, group: up, each: up, both: up, tenants: up, strict: up },
    models: { "nick/one": "both/named" },
    pricing: {
      models: { "*": { input: 0, output: 10_000 }, "free/*": { input: 0, output: 0 } },
    },
    keys: keySection({
      a1: { user: "ann@acme.com", workspace: "alpha", aliases: { secret: "free/aliased" } },
      a2: { user: "ann@acme.com", workspace: "alpha" },
      b1: { user: "bob@acme.com", workspace: "alpha" },
      c1: { user: "cid@acme.com", workspace: "gamma" },
      lonely: {},
    }),
    spend_policies: {
      Alpha: { ...DOLLAR, applies_to: { providers: ["group"], workspaces: ["alpha", "gamma"] } },
      "Each user": {
        ...DOLLAR,
        each: "user",
        applies_to: { providers: ["each"] },
        overrides: { "bob@acme.com": 2 },
      },
      "Both fit": { ...DOLLAR, applies_to: { workspaces: ["alpha"], models: ["both/m-*", "!both/m-free"] } },
      "By alias": { limit_usd: 0, window: "total", applies_to: { models: ["secret"] } },
      "By public name": { ...DOLLAR, applies_to: { models: ["nick/*"] } },
      "Each customer": {
        ...DOLLAR,
        each: { header: "X-Gateway-Customer" },
        applies_to: { providers: ["tenants"] },
      },
      "Acme only": {
        ...DOLLAR,
        applies_to: { providers: ["tenants"], header: { "X-Gateway-Plan": "Trial" } },
      },
      "Each project": {
        ...DOLLAR,
        each: { header: "X-Gateway-Project", required: true },
        applies_to: { providers: ["strict"] },
      },
    },
  });
});
afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

/** Status, and the policies that refused. */
async function outcomeOf(tokens: number, purchase: Purchase): Promise<string> {
  const answer = await buy(scene.gateway, tokens, purchase);
  return [answer.status, answer.headers.get("x-postern-policy") ?? []].flat().join(" ");
}

describe("a group", () => {
  test("shares one counter", async () => {
    expect(await outcomeOf(40, { as: "a1", model: "group/m" })).toBe("200");
    expect(await outcomeOf(40, { as: "c1", model: "group/m" })).toBe("200");
    await settled(scene.gateway, "Alpha", 80 * CENT);
    expect(await outcomeOf(21, { as: "b1", model: "group/m" })).toBe("402 Alpha");
    expect(await outcomeOf(20, { as: "b1", model: "group/m" })).toBe("200");
    expect(await outcomeOf(100, { as: "lonely", model: "group/m" })).toBe("200");
    await settled(scene.gateway, "Alpha", 100 * CENT);
  });
});

describe("`each`", () => {
  test("gives each subject a counter of its own, over all its keys", async () => {
    expect(await outcomeOf(60, { as: "a1", model: "each/m" })).toBe("200");
    expect(await outcomeOf(60, { as: "a2", model: "each/m" })).toBe("402 Each user");
    expect(await outcomeOf(100, { as: "c1", model: "each/m" })).toBe("200");
    await settled(scene.gateway, "Each user", 60 * CENT, "ann@acme.com");
    await settled(scene.gateway, "Each user", 100 * CENT, "cid@acme.com");
  });

  test("may give single subjects another limit", async () => {
    expect(await outcomeOf(201, { as: "b1", model: "each/m" })).toBe("402 Each user");
    expect(await outcomeOf(200, { as: "b1", model: "each/m" })).toBe("200");
    await settled(scene.gateway, "Each user", 200 * CENT, "bob@acme.com");
    expect(await standing(scene.gateway, "Each user", "bob@acme.com")).toMatchObject({
      limit_nano_usd: 200 * CENT,
    });
  });

  test("is no matter of calls without such a subject", async () => {
    expect(await outcomeOf(500, { as: "lonely", model: "each/m" })).toBe("200");
    const subjects = (await policies(scene.gateway)).filter(({ name }) => name === "Each user");
    expect(subjects.map(({ subject }) => subject).toSorted()).toEqual([
      "ann@acme.com",
      "bob@acme.com",
      "cid@acme.com",
    ]);
  });
});

describe("conditions", () => {
  test("must all fit; patterns of models may exclude", async () => {
    expect(await outcomeOf(60, { as: "a1", model: "both/m-1" })).toBe("200");
    await settled(scene.gateway, "Both fit", 60 * CENT);
    expect(await outcomeOf(60, { as: "a1", model: "both/m-2" })).toBe("402 Both fit");
    expect(await outcomeOf(60, { as: "c1", model: "both/m-2" })).toBe("200");
    expect(await outcomeOf(60, { as: "a1", model: "both/m-free" })).toBe("200");
    expect(await outcomeOf(60, { as: "a1", model: "both/other" })).toBe("200");
    await settled(scene.gateway, "Both fit", 60 * CENT);
  });

  test("on models are tried on the public name too", async () => {
    expect(await outcomeOf(60, { as: "a1", model: "nick/one" })).toBe("200");
    expect(await outcomeOf(60, { as: "a1", model: "both/named" })).toBe("200");
    await settled(scene.gateway, "By public name", 60 * CENT);
    expect(await outcomeOf(41, { as: "a1", model: "nick/one" })).toBe("402 By public name");
    // An alias is the key's own word: it does not count.
    expect(await outcomeOf(1, { as: "a1", model: "secret" })).toBe("200");
  });
});

describe("headers", () => {
  const as = "lonely";
  const model = "tenants/m";

  test("name subjects, in whatever spelling, also in X-Gateway-Metadata", async () => {
    expect(await outcomeOf(50, { as, model, headers: { "x-gateway-customer": "acme" } })).toBe("200");
    expect(await outcomeOf(30, { as, model, headers: { "X-Gateway-Metadata": '{"customer":"acme"}' } })).toBe(
      "200",
    );
    await settled(scene.gateway, "Each customer", 80 * CENT, "acme");
    const headers = { "X-GATEWAY-CUSTOMER": "acme" };
    expect(await outcomeOf(30, { as, model, headers })).toBe("402 Each customer");
    expect(await outcomeOf(30, { as, model, headers: { "X-Gateway-Customer": "Acme" } })).toBe("200");
    expect(await outcomeOf(300, { as, model })).toBe("200");
    await settled(scene.gateway, "Each customer", 80 * CENT, "acme");
    await settled(scene.gateway, "Each customer", 30 * CENT, "Acme");
  });

  test("fit a condition exactly", async () => {
    for (const plan of ["trial", "Trial2", "*"]) {
      expect(await outcomeOf(300, { as, model, headers: { "x-gateway-plan": plan } })).toBe("200");
    }
    expect(await outcomeOf(101, { as, model, headers: { "x-gateway-plan": "Trial" } })).toBe("402 Acme only");
    expect(await outcomeOf(100, { as, model, headers: { "x-gateway-plan": "Trial" } })).toBe("200");
    await settled(scene.gateway, "Acme only", 100 * CENT);
  });

  test("that are required: 400 without", async () => {
    const before = upstream.requests.length;
    for (const headers of [{}, { "x-gateway-project": "" }, { "x-gateway-metadata": "{}" }]) {
      const answer = await buy(scene.gateway, 1, { as, model: "strict/m", headers });
      expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
      expect(answer.message.toLowerCase()).toContain("x-gateway-project");
    }
    expect(upstream.requests).toHaveLength(before);
    expect(await outcomeOf(10, { as, model: "strict/m", headers: { "x-gateway-project": "p" } })).toBe("200");
    await settled(scene.gateway, "Each project", 10 * CENT, "p");
  });

  test("are never sent on", async () => {
    await buy(scene.gateway, 1, {
      as,
      model,
      headers: { "x-gateway-customer": "hidden", "x-gateway-metadata": "{}" },
    });
    const names = Object.keys(upstream.requests.at(-1)?.headers ?? {});
    expect(names.filter((name) => name.startsWith("x-gateway"))).toEqual([]);
  });
});

test("a policy with nothing spent is listed at 0, and `each` without a subject as null", async () => {
  const fresh = await moneyScene({
    spend_policies: { Unused: DOLLAR, "Unused each": { ...DOLLAR, each: "model" } },
  });
  try {
    expect(await policies(fresh.gateway)).toMatchObject([
      {
        name: "Unused",
        kind: "spend",
        subject: null,
        limit_nano_usd: 1e9,
        spent_nano_usd: 0,
        reserved_nano_usd: 0,
      },
      { name: "Unused each", kind: "spend", spent_nano_usd: 0 },
    ]);
    expect((await buy(fresh.gateway, 5, { model: "up/one" })).status).toBe(200);
    expect((await buy(fresh.gateway, 7, { model: "up/two" })).status).toBe(200);
    await eventually(
      async () =>
        (await policies(fresh.gateway))
          .filter(({ name }) => name === "Unused each")
          .map(({ spent_nano_usd }) => spent_nano_usd / CENT)
          .toSorted(),
      [5, 7],
    );
  } finally {
    await fresh.stop();
  }
});
