// Pumping a stream: the head waits for the first content, chunks leave at once, silence is bridged, every end is told.

import { beforeEach, describe, expect, test } from "bun:test";
import { GatewayError } from "../../../src/errors.ts";
import { chatChunk, DONE, lastChunk, USAGE_CHUNK } from "../../support/upstream.ts";
import {
  AnswerUnderTest,
  KEEPALIVE_MS,
  SECRET,
  type Setting,
  settled,
  watched,
} from "./answer-under-test.ts";

const SSE = { headers: { "content-type": "text/event-stream; charset=utf-8", "x-request-id": "r1" } };
const ROLE = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n`;
const ERROR = `data: {"error":{"message":"overloaded by ${SECRET}","type":"server_error","param":null,"code":null}}\n\n`;

let answer: AnswerUnderTest;

beforeEach(() => {
  answer = new AnswerUnderTest();
});

function open(setting: Setting = {}): ReturnType<typeof watched<Response>> {
  return watched(answer.relay({ stream: true, ...setting }, SSE));
}

/** The response after its first event, and a reader of its body. */
async function begun(setting: Setting = {}, first = chatChunk("a")) {
  const response = answer.relay({ stream: true, ...setting }, SSE);
  answer.body.send(first);
  const reader = (await response).body?.getReader();
  if (reader === undefined) throw new Error("no body");
  const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
  const rest = async (): Promise<string> => {
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += Buffer.from(value).toString();
    }
  };
  return { response: await response, reader, next, rest };
}

describe("the head", () => {
  test("goes out with the first content, as a stream that nobody stores", async () => {
    const head = open();
    await settled();
    expect(head.settled).toBe(false);
    answer.body.send(ROLE);
    await settled();
    expect(head.settled).toBe(false);
    answer.body.send(chatChunk("a"));
    await settled();
    expect(head.value?.status).toBe(200);
    expect(Object.fromEntries(head.value?.headers ?? [])).toEqual({
      "content-type": "text/event-stream; charset=utf-8",
      "x-request-id": "r1",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    expect(answer.ending()).toMatchObject({ done: [], released: 0, closed: 0 });
  });

  test("is held no longer than the keep-alive time; what came meanwhile is not lost", async () => {
    const head = open();
    answer.body.send(ROLE);
    await settled();
    answer.wheel.advance(KEEPALIVE_MS - 1);
    await settled();
    expect(head.settled).toBe(false);
    answer.wheel.advance(1);
    await settled();
    expect(head.value?.status).toBe(200);
    const text = watched(head.value?.text() ?? Promise.reject());
    answer.body.send(chatChunk("a") + lastChunk() + DONE);
    answer.body.end();
    await settled();
    expect(text.value).toBe(ROLE + chatChunk("a") + lastChunk() + DONE);
    expect(answer.ending()).toEqual({
      done: [true],
      released: 1,
      closed: 1,
      ended: "completed",
      deadlines: 0,
    });
  });

  test("is held for fifteen seconds where keep-alive is off", async () => {
    const head = open({
      keepaliveMs: 0,
      provider: { timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 } },
    });
    await settled();
    answer.wheel.advance(14_999);
    await settled();
    expect(head.settled).toBe(false);
    answer.wheel.advance(1);
    await settled();
    expect(head.settled).toBe(true);
  });
});

describe("while the head is held", () => {
  const cases: readonly (readonly [string, (answer: AnswerUnderTest) => void, string, RegExp])[] = [
    [
      "an error event",
      ({ body }) => body.send(ERROR + DONE),
      "upstream_unreachable",
      /overloaded by \[secret\]/,
    ],
    [
      "an error behind announcements",
      ({ body }) => body.send(ROLE + ERROR),
      "upstream_unreachable",
      /overloaded/,
    ],
    ["an end without an answer", ({ body }) => body.end(ROLE), "upstream_unreachable", /ended before/],
    ["an end without anything", ({ body }) => body.end(), "upstream_unreachable", /ended before/],
    ["a break", ({ body }) => body.fail(), "upstream_unreachable", /broke off/],
    [
      "silence past the first-byte limit",
      ({ wheel }) => wheel.advance(2_000),
      "upstream_timeout",
      /timeouts\.first_byte/,
    ],
    ["a client that leaves", (under) => under.abort("client_closed"), "client_closed", /hung up/],
    ["the end of the gateway", (under) => under.abort("interrupted"), "no_healthy_target", /stopping/],
  ];
  test.each(cases)("%s is an ordinary error", async (_, happen, code, words) => {
    const head = open({ keepaliveMs: 60_000 });
    await settled();
    happen(answer);
    await settled();
    const error = head.error as GatewayError;
    expect(error).toBeInstanceOf(GatewayError);
    expect([error.code, error.message]).toEqual([code as GatewayError["code"], expect.stringMatching(words)]);
    // The record is closed by whoever answers with the error.
    expect(answer.ending()).toMatchObject({ done: [false], released: 1, closed: 0, deadlines: 0 });
    expect(answer.control.signal.aborted).toBe(true);
  });

  test("an error's own words are not for the log", async () => {
    const head = open();
    answer.body.send(ERROR);
    await settled();
    expect(head.error).toBeInstanceOf(GatewayError);
    expect(answer.record.detail).toBe("the upstream reported an error in its stream");
  });
});

describe("what has arrived", () => {
  test("leaves at once, byte for byte", async () => {
    const { next, rest } = await begun();
    expect(await next()).toBe(chatChunk("a"));
    for (const piece of ["data: {half", ' a "chunk"', "}\n\n", chatChunk("größe 😀")]) {
      const read = next();
      answer.body.send(piece);
      expect(await read).toBe(piece);
    }
    answer.body.send(lastChunk() + DONE);
    answer.body.end();
    expect(await rest()).toBe(lastChunk() + DONE);
    expect(answer.ending()).toEqual({
      done: [true],
      released: 1,
      closed: 1,
      ended: "completed",
      deadlines: 0,
    });
  });

  test("is read only as fast as the client reads", async () => {
    const { next, reader } = await begun();
    await settled();
    const before = answer.body.pulls;
    for (let i = 0; i < 20; i++) answer.body.send(chatChunk(`${i}`));
    await settled();
    expect(answer.body.pulls).toBe(before);
    expect(await next()).toBe(chatChunk("a"));
    expect(await next()).toBe(chatChunk("0"));
    await reader.cancel();
  });

  test("of a usage chunk nobody asked for is taken out, and counted", async () => {
    const { rest } = await begun({ hideUsage: true });
    answer.body.send(lastChunk() + USAGE_CHUNK + DONE);
    answer.body.end();
    expect(await rest()).toBe(chatChunk("a") + lastChunk() + DONE);
    expect(answer.record.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
  });
});
