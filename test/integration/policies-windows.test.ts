// Windows of the calendar in the policy's own time zone, and how many subjects a policy counts at most.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { standing } from "../support/money-account.ts";
import { buy, type MoneyScene, moneyScene } from "../support/money-scene.ts";

const ZONES = ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati"];

/** What the clock of the zone shows when a window begins. */
const BEGINNINGS = {
  minute: / \d\d:\d\d:00$/,
  hour: / \d\d:00:00$/,
  day: / 00:00:00$/,
  week: /^Mon .* 00:00:00$/,
  month: /-01 00:00:00$/,
};

const WINDOWS = Object.keys(BEGINNINGS) as (keyof typeof BEGINNINGS)[];

let scene: MoneyScene;

beforeAll(async () => {
  const all = ZONES.flatMap((timezone) =>
    WINDOWS.map((window) => [`${window} in ${timezone}`, { limit_usd: 1, window, timezone }] as const),
  );
  scene = await moneyScene({
    providers: { demo: { type: "mock" } },
    pricing: { models: { "demo/*": { input: 0, output: 10_000 } } },
    spend_policies: {
      ...Object.fromEntries(all),
      "For ever": { limit_usd: 1_000, window: "total" },
    },
  });
});
afterAll(async () => {
  await scene?.stop();
});

/** `Mon 2026-11-23 00:00:00` */
function localTime(instant: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(new Date(instant));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  const date = [part("year"), part("month"), part("day")].join("-");
  return `${part("weekday")} ${date} ${[part("hour"), part("minute"), part("second")].join(":")}`;
}

describe.each(ZONES)("in %s", (timezone) => {
  test.each(WINDOWS)("a %s begins and ends where the zone's clock says", async (window) => {
    const before = Date.now();
    const row = await standing(scene.gateway, `${window} in ${timezone}`);
    expect(row).toMatchObject({ window, timezone });
    const [start, end] = [String(row?.["starts_at"]), String(row?.["resets_at"])];
    expect(start).toEndWith("Z");
    expect(localTime(start, timezone)).toMatch(BEGINNINGS[window]);
    expect(localTime(end, timezone)).toMatch(BEGINNINGS[window]);
    expect(Date.parse(start)).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(end)).toBeGreaterThan(before);
    const days = (Date.parse(end) - Date.parse(start)) / 86_400_000;
    const most = { minute: 1 / 1440, hour: 1 / 24, day: 25 / 24, week: 7.05, month: 31.05 }[window];
    expect(days).toBeLessThanOrEqual(most);
  });
});

test("a `total` has no end", async () => {
  expect(await standing(scene.gateway, "For ever")).toMatchObject({ window: "total", resets_at: null });
});

test("subjects that clients choose: 10,000 at most, and beyond that 429, not a new budget", async () => {
  const own = await moneyScene({
    providers: { demo: { type: "mock", mock: { latency: "0ms" } } },
    pricing: { models: { "demo/*": { input: 0, output: 10_000 } } },
    spend_policies: {
      "Each customer": { limit_usd: 1, window: "total", each: { header: "X-Gateway-Customer" } },
    },
  });
  const ask = async (customer: number) => {
    const headers = { "x-gateway-customer": `customer-${customer}` };
    return await buy(own.gateway, 1, { model: "demo/m", headers });
  };
  try {
    let next = 0;
    const refused: number[] = [];
    const client = async () => {
      while (next < 10_000) {
        const customer = next++;
        if ((await ask(customer)).status !== 200) refused.push(customer);
      }
    };
    await Promise.all(Array.from({ length: 64 }, client));
    expect(refused).toEqual([]);
    const beyond = await ask(10_000);
    expect([beyond.status, beyond.code]).toEqual([429, "rate_limited"]);
    expect(beyond.headers.get("x-postern-policy")).toBe("Each customer");
    expect((await ask(5)).status).toBe(200);
  } finally {
    await own.stop();
  }
}, 60_000);
