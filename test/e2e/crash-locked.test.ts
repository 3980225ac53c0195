// A database that cannot be written for a while: nothing is lost, neither when it can be again nor when the gateway dies.

import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import type { Verdict } from "../support/callers.ts";
import { until, within } from "../support/deadline.ts";
import { money, rowOf, settled } from "../support/money-account.ts";
import { buy, CENT, type MoneyScene, moneyScene } from "../support/money-scene.ts";

let scene: MoneyScene | undefined;
let locks: Database[] = [];

afterEach(async () => {
  for (const lock of locks) lock.close();
  locks = [];
  await scene?.stop();
  scene = undefined;
});

async function start(): Promise<MoneyScene> {
  scene = await moneyScene({ spend_policies: { Cap: { limit_usd: 1_000, window: "total" } } });
  return scene;
}

/** Holds the write lock of the database until it is closed, as a backup or somebody with `sqlite3` may. */
function lock(store: string): Database {
  const database = new Database(store);
  locks.push(database);
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  return database;
}

/** Calls that hold 50 cents and cost 7. */
async function callSome({ gateway }: MoneyScene, name: string, count: number): Promise<Verdict[]> {
  const calls = Array.from({ length: count }, (_, i) =>
    buy(gateway, 50, { used: 7, headers: { "x-postern-request-id": `${name}-${i}` } }),
  );
  const answers = await Promise.all(calls);
  for (const { status, code } of answers) {
    if (status !== 200) expect([status, code]).toEqual([503, "store_unavailable"]);
  }
  return answers;
}

function answeredIn(answers: readonly Verdict[]): number {
  return answers.filter(({ status }) => status === 200).length;
}

test("when it can be written again everything is booked, and the gateway is ready", async () => {
  const running = await start();
  const before = answeredIn(await callSome(running, "before-lock", 5));
  const held = lock(running.store);
  const during = answeredIn(await callSome(running, "during-lock", 20));
  held.close();
  await until("readyz", async () =>
    (await running.gateway.fetch("/readyz")).status === 200 ? true : undefined,
  );
  await settled(running.gateway, "Cap", (before + during) * 7 * CENT);
  const after = answeredIn(await callSome(running, "after-lock", 5));
  expect(after).toBe(5);
  await settled(running.gateway, "Cap", (before + during + after) * 7 * CENT);
});

test("calls that were answered meanwhile are in the books with what they cost, also after kill -9", async () => {
  const running = await start();
  const held = lock(running.store);
  const answers = await callSome(running, "not-written", 10);
  running.gateway.signal("SIGKILL");
  await within("the end of the process", running.gateway.exited);
  held.close();
  await running.restart();
  for (const [i, { status }] of answers.entries()) {
    if (status !== 200) continue;
    expect(await rowOf(running.gateway, `not-written-${i}`)).toMatchObject({
      cost_nano_usd: 7 * CENT,
      flags: [],
    });
  }
  expect(await money(running.gateway, "Cap")).toEqual({ spent: answeredIn(answers) * 7 * CENT, held: 0 });
});
