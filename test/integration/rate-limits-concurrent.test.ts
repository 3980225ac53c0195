// Requests at the same time: a slot is given back on every way out, and limits go on over a reload.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { freePort } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { eventually, standing } from "../support/money-account.ts";
import {
  buy,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  order,
  type Purchase,
  type Settings,
  upProvider,
} from "../support/money-scene.ts";
import { requestBytes } from "../support/raw-http.ts";
import { type RawConnection, type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";
import {
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  type PacedStream,
  pacedStream,
} from "../support/upstream.ts";

const LIMITS: Settings = { "Two at once": { concurrent: 2, each: "key" } };

let upstream: FakeUpstream;
let raw: RawUpstream;
/** What the bare upstream does with a request. */
let turn: (connection: RawConnection) => void;
let scene: MoneyScene;

beforeAll(async () => {
  upstream = fakeUpstream(meteredAnswer);
  raw = await rawUpstream(({ connection }) => turn(connection));
  scene = await moneyScene({
    providers: {
      up: upProvider(upstream.url),
      raw: { ...upProvider(raw.url), endpoints: ["chat"], timeouts: { first_byte: "300ms", idle: "300ms" } },
      nobody: upProvider(`http://127.0.0.1:${await freePort()}`),
    },
    keys: keySection({ caller: {}, other: {} }),
    rate_limits: LIMITS,
  });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await scene?.stop();
  await raw?.stop();
  await upstream?.stop();
});

async function running(): Promise<number> {
  return Number((await standing(scene.gateway, "Two at once", "caller"))?.used ?? 0);
}

/** Streams that have begun and do not end; each has a slot. */
async function begin(count: number): Promise<{ paced: PacedStream; answer: Response }[]> {
  const all: { paced: PacedStream; answer: Response }[] = [];
  for (let i = 0; i < count; i++) {
    const paced = pacedStream();
    upstream.answer(() => paced.response);
    paced.send(firstChunk("a"));
    const answer = await order(scene.gateway, 5, { body: { stream: true } });
    all.push({ paced, answer });
  }
  upstream.answer(meteredAnswer);
  return all;
}

/** After every test: nothing runs, and exactly two may. */
afterEach(async () => {
  await eventually(running, 0);
  const both = await begin(2);
  expect(both.map(({ answer }) => answer.status)).toEqual([200, 200]);
  expect(await running()).toBe(2);
  const third = await buy(scene.gateway, 1);
  expect([third.status, third.code]).toEqual([429, "rate_limited"]);
  expect(third.headers.get("retry-after")).toBe("1");
  expect(Number(third.headers.get("retry-after-ms"))).toBeGreaterThan(0);
  expect(Number(third.headers.get("retry-after-ms"))).toBeLessThanOrEqual(1_000);
  expect(third.headers.get("x-postern-policy")).toBe("Two at once");
  expect(third.message).toStartWith("Request blocked by gateway policies: Two at once.");
  for (const { paced, answer } of both) {
    paced.end();
    await answer.text();
  }
  await eventually(running, 0);
});

const ask = (more: Purchase = {}) => buy(scene.gateway, 5, more);

describe("a slot is given back when a call", () => {
  test("is answered", async () => {
    for (let i = 0; i < 3; i++) {
      expect((await ask()).status).toBe(200);
      await eventually(running, 0);
    }
  });

  test("is a stream that is read to its end", async () => {
    for (let i = 0; i < 3; i++) {
      expect((await ask({ body: { stream: true } })).text).toContain("[DONE]");
      await eventually(running, 0);
    }
  });

  test("is refused by the upstream, or by another check of the gateway", async () => {
    upstream.answer(() => Response.json({ error: { message: "no", type: "server_error" } }, { status: 500 }));
    for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(500);
    for (let i = 0; i < 3; i++) expect((await ask({ model: "nothing/here" })).status).toBe(404);
  });

  test("finds nobody", async () => {
    for (let i = 0; i < 3; i++) expect((await ask({ model: "nobody/m" })).status).toBe(502);
  });

  test("is dropped by the upstream", async () => {
    turn = (connection) => connection.reset();
    for (let i = 0; i < 3; i++) expect((await ask({ model: "raw/m" })).status).toBe(502);
    turn = (connection) => {
      connection.write(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      connection.reset();
    };
    await ask({ model: "raw/m", body: { stream: true } });
  });

  test("is not answered in time", async () => {
    turn = () => {};
    expect((await ask({ model: "raw/m" })).status).toBe(504);
  });

  test("is given up by its client, before the head and in the middle of a stream", async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    upstream.answer(async () => {
      resolve();
      return await new Promise<Response>(() => {});
    });
    const client = await rawConnect({ port: scene.gateway.port });
    const headers = [
      "host: localhost",
      "content-type: application/json",
      `authorization: Bearer ${virtualKey("caller")}`,
    ];
    const body = '{"model":"up/m","messages":[],"max_tokens":5}';
    client.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers, body));
    await reached;
    expect(await running()).toBe(1);
    client.destroy();
    await eventually(running, 0);
    const [stream] = await begin(1);
    expect(await running()).toBe(1);
    await stream?.answer.body?.cancel();
  });
});

test("`each` key: another key has slots of its own", async () => {
  const both = await begin(2);
  expect((await buy(scene.gateway, 1)).status).toBe(429);
  expect((await buy(scene.gateway, 1, { as: "other" })).status).toBe(200);
  for (const { paced, answer } of both) {
    paced.end();
    await answer.text();
  }
});

describe("over a reload", () => {
  test("slots stay taken, and a new limit holds at once", async () => {
    const both = await begin(2);
    await scene.reload({ rate_limits: { "Two at once": { concurrent: 3, each: "key" } } });
    expect(await running()).toBe(2);
    const [third] = await begin(1);
    expect(third?.answer.status).toBe(200);
    expect((await buy(scene.gateway, 1)).status).toBe(429);
    await scene.reload({ rate_limits: LIMITS });
    for (const { paced, answer } of [...both, ...(third === undefined ? [] : [third])]) {
      paced.end();
      await answer.text();
    }
  });

  test("requests that were counted stay counted, also when the limit changes", async () => {
    const daily = (count: number) => ({ rate_limits: { ...LIMITS, Counted: { requests: `${count}/day` } } });
    await scene.reload(daily(2));
    expect((await buy(scene.gateway, 1)).status).toBe(200);
    await scene.reload({ ...daily(2), log: { level: "warn" } });
    expect((await buy(scene.gateway, 1)).status).toBe(200);
    expect((await buy(scene.gateway, 1)).status).toBe(429);
    await scene.reload(daily(3));
    expect((await buy(scene.gateway, 1)).status).toBe(200);
    expect((await buy(scene.gateway, 1)).status).toBe(429);
    await scene.reload({});
  });
});
