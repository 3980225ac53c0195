// `kill -9` loses nothing: what was settled is in the books, and what was under way is charged what was held.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { within } from "../support/deadline.ts";
import { eventually, money, type RequestRow, read, rowOf, spend } from "../support/money-account.ts";
import { buy, CENT, type MoneyScene, meteredAnswer, moneyScene, order } from "../support/money-scene.ts";
import { firstChunk, pacedStream } from "../support/upstream.ts";

const CAP = { Cap: { limit_usd: 1_000, window: "total" } };

let scene: MoneyScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

async function start(): Promise<MoneyScene> {
  scene = await moneyScene({ spend_policies: CAP });
  return scene;
}

async function kill({ gateway }: MoneyScene): Promise<void> {
  gateway.signal("SIGKILL");
  await within("the end of the process", gateway.exited);
}

/** What SQLite itself thinks of the file. */
function integrityOf(store: string): unknown {
  const database = new Database(store, { readonly: true });
  try {
    return database.query("PRAGMA integrity_check").all();
  } finally {
    database.close();
  }
}

/** All rows, over all pages. */
async function rowsOf({ gateway }: MoneyScene): Promise<RequestRow[]> {
  const rows: RequestRow[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await read<{ rows: RequestRow[]; next: string | null }>(
      gateway,
      `requests?limit=5000${more}`,
    );
    rows.push(...page.rows);
    cursor = page.next;
  }
  return rows;
}

describe("kill -9", () => {
  test("in the middle of a stream: charged what was held, and marked", async () => {
    const running = await start();
    const stream = pacedStream();
    running.upstream.answer(() => stream.response);
    stream.send(firstChunk("a"));
    const headers = { "x-postern-request-id": "killed-stream" };
    const answer = await order(running.gateway, 50, { headers, body: { stream: true } });
    expect(answer.status).toBe(200);
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 0, held: 50 * CENT });
    await kill(running);
    await answer.text().catch(() => {});
    await running.restart();
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 50 * CENT, held: 0 });
    const row = await rowOf(running.gateway, "killed-stream");
    expect(row).toMatchObject({
      cost_nano_usd: 50 * CENT,
      ended: "interrupted",
      key: "caller",
      target: "up/m",
    });
    expect(row.flags.toSorted()).toEqual(["estimated", "interrupted"]);
    const { rows } = await spend(running.gateway, "by=key&window=total");
    expect(rows).toMatchObject([{ name: "caller", cost_nano_usd: 50 * CENT, estimated_requests: 1 }]);
  });

  test("of calls that wait for their answer: all of them are charged, once, also over a second crash", async () => {
    const running = await start();
    running.upstream.answer(() => new Promise<Response>(() => {}));
    const calls = Array.from({ length: 10 }, () => order(running.gateway, 5).catch(() => {}));
    await eventually(() => money(running.gateway, "Cap"), { spent: 0, held: 50 * CENT });
    await kill(running);
    await Promise.all(calls);
    for (let round = 0; round < 2; round++) {
      await running.restart();
      expect(await money(running.gateway, "Cap")).toEqual({ spent: 50 * CENT, held: 0 });
      const rows = await rowsOf(running);
      expect(rows.map(({ cost_nano_usd }) => cost_nano_usd)).toEqual(Array(10).fill(5 * CENT));
      await kill(running);
    }
  });

  test("of calls under one id, with the policy taken out before the restart: both are in its counter", async () => {
    const running = await start();
    running.upstream.answer(() => new Promise<Response>(() => {}));
    const headers = { "x-postern-request-id": "the-same-id" };
    const calls = [5, 6].map((tokens) => order(running.gateway, tokens, { headers }).catch(() => {}));
    await eventually(() => money(running.gateway, "Cap"), { spent: 0, held: 11 * CENT });
    await kill(running);
    await Promise.all(calls);
    await running.restart({ spend_policies: {} });
    expect((await rowsOf(running)).map(({ cost_nano_usd }) => cost_nano_usd).toSorted()).toEqual([
      5 * CENT,
      6 * CENT,
    ]);
    await running.restart({ spend_policies: CAP });
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 11 * CENT, held: 0 });
  });

  test("right after an answer was read: the call is in the books with what it cost", async () => {
    const running = await start();
    for (let i = 0; i < 3; i++) {
      const headers = { "x-postern-request-id": `answered-${i}` };
      expect((await buy(running.gateway, 50, { used: 7, headers })).status).toBe(200);
    }
    await eventually(() => money(running.gateway, "Cap"), { spent: 21 * CENT, held: 0 });
    await kill(running);
    await running.restart();
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 21 * CENT, held: 0 });
    for (let i = 0; i < 3; i++) {
      expect(await rowOf(running.gateway, `answered-${i}`)).toMatchObject({
        cost_nano_usd: 7 * CENT,
        flags: [],
      });
    }
  });

  test("a failed call that was in the books as such stays free", async () => {
    const running = await start();
    running.upstream.answer(() => Response.json({ error: { message: "no" } }, { status: 500 }));
    const headers = { "x-postern-request-id": "failed-call" };
    expect((await buy(running.gateway, 50, { headers })).status).toBe(500);
    await rowOf(running.gateway, "failed-call");
    await kill(running);
    await running.restart();
    expect(await money(running.gateway, "Cap")).toEqual({ spent: 0, held: 0 });
  });
});

/** Calls one after the other until the gateway is gone; holds and costs are one cent each. */
async function load(running: MoneyScene, name: string, answered: Set<string>): Promise<void> {
  for (let i = 0; ; i++) {
    const id = `${name}-${i}`;
    const headers = { "x-postern-request-id": id };
    const body = { user: id, stream: i % 2 === 0 };
    const answer = await buy(running.gateway, 1, { headers, body }).catch(() => undefined);
    if (answer === undefined) return;
    expect(answer.status).toBe(200);
    answered.add(id);
  }
}

test("five times under load, at random moments: not one call is missing, and none is charged twice", async () => {
  const running = await start();
  const reached = new Set<string>();
  const answered = new Set<string>();
  let killAt = Number.POSITIVE_INFINITY;
  running.upstream.answer((request) => {
    reached.add(String(request.json()["user"]));
    if (reached.size >= killAt) running.gateway.signal("SIGKILL");
    return meteredAnswer(request);
  });
  for (let round = 0; round < 5; round++) {
    killAt = reached.size + 20 + Math.floor(Math.random() * 200);
    await Promise.all(
      Array.from({ length: 12 }, (_, client) => load(running, `round-${round}-${client}`, answered)),
    );
    await within("the end of the process", running.gateway.exited);
    killAt = Number.POSITIVE_INFINITY;
    await running.restart();
    const rows = await rowsOf(running);
    const ids = new Set(rows.map(({ id }) => id));
    expect(ids.size).toBe(rows.length);
    expect([...answered].filter((id) => !ids.has(id))).toEqual([]);
    expect([...reached].filter((id) => !ids.has(id))).toEqual([]);
    expect(rows.filter(({ cost_nano_usd }) => cost_nano_usd !== CENT)).toEqual([]);
    expect(await money(running.gateway, "Cap")).toEqual({ spent: rows.length * CENT, held: 0 });
    const { total } = await spend(running.gateway, "by=key&window=total");
    expect(total).toMatchObject({ requests: rows.length, cost_nano_usd: rows.length * CENT });
  }
  await running.gateway.stop();
  expect(integrityOf(running.store)).toEqual([{ integrity_check: "ok" }]);
});
