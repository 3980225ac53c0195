// Requests and tokens per minute, hour and day: what a refused caller is told, and how much of a window is used.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { keySection, type Verdict } from "../support/callers.ts";
import { eventually, rowFor, standing } from "../support/money-account.ts";
import {
  buy,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  type Purchase,
  upProvider,
} from "../support/money-scene.ts";
import { fakeUpstream } from "../support/upstream.ts";

const MINUTE_MS = 60_000;

const upstream = fakeUpstream(meteredAnswer);

let scene: MoneyScene;

beforeAll(async () => {
  const up = upProvider(upstream.url);
  const scope = (workspace: string) => ({ applies_to: { workspaces: [workspace] } });
  scene = await moneyScene({
    providers: { up },
    keys: keySection({
      hasty: { workspace: "hasty" },
      early: { workspace: "early" },
      daily: { workspace: "daily" },
      twice: { workspace: "twice" },
      wordy: { workspace: "wordy" },
      wild: { workspace: "wild" },
      off: { workspace: "off" },
      "each-1": { workspace: "each" },
      "each-2": { workspace: "each" },
    }),
    spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
    rate_limits: {
      Hasty: { ...scope("hasty"), requests: "1/minute" },
      Early: { ...scope("early"), requests: "2/hour" },
      Daily: { ...scope("daily"), requests: "1/day" },
      Twice: { ...scope("twice"), requests: ["1/hour", "100/day"] },
      "Twice more": { ...scope("twice"), requests: "1/day" },
      Wordy: { ...scope("wordy"), tokens: "1000/day" },
      Wild: { ...scope("wild"), tokens: "1000/day" },
      Off: { ...scope("off"), requests: "1/day", enabled: false },
      Each: { ...scope("each"), each: "key", requests: "1/day" },
    },
  });
});
afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

const ask = (as: string, tokens = 1, more: Purchase = {}) => buy(scene.gateway, tokens, { as, ...more });

async function used(policy: string, subject: string | null = null): Promise<number | undefined> {
  return (await standing(scene.gateway, policy, subject))?.used;
}

interface Refused {
  readonly answer: Verdict;
  /** Milliseconds to the end of the minute, before and after the call. */
  readonly leftBefore: number;
  readonly leftAfter: number;
}

function leftOfMinute(): number {
  return MINUTE_MS - (Date.now() % MINUTE_MS);
}

/** Calls until one is refused; the minute may end in between, so a refusal of the same minute is looked for. */
async function refusedInMinute(purchase: Purchase = {}): Promise<Refused> {
  for (let i = 0; i < 10; i++) {
    const leftBefore = leftOfMinute();
    const answer = await ask("hasty", 1, purchase);
    const leftAfter = leftOfMinute();
    if (answer.status !== 200 && leftAfter <= leftBefore) return { answer, leftBefore, leftAfter };
  }
  throw new Error("no call was refused");
}

describe("requests per minute", () => {
  test("beyond them: 429 with everything that clients look at", async () => {
    const { answer, leftBefore, leftAfter } = await refusedInMinute();
    expect(answer.status).toBe(429);
    expect(answer.code).toBe("rate_limited");
    expect(answer.json()).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limited" } });
    expect(answer.headers.get("x-postern-policy")).toBe("Hasty");
    expect(answer.headers.get("x-should-retry")).toBeNull();
    expect(answer.message).toStartWith("Request blocked by gateway policies: Hasty.");
    const seconds = Number(answer.headers.get("retry-after"));
    const millis = Number(answer.headers.get("retry-after-ms"));
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(seconds).toBeGreaterThanOrEqual(Math.max(1, Math.floor(leftAfter / 1_000)));
    expect(seconds).toBeLessThanOrEqual(Math.ceil(leftBefore / 1_000));
    expect(millis).toBeGreaterThan(0);
    expect(millis).toBeLessThanOrEqual(seconds * 1_000);
  });

  test("in the Anthropic envelope on /v1/messages", async () => {
    const { answer } = await refusedInMinute({ path: "/v1/messages" });
    expect(answer.status).toBe(429);
    expect(answer.json()).toMatchObject({
      type: "error",
      error: { type: "rate_limit_error", details: { error_code: "rate_limited" } },
    });
    expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect(answer.message).toStartWith("Request blocked by gateway policies: Hasty.");
  });

  test("a refused call has a row without cost", async () => {
    const { answer } = await refusedInMinute();
    const row = await rowFor(scene.gateway, answer);
    expect(row).toMatchObject({ status: 429, code: "rate_limited", cost_nano_usd: 0, ended: "refused" });
    expect(row.policies.violated).toEqual(["Hasty"]);
  });
});

describe("requests per hour and day", () => {
  test("count what was let in, not what was refused", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await ask("daily")).status);
    expect(statuses).toEqual([200, 429, 429, 429]);
    await eventually(() => used("Daily"), 1);
    const refused = await ask("daily");
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
  });

  test("with parallel calls exactly as many as there may be are let in", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask("early")));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(98);
  });

  test("several limits: all must let it in, and the longest wait is told", async () => {
    expect((await ask("twice")).status).toBe(200);
    const refused = await ask("twice");
    expect(refused.headers.get("x-postern-policy")).toBe("Twice, Twice more");
    expect(refused.message).toStartWith("Request blocked by gateway policies: Twice, Twice more.");
    const toMidnight = Math.ceil((86_400_000 - (Date.now() % 86_400_000)) / 1_000);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(toMidnight);
  });

  test("`each` counts every subject for itself", async () => {
    expect((await ask("each-1")).status).toBe(200);
    expect((await ask("each-1")).status).toBe(429);
    expect((await ask("each-2")).status).toBe(200);
    await eventually(() => used("Each", "each-1"), 1);
  });

  test("a disabled limit counts, and refuses nobody", async () => {
    for (let i = 0; i < 3; i++) expect((await ask("off")).status).toBe(200);
    await eventually(() => used("Off"), 3);
  });

  test("are listed with metric, window and use", async () => {
    expect(await standing(scene.gateway, "Early")).toMatchObject({
      kind: "rate",
      subject: null,
      enabled: true,
      metric: "requests",
      per: "hour",
      limit: 2,
    });
  });
});

describe("tokens", () => {
  test("are held before the call, as many as it may need, and corrected after it", async () => {
    const tooMany = await ask("wordy", 1_001);
    expect([tooMany.status, tooMany.code]).toEqual([429, "rate_limited"]);
    expect(await used("Wordy")).toBe(0);
    expect((await ask("wordy", 900, { used: 97 })).status).toBe(200);
    // The upstream says that the input had three.
    await eventually(() => used("Wordy"), 100);
    expect((await ask("wordy", 850, { used: 597 })).status).toBe(200);
    await eventually(() => used("Wordy"), 700);
    const refused = await ask("wordy", 301);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-postern-policy")).toBe("Wordy");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  test("of streams likewise; a failed call gives them back", async () => {
    upstream.answer(() => Response.json({ error: { message: "no", type: "server_error" } }, { status: 500 }));
    expect((await ask("wild", 900)).status).toBe(500);
    await eventually(() => used("Wild"), 0);
    upstream.answer(meteredAnswer);
    expect((await ask("wild", 900, { used: 47, body: { stream: true } })).status).toBe(200);
    await eventually(() => used("Wild"), 50);
    expect((await ask("wild", 100, { used: 1_997 })).status).toBe(200);
    await eventually(() => used("Wild"), 2_050);
    expect((await ask("wild", 0)).status).toBe(429);
  });
});
