// Who may open a store: one process at a time, of a version that knows it, on a file that can be written.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { eventually, money, printed, type Spend, settled } from "../support/money-account.ts";
import {
  buy,
  CENT,
  type MoneyScene,
  moneyScene,
  moneyYaml,
  newStore,
  order,
} from "../support/money-scene.ts";
import { DONE, firstChunk, lastChunk, pacedStream } from "../support/upstream.ts";

const CAP = { Cap: { limit_usd: 1_000, window: "total" } };

let scene: MoneyScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

async function start(drain: string): Promise<MoneyScene> {
  scene = await moneyScene({ server: { drain }, spend_policies: CAP });
  return scene;
}

/** Another process on the same store. */
async function second({ upstream, store }: MoneyScene, drain: string): Promise<Gateway> {
  return await startGateway(moneyYaml(upstream.url, store, { server: { drain }, spend_policies: CAP }));
}

/** What a gateway says that does not start. */
async function failure(starting: Promise<Gateway>): Promise<string> {
  return await within(
    "the refusal to start",
    starting.then(
      async (gateway) => {
        await gateway.stop();
        return "it started";
      },
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ),
    20_000,
  );
}

describe("a second process on the same store", () => {
  test("waits a while, and then exits with the pid of the first, which goes on", async () => {
    const running = await start("1s");
    const stream = pacedStream();
    running.upstream.answer(() => stream.response);
    stream.send(firstChunk("a"));
    const answer = await order(running.gateway, 50, { body: { stream: true } });
    const said = await failure(second(running, "1s"));
    expect(said).toContain("exited with 1");
    expect(said).toMatch(new RegExp(`\\b${running.gateway.pid}\\b`));
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 0, held: 50 * CENT });
    stream.end();
    await answer.text();
  });

  test("takes over when the first one stops, and charges none of its calls again", async () => {
    const running = await start("20s");
    expect((await buy(running.gateway, 30)).status).toBe(200);
    const stream = pacedStream();
    running.upstream.answer(() => stream.response);
    stream.send(firstChunk("a"));
    const answer = await order(running.gateway, 50, { body: { stream: true } });
    running.upstream.reset();
    const taking = second(running, "20s");
    const stopping = running.gateway.stop();
    stream.send(lastChunk({ usage: { prompt_tokens: 3, completion_tokens: 20 } }) + DONE);
    stream.end();
    expect(await answer.text()).toContain("[DONE]");
    expect(await stopping).toBe(0);
    const next = await taking;
    try {
      expect(await money(next, "Cap")).toEqual({ spent: 50 * CENT, held: 0 });
      expect((await buy(next, 10)).status).toBe(200);
      await settled(next, "Cap", 60 * CENT);
    } finally {
      await next.stop();
    }
  });

  test("after a kill there is nobody to wait for", async () => {
    const running = await start("1s");
    running.gateway.signal("SIGKILL");
    await within("the end of the process", running.gateway.exited);
    const next = await second(running, "1s");
    expect((await buy(next, 10)).status).toBe(200);
    await next.stop();
  });

  test("readers are no owners: `spend` works while it serves and after it", async () => {
    const running = await start("1s");
    expect((await buy(running.gateway, 10)).status).toBe(200);
    await settled(running.gateway, "Cap", 10 * CENT);
    const read = async () => {
      const [said] = (await printed(running.yaml, "spend", "--json", "--by", "key", "--window", "total")) as [
        Spend,
      ];
      return said.total.cost_nano_usd;
    };
    // What is settled is written a moment later.
    await eventually(read, 10 * CENT);
    await running.gateway.stop();
    expect(await read()).toBe(10 * CENT);
  });
});

describe("a file", () => {
  test("of a newer version is left alone, and the message says what it is", async () => {
    const running = await start("1s");
    await running.gateway.stop();
    const database = new Database(running.store);
    database.run("PRAGMA user_version = 9999");
    database.close();
    const said = await failure(second(running, "1s"));
    expect(said).toContain("exited with 1");
    expect(said).toContain(running.store);
    expect(said).toMatch(/newer/i);
    const after = new Database(running.store, { readonly: true });
    expect(after.query("PRAGMA user_version").get()).toEqual({ user_version: 9999 });
    after.close();
  });

  test("that is no database is refused by name, and not overwritten", async () => {
    const store = newStore();
    const text = "These are my notes, not a database. ".repeat(100);
    writeFileSync(store, text);
    const said = await failure(startGateway(moneyYaml("http://127.0.0.1:9", store, {})));
    expect(said).toContain("exited with 1");
    expect(said).toContain(store);
    expect(await Bun.file(store).text()).toBe(text);
  });

  test("in a folder that is not there is refused by name", async () => {
    const store = `${newStore()}/no/such/folder/postern.db`;
    const said = await failure(startGateway(moneyYaml("http://127.0.0.1:9", store, {})));
    expect(said).toContain("exited with 1");
    expect(said).toContain("no/such/folder");
  });
});
