// Estimates are held before a call and given back after it: parallel calls cannot pass a cap together.

import { afterEach, expect, test } from "bun:test";
import type { Verdict } from "../support/callers.ts";
import { eventually, money, settled } from "../support/money-account.ts";
import { usageChunk } from "../support/money-formats.ts";
import {
  buy,
  CENT,
  chatReply,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  order,
} from "../support/money-scene.ts";
import { DONE, firstChunk, lastChunk, pacedStream } from "../support/upstream.ts";

let scene: MoneyScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

async function start(limitUsd: number, more: Readonly<Record<string, unknown>> = {}): Promise<MoneyScene> {
  scene = await moneyScene({
    spend_policies: { Cap: { limit_usd: limitUsd, window: "total", applies_to: { keys: ["caller"] } } },
    ...more,
  });
  return scene;
}

function countOf(answers: readonly Verdict[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

test("500 parallel calls against a cap that fits 20: exactly 20 succeed", async () => {
  const { gateway, upstream } = await start(0.2);
  const answers = await Promise.all(Array.from({ length: 500 }, () => buy(gateway, 1)));
  expect([countOf(answers, 200), countOf(answers, 402)]).toEqual([20, 480]);
  expect(upstream.requests).toHaveLength(20);
  await settled(gateway, "Cap", 20 * CENT);
});

test("also while none of them has been answered, and the next ones are told to wait", async () => {
  const { gateway, upstream } = await start(0.2);
  const { promise: mayAnswer, resolve: release } = Promise.withResolvers<void>();
  upstream.answer(async (request) => {
    await mayAnswer;
    return meteredAnswer(request);
  });
  const running = Array.from({ length: 20 }, () => buy(gateway, 1));
  await eventually(() => money(gateway, "Cap"), { spent: 0, held: 20 * CENT });
  const late = await Promise.all(Array.from({ length: 100 }, () => buy(gateway, 1)));
  expect(countOf(late, 402)).toBe(100);
  release();
  expect(countOf(await Promise.all(running), 200)).toBe(20);
  expect(upstream.requests).toHaveLength(20);
  await settled(gateway, "Cap", 20 * CENT);
});

test("what was held too much is given back: calls that cost less than they may go on until it is used up", async () => {
  const { gateway } = await start(1);
  for (let i = 0; i < 9; i++) expect((await buy(gateway, 20, { used: 10 })).status).toBe(200);
  await settled(gateway, "Cap", 90 * CENT);
  expect((await buy(gateway, 11, { used: 1 })).status).toBe(402);
  expect((await buy(gateway, 10, { used: 10 })).status).toBe(200);
  await settled(gateway, "Cap", 100 * CENT);
  expect((await buy(gateway, 1, { used: 0 })).status).toBe(402);
});

test("a failed call gives everything back", async () => {
  const { gateway, upstream } = await start(1);
  upstream.answer(() => Response.json({ error: { message: "no", type: "server_error" } }, { status: 500 }));
  for (let i = 0; i < 3; i++) expect((await buy(gateway, 100)).status).toBe(500);
  await settled(gateway, "Cap", 0);
  upstream.answer(meteredAnswer);
  expect((await buy(gateway, 100)).status).toBe(200);
});

test("where only running calls stand in the way, the text says so, and trying again makes sense", async () => {
  const { gateway, upstream } = await start(6);
  expect((await buy(gateway, 120)).status).toBe(200);
  const streams = [pacedStream(), pacedStream()];
  let next = 0;
  upstream.answer((request) => streams[next++]?.response ?? meteredAnswer(request));
  const orders = streams.map(() => order(gateway, 195, { body: { stream: true } }));
  await eventually(() => money(gateway, "Cap"), { spent: 120 * CENT, held: 390 * CENT });
  const held = await buy(gateway, 100);
  expect(held.status).toBe(402);
  expect(held.message).toStartWith("Request blocked by gateway policies: Cap.");
  expect(held.message).toContain("$1.20 spent, $3.90 held by 2 running requests");
  expect(held.headers.get("x-should-retry")).toBeNull();
  const tooLarge = await buy(gateway, 481);
  expect(tooLarge.status).toBe(402);
  expect(tooLarge.headers.get("x-should-retry")).toBe("false");
  for (const stream of streams) {
    stream.send(
      firstChunk("a") + lastChunk() + usageChunk({ prompt_tokens: 3, completion_tokens: 5 }) + DONE,
    );
    stream.end();
  }
  for (const answer of await Promise.all(orders)) await answer.text();
  await settled(gateway, "Cap", 130 * CENT);
  expect((await buy(gateway, 470)).status).toBe(200);
});

test("a stream whose cost passes what was held is not cut off, and is charged whole", async () => {
  const { gateway, upstream } = await start(1);
  const stream = pacedStream();
  upstream.answer(() => stream.response);
  const ordered = order(gateway, 10, { body: { stream: true } });
  stream.send(firstChunk("word ".repeat(500)) + lastChunk());
  stream.send(usageChunk({ prompt_tokens: 3, completion_tokens: 500 }) + DONE);
  stream.end();
  expect(await (await ordered).text()).toEndWith(DONE);
  await settled(gateway, "Cap", 500 * CENT);
});

test("several answers of one call are held", async () => {
  const { gateway } = await start(1);
  expect((await buy(gateway, 34, { body: { n: 3 } })).status).toBe(402);
  expect((await buy(gateway, 33, { body: { n: 3 }, used: 99 })).status).toBe(200);
  await settled(gateway, "Cap", 99 * CENT);
});

test("max_completion_tokens, max_output_tokens and max_tokens bound what is held, each in its format", async () => {
  const { gateway, upstream } = await start(1);
  upstream.answer(() => Response.json(chatReply(1)));
  const limits = [
    ["/v1/chat/completions", { max_completion_tokens: 10, max_tokens: undefined }],
    ["/v1/responses", { max_output_tokens: 10, max_tokens: undefined, input: "x" }],
    ["/v1/messages", { max_tokens: 10 }],
  ] as const;
  for (const [path, body] of limits) {
    expect((await buy(gateway, 0, { path, body })).status).toBe(200);
  }
  const unbounded = await buy(gateway, 0, { body: { max_tokens: undefined } });
  expect(unbounded.status).toBe(402);
});

test("limits that make no sense hold no less than nothing", async () => {
  const { gateway, upstream } = await start(1_000);
  const { promise: mayAnswer, resolve: release } = Promise.withResolvers<void>();
  upstream.answer(async () => {
    await mayAnswer;
    return Response.json(chatReply(1));
  });
  const first = buy(gateway, 100);
  await eventually(() => money(gateway, "Cap"), { spent: 0, held: 100 * CENT });
  const odd = [-1_000_000, "50", 1.5, null, [], -0.5].map((max_tokens) =>
    buy(gateway, 0, { body: { max_tokens } }),
  );
  const many = [-5, "3", 0.5, null, -1e300].map((n) => buy(gateway, 10, { body: { n } }));
  // Each of them was looked at when this one, which comes last, is.
  expect((await buy(gateway, 99_990)).status).toBe(402);
  expect((await money(gateway, "Cap"))?.held).toBeGreaterThanOrEqual(100 * CENT);
  release();
  const answers = await Promise.all([first, ...odd, ...many]);
  for (const { status } of answers) expect([200, 400, 402]).toContain(status);
  const passed = countOf(answers, 200);
  await settled(gateway, "Cap", passed * CENT);
});

test("reserve_output and a model's own limit bound what is held where the request does not", async () => {
  const { gateway } = await start(1, {
    pricing: {
      reserve_output: 50,
      models: {
        "up/*": { input: 0, output: 10_000 },
        "up/short": { input: 0, output: 10_000, max_output: 20 },
      },
    },
  });
  const open = { max_tokens: undefined };
  expect((await buy(gateway, 0, { body: open, used: 60 })).status).toBe(200);
  await settled(gateway, "Cap", 60 * CENT);
  expect((await buy(gateway, 0, { body: open })).status).toBe(402);
  expect((await buy(gateway, 0, { model: "up/short", body: open, used: 20 })).status).toBe(200);
  await settled(gateway, "Cap", 80 * CENT);
});
