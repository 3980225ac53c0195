// Limits per day outlive the process, however it ends.

import { afterEach, expect, test } from "bun:test";
import { within } from "../support/deadline.ts";
import { eventually, standing } from "../support/money-account.ts";
import { buy, type MoneyScene, moneyScene } from "../support/money-scene.ts";

let scene: MoneyScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

async function start(): Promise<MoneyScene> {
  scene = await moneyScene({
    rate_limits: { Daily: { requests: "3/day" }, Wordy: { tokens: "1000/day", each: "key" } },
  });
  return scene;
}

async function used({ gateway }: MoneyScene): Promise<unknown[]> {
  const [daily, wordy] = [await standing(gateway, "Daily"), await standing(gateway, "Wordy", "caller")];
  return [daily?.used, wordy?.used];
}

test.each(["SIGTERM", "SIGKILL"] as const)(
  "requests and tokens of the day are known after %s",
  async (signal) => {
    const running = await start();
    // Beside its answer, the input of a call has three tokens.
    expect((await buy(running.gateway, 97)).status).toBe(200);
    expect((await buy(running.gateway, 197)).status).toBe(200);
    await eventually(() => used(running), [2, 300]);
    running.gateway.signal(signal);
    await within("the end of the process", running.gateway.exited);
    await running.restart();
    expect(await used(running)).toEqual([2, 300]);
    const refused = await buy(running.gateway, 701);
    expect([refused.status, refused.headers.get("x-postern-policy")]).toEqual([429, "Wordy"]);
    expect((await buy(running.gateway, 500)).status).toBe(200);
    const last = await buy(running.gateway, 1);
    expect([last.status, last.headers.get("x-postern-policy")]).toEqual([429, "Daily"]);
  },
);
