// Reloads under constant load: no request may fail because of one, and memory may not grow with their number.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Gateway, rssMb, startGateway } from "../support/gateway.ts";
import { hashOf, virtualKey } from "../support/keys.ts";
import { type LiveConfig, liveYaml, rewrite, untilLive } from "../support/live-config.ts";

const MESSAGES = [{ role: "user", content: "one two three four five six seven eight nine ten" }];

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ yaml: liveYaml(configOf(0)) });
});

afterAll(async () => {
  expect(await gateway?.stop()).toBe(0);
});

/** Differs from its neighbours in keys, providers, models, limits; holds enough keys to be worth reading. */
function configOf(round: number): LiveConfig {
  const names = Array.from({ length: 20 }, (_, i) => `key-${round + i}`);
  return {
    marker: `round-${round}`,
    server: [`max_body: ${1 + (round % 5)}MiB`, `keepalive: ${10 + (round % 3)}s`],
    providers: [
      `paced: { type: mock, mock: { tokens_per_second: 200, latency: ${round % 7}ms } }`,
      `other-${round % 4}: { base_url: "http://127.0.0.1:9/v1", auth: none, models: [a, b, c] }`,
    ],
    keys: names.map((name) => `${name}: { hash: "${hashOf(virtualKey(name))}", tags: { round: r${round} } }`),
    more: [`log: { level: ${round % 2 === 0 ? "warn" : "error"} }`],
  };
}

/** Half of the time the gateway is asked to look, half of the time it has to notice. */
async function reloadTo(round: number): Promise<void> {
  rewrite(gateway, configOf(round));
  if (round % 2 === 0) gateway.signal("SIGHUP");
  await untilLive(gateway, `round-${round}`);
}

interface Tally {
  whole: number;
  readonly failed: unknown[];
}

async function call(stream: boolean): Promise<unknown> {
  const answer = await gateway.post("/v1/chat/completions", {
    model: stream ? "paced/m" : "demo/m",
    messages: MESSAGES,
    stream,
  });
  const text = await answer.text();
  const isWhole = stream ? text.endsWith("data: [DONE]\n\n") : text.includes("nine ten");
  return answer.status === 200 && isWhole ? undefined : [answer.status, text];
}

async function load(stream: boolean, tally: Tally, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const failure = await call(stream).catch((error: unknown) => error);
    if (failure === undefined) tally.whole++;
    else tally.failed.push(failure);
  }
}

describe("reloads under constant load", () => {
  test("of whole answers and streams: fifty of them, and not one request fails", async () => {
    const answers: Tally = { whole: 0, failed: [] };
    const streams: Tally = { whole: 0, failed: [] };
    let over = false;
    const clients = [
      ...Array.from({ length: 8 }, () => load(false, answers, () => over)),
      ...Array.from({ length: 16 }, () => load(true, streams, () => over)),
    ];
    for (let round = 1; round <= 50; round++) await reloadTo(round);
    over = true;
    await Promise.all(clients);
    expect([answers.failed, streams.failed]).toEqual([[], []]);
    expect(answers.whole).toBeGreaterThan(200);
    expect(streams.whole).toBeGreaterThan(50);
  }, 30_000);
});

describe("memory", () => {
  test("does not grow over two hundred reloads", async () => {
    const reload = async (from: number, to: number): Promise<void> => {
      for (let round = from; round <= to; round += 2) await reloadTo(round);
    };
    await reload(100, 200);
    const before = rssMb(gateway.pid);
    await reload(202, 600);
    expect(rssMb(gateway.pid) - before).toBeLessThan(20);
  }, 30_000);
});
