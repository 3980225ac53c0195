// Names that are odd: whose call it was, and what is kept of a name, must not depend on how it is spelled.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { virtualKey } from "../support/keys.ts";
import { admin, policies, rowOf, spend } from "../support/money-account.ts";
import { buy, type MoneyScene, moneyScene, upProvider } from "../support/money-scene.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

/** Nobody names a policy like this, and SQL, JSON and URLs have to bear it. */
const ODD = "Ω 💸 \u202e 'x\"; DROP TABLE requests;-- /%2f..";

let upstream: FakeUpstream;
let scene: MoneyScene;
let rounds = 0;
let headers: { "x-postern-request-id": string };

beforeAll(async () => {
  upstream = fakeUpstream();
  scene = await moneyScene({
    providers: {
      a: upProvider(upstream.url),
      "a/b": upProvider(upstream.url),
      capped: upProvider(upstream.url),
    },
    pricing: { models: { "*": { input: 10, output: 10_000 } } },
    spend_policies: {
      "Each model": { limit_usd: 1_000, window: "total", each: "model" },
      "No model": { limit_usd: 0.000_001, window: "total", applies_to: { models: ["capped/*"] } },
      [ODD]: { limit_usd: 10_000_000, window: "total", each: { header: "X-Gateway-Customer" } },
    },
  });
});
beforeEach(() => {
  headers = { "x-postern-request-id": `audit-names-${++rounds}` };
});
afterAll(async () => {
  await scene?.stop();
  await upstream?.stop();
});

async function row() {
  return await rowOf(scene.gateway, headers["x-postern-request-id"]);
}

test("providers whose names and models look alike keep their accounts apart", async () => {
  const calls = [
    ["/providers/a/v1/chat/completions", "b/c", "a"],
    ["/providers/a%2Fb/v1/chat/completions", "c", "a/b"],
    ["/providers/a/v1/chat/completions", "b/c", "a"],
  ] as const;
  for (const [path, model, provider] of calls) {
    headers = { "x-postern-request-id": `audit-names-${++rounds}` };
    await buy(scene.gateway, 1, { path, model, headers });
    expect(await row()).toMatchObject({ provider, model, target: "a/b/c" });
  }
  const { rows } = await spend(scene.gateway, "by=provider&window=total");
  expect(Object.fromEntries(rows.map(({ name, requests }) => [name, requests]))).toMatchObject({
    a: 2,
    "a/b": 1,
  });
});

test("a policy about models is not evaded by naming none", async () => {
  const path = "/providers/capped/v1/chat/completions";
  for (const body of [{}, { model: undefined }]) {
    const answer = await buy(scene.gateway, 5, { path, model: "m", headers, body });
    expect([answer.status, answer.code]).toEqual([402, "budget_exceeded"]);
  }
  const list = await scene.gateway.fetch("/providers/capped/v1/models", {
    headers: { authorization: `Bearer ${virtualKey("caller")}` },
  });
  expect(list.status).toBe(200);
});

test("a key that was put where the model belongs is not kept", async () => {
  await buy(scene.gateway, 1, { model: `a/${virtualKey("caller")}`, headers });
  expect(await row()).toMatchObject({ model: "[key]", requested_model: "a/[key]" });
  const folder = dirname(scene.store);
  for (const name of readdirSync(folder)) {
    const isKept = readFileSync(join(folder, name)).includes(virtualKey("caller"));
    expect([name, isKept]).toEqual([name, false]);
  }
});

test("of a model's endless name only the beginning is kept", async () => {
  const answer = await buy(scene.gateway, 1, { model: `a/${"x".repeat(200_000)}`, headers });
  expect(answer.status).toBe(200);
  expect(String((await row())["model"])).toHaveLength(300);
});

test("a policy may have any name: it is counted, found, and started again", async () => {
  await buy(scene.gateway, 1, { model: "a/m", headers: { ...headers, "x-gateway-customer": "o'neil\"" } });
  await row();
  const found = await admin(scene.gateway, `requests?policy=${encodeURIComponent(ODD)}`);
  expect(((await found.json()) as { rows: unknown[] }).rows).toHaveLength(1);
  const body = JSON.stringify({ subject: "o'neil\"" });
  const reset = await admin(scene.gateway, `policies/${encodeURIComponent(ODD)}/reset`, {
    method: "POST",
    body,
  });
  expect(await reset.json()).toMatchObject({ rows: [{ subject: "o'neil\"", spent_nano_usd: 0 }] });
  const mine = (await policies(scene.gateway)).find(({ name }) => name === ODD);
  // More nano-dollars than a number holds exactly.
  expect(mine).toMatchObject({ limit_nano_usd: "10000000000000000", limit_usd: "10000000" });
});

describe("a caller who is known leaves a row, wherever it went", () => {
  test.each([
    ["GET", "/v1/nothing", 404],
    ["PUT", "/v1/chat/completions", 405],
    ["POST", "/providers/a/v1/audio/speech", 501],
    ["POST", "/providers/nowhere/v1/chat/completions", 404],
  ])("%s %s", async (method, path, status) => {
    const answer = await scene.gateway.fetch(path, {
      method,
      headers: { ...headers, authorization: `Bearer ${virtualKey("caller")}` },
    });
    expect(answer.status).toBe(status);
    expect(await row()).toMatchObject({ key: "caller", status, cost_nano_usd: 0, ended: "refused" });
  });

  test("and one who is not leaves none", async () => {
    const answer = await scene.gateway.fetch("/v1/nothing", { headers });
    expect(answer.status).toBe(401);
    await buy(scene.gateway, 1, { model: "a/m", headers: { "x-postern-request-id": "audit-names-after" } });
    await rowOf(scene.gateway, "audit-names-after");
    const { status } = await admin(scene.gateway, `requests/${headers["x-postern-request-id"]}`);
    expect(status).toBe(404);
  });
});
