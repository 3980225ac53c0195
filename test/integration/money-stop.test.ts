// Stopping books everything before the process ends, and the next one on the same store knows it.

import { describe, expect, test } from "bun:test";
import { until, within } from "../support/deadline.ts";
import { money, rowFor, rowOf, settled } from "../support/money-account.ts";
import { usageChunk } from "../support/money-formats.ts";
import { buy, CENT, moneyScene, order } from "../support/money-scene.ts";
import { DONE, firstChunk, lastChunk, pacedStream } from "../support/upstream.ts";

/** What a stream of these tests holds. */
const HELD_TOKENS = 50;

describe("a gateway that is stopped", () => {
  test("lets a call end within the drain, and books it before it exits", async () => {
    const stopping = await moneyScene({
      server: { drain: "20s" },
      spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
    });
    try {
      const paced = pacedStream();
      stopping.upstream.answer(() => paced.response);
      const answering = order(stopping.gateway, HELD_TOKENS, { body: { stream: true } });
      await stopping.upstream.request(0);
      paced.send(firstChunk("a"));
      const answer = await answering;
      stopping.gateway.signal("SIGTERM");
      paced.send(
        lastChunk() + usageChunk({ prompt_tokens: 3, completion_tokens: 8, total_tokens: 11 }) + DONE,
      );
      paced.end();
      expect(await answer.text()).toContain("[DONE]");
      expect(await within("the exit", stopping.gateway.exited)).toBe(0);
      await stopping.restart();
      await settled(stopping.gateway, "Everything", 8 * CENT);
    } finally {
      await stopping.stop();
    }
  });

  test("ends a stream when the drain is over, and charges what came", async () => {
    const stopping = await moneyScene({
      server: { drain: "200ms" },
      spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
    });
    try {
      const paced = pacedStream();
      stopping.upstream.answer(() => paced.response);
      const answering = order(stopping.gateway, HELD_TOKENS, {
        body: { stream: true },
        headers: { "x-postern-request-id": "cut-by-the-drain" },
      });
      await stopping.upstream.request(0);
      paced.send(firstChunk("one two three four five six"));
      const answer = await answering;
      stopping.gateway.signal("SIGTERM");
      expect(await answer.text()).toContain('"error"');
      expect(await within("the exit", stopping.gateway.exited)).toBe(0);
      await stopping.restart();
      const row = await rowOf(stopping.gateway, "cut-by-the-drain");
      expect(row.flags).toContain("estimated");
      expect(row.cost_nano_usd).toBeGreaterThanOrEqual(2 * CENT);
      expect(row.cost_nano_usd).toBeLessThanOrEqual(HELD_TOKENS * CENT);
      expect(row.ended).toBe("interrupted");
      await settled(stopping.gateway, "Everything", row.cost_nano_usd);
    } finally {
      await stopping.stop();
    }
  });
});

test("a second signal ends it at once, and what came is charged all the same", async () => {
  const scene = await moneyScene({
    server: { drain: "20s" },
    spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
  });
  try {
    const paced = pacedStream();
    scene.upstream.answer(() => paced.response);
    paced.send(firstChunk("one two three four five six"));
    const headers = { "x-postern-request-id": "cut-by-a-signal" };
    const answer = await order(scene.gateway, HELD_TOKENS, { headers, body: { stream: true } });
    scene.gateway.signal("SIGTERM");
    await until("the drain to begin", async () => {
      const ready = await scene.gateway
        .fetch("/readyz", { headers: { connection: "close" } })
        .catch(() => {});
      return ready?.status === 200 ? undefined : true;
    });
    scene.gateway.signal("SIGTERM");
    await within("the exit", scene.gateway.exited);
    await answer.text().catch(() => {});
    await scene.restart();
    const row = await rowOf(scene.gateway, "cut-by-a-signal");
    expect(row.flags).toContain("estimated");
    expect(row.cost_nano_usd).toBeGreaterThanOrEqual(2 * CENT);
    await settled(scene.gateway, "Everything", row.cost_nano_usd);
  } finally {
    await scene.stop();
  }
});

describe("a store", () => {
  test("keeps counters and rows over a restart, and a cap holds across it", async () => {
    const scene = await moneyScene({ spend_policies: { Cap: { limit_usd: 1, window: "total" } } });
    try {
      const answer = await buy(scene.gateway, 60);
      expect(answer.status).toBe(200);
      await scene.restart();
      expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 60 * CENT, flags: [] });
      expect(await money(scene.gateway, "Cap")).toEqual({ spent: 60 * CENT, held: 0 });
      expect((await buy(scene.gateway, 41)).code).toBe("budget_exceeded");
      expect((await buy(scene.gateway, 40)).status).toBe(200);
      await scene.restart();
      expect((await buy(scene.gateway, 0)).code).toBe("budget_exceeded");
    } finally {
      await scene.stop();
    }
  });

  test("in memory works too, and forgets", async () => {
    const scene = await moneyScene(
      { spend_policies: { Cap: { limit_usd: 1, window: "total" } } },
      ":memory:",
    );
    try {
      const answer = await buy(scene.gateway, 60);
      expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 60 * CENT });
      expect((await buy(scene.gateway, 41)).code).toBe("budget_exceeded");
      await scene.restart();
      expect(await money(scene.gateway, "Cap")).toEqual({ spent: 0, held: 0 });
    } finally {
      await scene.stop();
    }
  });
});
