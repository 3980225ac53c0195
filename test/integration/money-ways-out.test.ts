// Every way in which a call can end is booked once: nothing stays held, and what an upstream took is charged.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { freePort } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { eventually, money, type RequestRow, rowOf, settled } from "../support/money-account.ts";
import { MESSAGE_START, namedEvent, usageChunk } from "../support/money-formats.ts";
import { buy, CENT, type MoneyScene, moneyScene, upProvider } from "../support/money-scene.ts";
import { readChunk, readHead, requestBytes } from "../support/raw-http.ts";
import { type RawConnection, type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";
import { DONE, firstChunk, lastChunk } from "../support/upstream.ts";

/** What a call of these tests holds. */
const HELD_TOKENS = 50;
const HELD = HELD_TOKENS * CENT;

let raw: RawUpstream;
/** What the bare upstream does with a request. */
let turn: (connection: RawConnection) => void | Promise<void>;
let scene: MoneyScene;
let rounds = 0;
/** Id of the request of this test. */
let id: string;
let before: number;

beforeAll(async () => {
  raw = await rawUpstream(({ connection }) => turn(connection));
  scene = await moneyScene({
    providers: {
      raw: { ...upProvider(raw.url), endpoints: ["chat", "messages"] },
      slow: {
        ...upProvider(raw.url),
        endpoints: ["chat", "messages"],
        timeouts: { first_byte: "300ms", idle: "300ms" },
      },
      nobody: upProvider(`http://127.0.0.1:${await freePort()}`),
    },
    pricing: { models: { "*": { input: 0, output: 10_000 }, "raw/input": { input: 10_000, output: 0 } } },
    spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
  });
});
beforeEach(async () => {
  id = `ways-out-${++rounds}`;
  before = (await money(scene.gateway, "Everything"))?.spent ?? 0;
});
afterEach(async () => {
  // Whatever happened: the counter is the sum of the rows.
  await eventually(async () => (await money(scene.gateway, "Everything"))?.held, 0);
});
afterAll(async () => {
  await scene?.stop();
  await raw?.stop();
});

const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** A client whose socket the test holds, with its request sent. */
async function client(model: string, stream: boolean, path = "/v1/chat/completions"): Promise<RawConnection> {
  const connection = await rawConnect({ port: scene.gateway.port });
  const body = JSON.stringify({ model, messages: [], max_tokens: HELD_TOKENS, stream });
  connection.write(
    requestBytes(
      `POST ${path} HTTP/1.1`,
      [
        "host: localhost",
        "content-type: application/json",
        `authorization: Bearer ${virtualKey("caller")}`,
        `x-postern-request-id: ${id}`,
      ],
      body,
    ),
  );
  return connection;
}

async function call(model: string, stream = false) {
  return await buy(scene.gateway, HELD_TOKENS, {
    model,
    headers: { "x-postern-request-id": id },
    body: { stream },
  });
}

async function untilHeld(): Promise<void> {
  await eventually(() => money(scene.gateway, "Everything"), { spent: before, held: HELD });
}

/** The row, after what it cost was booked and nothing is held for it. */
async function booked(): Promise<RequestRow> {
  const row = await rowOf(scene.gateway, id);
  await settled(scene.gateway, "Everything", before + row.cost_nano_usd);
  return row;
}

function expectEstimate(row: RequestRow, least: number): void {
  expect(row.flags).toEqual(["estimated"]);
  expect(row.cost_nano_usd).toBeGreaterThanOrEqual(least);
  expect(row.cost_nano_usd).toBeLessThanOrEqual(HELD);
}

describe("a client that hangs up", () => {
  test("before the head: the call was taken, so it is charged, at most what was held", async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    turn = () => resolve();
    const connection = await client("raw/m", false);
    await reached;
    await untilHeld();
    connection.destroy();
    const row = await booked();
    expect(row).toMatchObject({ ended: "client_closed" });
    expectEstimate(row, 0);
  });

  test("before the head, where input has a price: at least the input is charged", async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    turn = () => resolve();
    const connection = await client("raw/input", false);
    await reached;
    connection.destroy();
    const row = await booked();
    expect(row).toMatchObject({ ended: "client_closed", flags: ["estimated"] });
    expect(row.cost_nano_usd).toBeGreaterThan(0);
  });

  test("in the middle of a stream: what came is charged", async () => {
    turn = (upstream) => upstream.write(STREAM_HEAD + chunkOf(firstChunk("one two three four five six")));
    const connection = await client("raw/m", true);
    await readHead(connection.stream);
    await readChunk(connection.stream);
    await untilHeld();
    connection.destroy();
    const row = await booked();
    expect(row).toMatchObject({ ended: "client_closed", stream: true });
    expectEstimate(row, 2 * CENT);
  });

  test("in the middle of a stream whose beginning has a usage: the beginning is not all of it", async () => {
    const text = { index: 0, delta: { type: "text_delta", text: "one two three four five six" } };
    const events = [
      MESSAGE_START,
      namedEvent("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      namedEvent("content_block_delta", text),
    ];
    turn = (upstream) => upstream.write(STREAM_HEAD + chunkOf(events.join("")));
    const connection = await client("raw/m", true, "/v1/messages");
    await connection.stream.through("six");
    connection.destroy();
    const row = await booked();
    expect(row).toMatchObject({ ended: "client_closed" });
    expectEstimate(row, 2 * CENT);
  });

  test("after [DONE]: the call is complete, and charged what was reported", async () => {
    const events =
      firstChunk("a") + lastChunk() + usageChunk({ prompt_tokens: 3, completion_tokens: 7 }) + DONE;
    turn = (upstream) => upstream.write(STREAM_HEAD + chunkOf(events));
    const connection = await client("raw/m", true);
    await connection.stream.through("[DONE]");
    connection.destroy();
    expect(await booked()).toMatchObject({ ended: "completed", cost_nano_usd: 7 * CENT, flags: [] });
  });

  test("at [DONE], with the usage only behind it: the usage counts", async () => {
    const events =
      firstChunk("a") + lastChunk() + DONE + usageChunk({ prompt_tokens: 3, completion_tokens: 7 });
    turn = (upstream) => upstream.write(STREAM_HEAD + chunkOf(events));
    const connection = await client("raw/m", true);
    await connection.stream.through("[DONE]");
    connection.destroy();
    expect(await booked()).toMatchObject({ cost_nano_usd: 7 * CENT, flags: [] });
  });
});

describe("usage that comes a moment after [DONE]", () => {
  test.each([
    ["stays", false],
    ["closes its connection at [DONE], as SDKs do", true],
  ])("counts; the client %s", async (_what, leaves) => {
    const { promise: read, resolve: isRead } = Promise.withResolvers<void>();
    turn = async (upstream) => {
      upstream.write(STREAM_HEAD + chunkOf(firstChunk("a") + lastChunk() + DONE));
      await read;
      upstream.write(`${chunkOf(usageChunk({ prompt_tokens: 3, completion_tokens: 7 }))}0\r\n\r\n`);
    };
    const connection = await client("raw/m", true);
    await connection.stream.through("[DONE]");
    if (leaves) connection.destroy();
    isRead();
    expect(await booked()).toMatchObject({ ended: "completed", cost_nano_usd: 7 * CENT, flags: [] });
    connection.destroy();
  });
});

describe("an upstream that breaks", () => {
  test("in the middle of a stream: what came is charged", async () => {
    const { promise: broken, resolve: breakIt } = Promise.withResolvers<void>();
    turn = async (upstream) => {
      upstream.write(STREAM_HEAD + chunkOf(firstChunk("one two three four five six")));
      await broken;
      upstream.end();
    };
    const connection = await client("raw/m", true);
    await connection.stream.through("six");
    breakIt();
    expect((await connection.stream.through("[DONE]")).toString()).toContain('"error"');
    const row = await booked();
    expect(row).toMatchObject({ ended: "upstream_error" });
    expectEstimate(row, 2 * CENT);
    connection.destroy();
  });

  test("with a reset, behind the usage of a stream: the usage is charged", async () => {
    const { promise: broken, resolve: breakIt } = Promise.withResolvers<void>();
    const usage = { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 };
    turn = async (upstream) => {
      upstream.write(STREAM_HEAD + chunkOf(firstChunk("a") + lastChunk({ usage })));
      await broken;
      upstream.reset();
    };
    const connection = await client("raw/m", true);
    await connection.stream.through('"stop"');
    breakIt();
    expect(await booked()).toMatchObject({ cost_nano_usd: 9 * CENT });
    connection.destroy();
  });

  test("before any answer: it took the call, so it is charged", async () => {
    turn = (upstream) => upstream.reset();
    const answer = await call("raw/m");
    expect([answer.status, answer.code]).toEqual([502, "upstream_unreachable"]);
    const row = await booked();
    expect(row).toMatchObject({ status: 502, code: "upstream_unreachable", ended: "upstream_error" });
    expectEstimate(row, 0);
  });

  test("in the middle of a plain answer", async () => {
    turn = (upstream) => {
      upstream.write(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"id":',
      );
      upstream.end();
    };
    await call("raw/m").catch(() => {});
    const row = await booked();
    expect(row).toMatchObject({ ended: "upstream_error" });
    expectEstimate(row, 0);
  });
});

describe("an upstream that is silent", () => {
  test("from the start: 504, charged", async () => {
    turn = () => {};
    const answer = await call("slow/m");
    expect([answer.status, answer.code]).toEqual([504, "upstream_timeout"]);
    const row = await booked();
    expect(row).toMatchObject({ status: 504, code: "upstream_timeout", ended: "timeout" });
    // A third of a second at 100 tokens a second.
    expectEstimate(row, 20 * CENT);
  });

  test("in the middle of a stream: charged", async () => {
    turn = (upstream) => upstream.write(STREAM_HEAD + chunkOf(firstChunk("one two three four five six")));
    const answer = await call("slow/m", true);
    expect(answer.text).toContain('"error"');
    const row = await booked();
    expect(row).toMatchObject({ ended: "timeout" });
    expectEstimate(row, 20 * CENT);
  });
});

test("an upstream that cannot be reached takes nothing: what was held is given back", async () => {
  const answer = await call("nobody/m");
  expect([answer.status, answer.code]).toEqual([502, "upstream_unreachable"]);
  expect(await booked()).toMatchObject({ cost_nano_usd: 0, flags: [], ended: "upstream_error" });
});

test("a call that is refused for its model holds nothing, and has a row", async () => {
  const answer = await buy(scene.gateway, 1, { model: "nowhere/m", headers: { "x-postern-request-id": id } });
  expect(answer.code).toBe("model_not_found");
  expect(await booked()).toMatchObject({ cost_nano_usd: 0, status: 404, ended: "refused" });
});
