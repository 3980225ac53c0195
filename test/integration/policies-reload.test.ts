// Policies that change while the gateway runs: which counters go on, which begin again, and what is under way.

import { afterEach, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { money, policies, settled, standing } from "../support/money-account.ts";
import { usageChunk } from "../support/money-formats.ts";
import { buy, CENT, type MoneyScene, moneyScene, order, type Settings } from "../support/money-scene.ts";
import { DONE, firstChunk, lastChunk, type PacedStream, pacedStream } from "../support/upstream.ts";

/** One dollar, that is 100 tokens, for ever. */
const DOLLAR = { limit_usd: 1, window: "total" };
/** Counts all calls, whatever becomes of the others: tells when a call was booked. */
const OTHER = { Wide: { limit_usd: 1_000, window: "total" } };

let scene: MoneyScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

async function start(spendPolicies: Settings): Promise<MoneyScene> {
  scene = await moneyScene({
    keys: keySection({ caller: { user: "cal@acme.com", workspace: "research" } }),
    spend_policies: { ...OTHER, ...spendPolicies },
  });
  return scene;
}

async function reloadTo(running: MoneyScene, spendPolicies: Settings): Promise<void> {
  await running.reload({ spend_policies: { ...OTHER, ...spendPolicies } });
}

/** A stream that has begun to answer, with 50 tokens held. */
async function begin({
  gateway,
  upstream,
}: MoneyScene): Promise<{ stream: PacedStream; end: () => Promise<void> }> {
  const stream = pacedStream();
  upstream.answer(() => stream.response);
  const ordered = order(gateway, 50, { body: { stream: true } });
  stream.send(firstChunk("a"));
  const answer = await ordered;
  expect(answer.status).toBe(200);
  const end = async () => {
    stream.send(lastChunk() + usageChunk({ prompt_tokens: 3, completion_tokens: 40 }) + DONE);
    stream.end();
    await answer.text();
  };
  return { stream, end };
}

describe("what was spent", () => {
  test("is kept when limit, warn_at, on_breach, status, show_amounts or enabled change", async () => {
    const running = await start({ Cap: DOLLAR });
    expect((await buy(running.gateway, 60)).status).toBe(200);
    await settled(running.gateway, "Cap", 60 * CENT);
    await reloadTo(running, { Cap: { ...DOLLAR, limit_usd: 0.5, status: 429, show_amounts: true } });
    const refused = await buy(running.gateway, 1);
    expect([refused.status, refused.code]).toEqual([429, "budget_exceeded"]);
    expect(refused.message).toContain("Spent $0.60 of $0.50");
    await reloadTo(running, { Cap: { ...DOLLAR, limit_usd: 0.5, on_breach: "warn", warn_at: "10%" } });
    expect((await buy(running.gateway, 10)).headers.get("x-postern-budget-warning")).toBe("Cap;140%");
    await settled(running.gateway, "Cap", 70 * CENT);
    await reloadTo(running, { Cap: { ...DOLLAR, enabled: false } });
    expect((await buy(running.gateway, 20)).status).toBe(200);
    await settled(running.gateway, "Cap", 90 * CENT);
    await reloadTo(running, { Cap: { ...DOLLAR, limit_usd: 2 } });
    expect((await buy(running.gateway, 111)).status).toBe(402);
    expect((await buy(running.gateway, 110)).status).toBe(200);
    await settled(running.gateway, "Cap", 200 * CENT);
  });

  test.each([
    ["window", DOLLAR, { ...DOLLAR, window: "month" }, [null, null]],
    [
      "time zone",
      { ...DOLLAR, window: "month" },
      { ...DOLLAR, window: "month", timezone: "Asia/Tokyo" },
      [null, null],
    ],
    ["each", DOLLAR, { ...DOLLAR, each: "user" }, [null, "cal@acme.com"]],
    ["applies_to", DOLLAR, { ...DOLLAR, applies_to: { workspaces: ["research"] } }, [null, null]],
  ] as const)(
    "begins at 0 when its %s changes; changed back, the old counter goes on",
    async (_what, one, two, who) => {
      const running = await start({ Cap: one });
      expect((await buy(running.gateway, 60)).status).toBe(200);
      await settled(running.gateway, "Cap", 60 * CENT, who[0]);
      await reloadTo(running, { Cap: two });
      expect((await buy(running.gateway, 70)).status).toBe(200);
      await settled(running.gateway, "Cap", 70 * CENT, who[1]);
      expect((await buy(running.gateway, 31)).status).toBe(402);
      await reloadTo(running, { Cap: one });
      expect(await money(running.gateway, "Cap", who[0])).toEqual({ spent: 60 * CENT, held: 0 });
      expect((await buy(running.gateway, 41)).status).toBe(402);
      expect((await buy(running.gateway, 40)).status).toBe(200);
    },
  );

  test("survives a restart under another configuration", async () => {
    const running = await start({ Cap: DOLLAR });
    expect((await buy(running.gateway, 60)).status).toBe(200);
    await running.restart({ spend_policies: OTHER });
    expect((await buy(running.gateway, 60)).status).toBe(200);
    await running.restart({ spend_policies: { Cap: DOLLAR } });
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 60 * CENT, held: 0 });
  });
});

describe("a stream under way", () => {
  test("is not added to a policy that comes, and settles into one that is gone", async () => {
    const running = await start({ Old: DOLLAR });
    const { end } = await begin(running);
    expect(await money(running.gateway, "Old")).toEqual({ spent: 0, held: 50 * CENT });
    await reloadTo(running, { New: DOLLAR });
    expect(await money(running.gateway, "New")).toEqual({ spent: 0, held: 0 });
    expect(await standing(running.gateway, "Old")).toBeUndefined();
    await end();
    await settled(running.gateway, "Wide", 40 * CENT);
    expect(await money(running.gateway, "New")).toEqual({ spent: 0, held: 0 });
    await reloadTo(running, { Old: DOLLAR, New: DOLLAR });
    expect(await money(running.gateway, "Old")).toEqual({ spent: 40 * CENT, held: 0 });
  });

  test("keeps its hold and its price over a reload", async () => {
    const running = await start({ Cap: DOLLAR });
    const { end } = await begin(running);
    await running.reload({
      spend_policies: { ...OTHER, Cap: { ...DOLLAR, limit_usd: 0.6 } },
      pricing: { models: { "up/*": { input: 0, output: 20_000 } } },
    });
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 0, held: 50 * CENT });
    expect((await buy(running.gateway, 6)).status).toBe(402);
    await end();
    await settled(running.gateway, "Cap", 40 * CENT);
    expect((await buy(running.gateway, 11)).status).toBe(402);
  });

  test("settles into the counter of the shape it began with", async () => {
    const running = await start({ Cap: DOLLAR });
    const { end } = await begin(running);
    await reloadTo(running, { Cap: { ...DOLLAR, window: "month" } });
    await end();
    await settled(running.gateway, "Wide", 40 * CENT);
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 0, held: 0 });
    await reloadTo(running, { Cap: DOLLAR });
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 40 * CENT, held: 0 });
  });
});

test("a reload with mistakes changes no policy", async () => {
  const running = await start({ Cap: DOLLAR });
  expect((await buy(running.gateway, 100)).status).toBe(200);
  const names = async () => (await policies(running.gateway)).map(({ name }) => name);
  const before = await names();
  await Bun.write(
    `${running.gateway.dir}/config.yaml`,
    running.yaml.replace("window: total", "window: fortnight"),
  );
  await running.gateway.logged((line) => JSON.stringify(line).includes("window"));
  expect(await names()).toEqual(before);
  expect((await buy(running.gateway, 1)).status).toBe(402);
});
