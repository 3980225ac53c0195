// Answers that are none, or not quite: what an upstream that misbehaves is paid.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eventually, money, type RequestRow, rowOf } from "../support/money-account.ts";
import { usageChunk } from "../support/money-formats.ts";
import { buy, CENT, type MoneyScene, moneyScene, upProvider } from "../support/money-scene.ts";
import { type RawConnection, type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { CHAT_REPLY, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

const KEEPALIVE_MS = 300;

let raw: RawUpstream;
/** What the upstream does with a request. */
let turn: (connection: RawConnection) => void | Promise<void>;
let scene: MoneyScene;
let rounds = 0;
let id: string;

beforeAll(async () => {
  raw = await rawUpstream(({ connection }) => turn(connection));
  scene = await moneyScene({
    server: { keepalive: `${KEEPALIVE_MS}ms` },
    providers: { raw: upProvider(raw.url) },
    pricing: { models: { "*": { input: 10, output: 10_000 } } },
    spend_policies: { Everything: { limit_usd: 1_000_000, window: "total" } },
  });
});
beforeEach(() => {
  id = `audit-answers-${++rounds}`;
});
afterAll(async () => {
  await scene?.stop();
  await raw?.stop();
});

const JSON_TYPE = "content-type: application/json\r\n";
const EVENTS_TYPE = "content-type: text/event-stream\r\n";

function reply(status: string, body: string, headers = JSON_TYPE): string {
  return `HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function rowOfCall(
  answer: string,
  call: { stream?: boolean; path?: string; lateMs?: number } = {},
): Promise<RequestRow> {
  const { stream = false, path = "/v1/chat/completions", lateMs = 0 } = call;
  turn = async (upstream) => {
    if (lateMs > 0) await Bun.sleep(lateMs);
    upstream.write(answer);
  };
  await buy(scene.gateway, 50, {
    path,
    model: "raw/m",
    headers: { "x-postern-request-id": id },
    body: { stream },
  });
  const row = await rowOf(scene.gateway, id);
  await eventually(async () => (await money(scene.gateway, "Everything"))?.held, 0);
  return row;
}

const ERROR = JSON.stringify({ error: { message: "no", type: "server_error", param: null, code: null } });
const FREE = { cost_nano_usd: 0, flags: [], ended: "upstream_error" };

describe("an upstream that answers with an error costs nothing", () => {
  test.each([
    ["a redirect", reply("302 Found", "", "location: http://127.0.0.1/\r\n"), false],
    ["a redirect, for a stream", reply("307 Temporary Redirect", "", "location: /\r\n"), true],
    ["not modified", "HTTP/1.1 304 Not Modified\r\n\r\n", false],
    ["behind a 200", reply("200 OK", ERROR), false],
    ["behind a 200, for a stream", reply("200 OK", ERROR), true],
    ["as a stream nobody asked for", reply("200 OK", `data: ${ERROR}\n\n`, EVENTS_TYPE), false],
    ["as the first event of a stream", reply("200 OK", `data: ${ERROR}\n\n`, EVENTS_TYPE), true],
  ])("%s", async (_what, answer, stream) => {
    expect(await rowOfCall(answer, { stream })).toMatchObject(FREE);
  });

  test.each([
    ["behind a 200", reply("200 OK", ERROR)],
    ["as the first event", reply("200 OK", `data: ${ERROR}\n\n`, EVENTS_TYPE)],
    ["with a status", reply("500 Oops", ERROR)],
  ])("%s, once the head had to go out without it", async (_what, answer) => {
    const row = await rowOfCall(answer, { stream: true, lateMs: 3 * KEEPALIVE_MS });
    expect(row).toMatchObject({ ...FREE, status: 200, code: "upstream_unreachable" });
  });

  test("unless it reports usage", async () => {
    const usage = { prompt_tokens: 0, completion_tokens: 4, total_tokens: 4 };
    const row = await rowOfCall(reply("200 OK", JSON.stringify({ ...JSON.parse(ERROR), usage })));
    expect(row).toMatchObject({ cost_nano_usd: 4 * CENT, flags: [], ended: "upstream_error" });
  });
});

test("a 200 that is no JSON is charged: nobody knows what it was", async () => {
  const row = await rowOfCall(reply("200 OK", '{"id":"chatcmpl-1","choices":[{"mess'));
  expect(row).toMatchObject({ status: 502, flags: ["estimated"], ended: "upstream_error" });
  expect(row.cost_nano_usd).toBeGreaterThan(0);
});

test.each(["1e18", "1e999", "2000000000"])(
  "where %s tokens are reported the text is counted",
  async (count) => {
    const body = JSON.stringify(CHAT_REPLY).replace('"completion_tokens":1', `"completion_tokens":${count}`);
    const row = await rowOfCall(reply("200 OK", body));
    expect(row.flags).toEqual(["estimated"]);
    // "pong" is two tokens.
    expect(row.usage?.output_tokens).toBe(2);
  },
);

describe("an answer that is too long to be held", () => {
  const content = "x".repeat(9 * 1024 * 1024);
  const message = { role: "assistant", content };
  const choices = [{ index: 0, message, finish_reason: "stop" }];

  test("is charged the usage at its end", async () => {
    const usage = { prompt_tokens: 0, completion_tokens: 30, total_tokens: 30 };
    const row = await rowOfCall(reply("200 OK", JSON.stringify({ ...CHAT_REPLY, choices, usage })));
    expect(row).toMatchObject({ ended: "completed", cost_nano_usd: 30 * CENT, flags: [] });
  });

  test("is estimated where there is none", async () => {
    const { usage: _, ...rest } = CHAT_REPLY;
    const row = await rowOfCall(reply("200 OK", JSON.stringify({ ...rest, choices })));
    expect(row).toMatchObject({ ended: "completed", flags: ["estimated"] });
    expect(row.cost_nano_usd).toBeGreaterThanOrEqual(50 * CENT);
  });
});

/** Ample time for a gateway to read what has arrived. */
const READ_MS = 500;

test("input that was reported before a stream broke is what is charged for it", async () => {
  const usage = { input_tokens: 777, output_tokens: 1 };
  const start = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], usage };
  const event = `event: message_start\ndata: ${JSON.stringify({ type: "message_start", message: start })}\n\n`;
  const answer = `HTTP/1.1 200 OK\r\n${EVENTS_TYPE}content-length: 100000\r\n\r\n${event}`;
  turn = async (upstream) => {
    upstream.write(answer);
    // Bytes that arrive together with the end of their connection may be lost before anybody has read them.
    await Bun.sleep(READ_MS);
    upstream.end();
  };
  await buy(scene.gateway, 50, {
    path: "/v1/messages",
    model: "raw/m",
    headers: { "x-postern-request-id": id },
    body: { stream: true },
  });
  const row = await rowOf(scene.gateway, id);
  // Whether its head went out before it broke is a matter of time; what it is charged is not.
  expect(row).toMatchObject({ flags: ["estimated"], usage: { input_tokens: 777 } });
  expect(row.ended).toBe("upstream_error");
});

test("a stream that came for a plain call is charged by its usage", async () => {
  const usage = usageChunk({ prompt_tokens: 0, completion_tokens: 7, total_tokens: 7 });
  const row = await rowOfCall(reply("200 OK", firstChunk("a") + lastChunk() + usage + DONE, EVENTS_TYPE));
  expect(row).toMatchObject({ status: 200, cost_nano_usd: 7 * CENT, flags: [] });
});
