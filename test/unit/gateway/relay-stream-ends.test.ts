// How streams end: silence is bridged between events, timers know whose fault it is, every end is closed exactly once.

import { beforeEach, describe, expect, test } from "bun:test";
import { chatChunk, DONE, lastChunk } from "../../support/upstream.ts";
import { AnswerUnderTest, KEEPALIVE_MS, type Setting, settled, watched } from "./answer-under-test.ts";

const SSE = { headers: { "content-type": "text/event-stream" } };
const PING = ": ping\n";
const TERMINAL = /\ndata: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/;
const LIMITS = { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 };

let answer: AnswerUnderTest;

beforeEach(() => {
  answer = new AnswerUnderTest();
});

interface Begun {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  next(): Promise<string>;
  rest(): Promise<string>;
}

/** A stream whose first event has been read. */
async function begun(setting: Setting = {}): Promise<Begun> {
  const response = answer.relay({ stream: true, ...setting }, SSE);
  answer.body.send(chatChunk("a"));
  const reader = (await response).body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
  const rest = async (): Promise<string> => {
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += Buffer.from(part.value).toString();
    return text;
  };
  expect(await next()).toBe(chatChunk("a"));
  return { reader, next, rest };
}

describe("a silent upstream", () => {
  test("is bridged by a comment every keep-alive time, from the last event on", async () => {
    const { next, reader } = await begun({ provider: { timeouts: LIMITS } });
    const first = watched(next());
    await settled();
    answer.wheel.advance(KEEPALIVE_MS - 1);
    await settled();
    expect(first.settled).toBe(false);
    answer.wheel.advance(1);
    await settled();
    expect(first.value).toBe(PING);
    const second = watched(next());
    await settled();
    answer.wheel.advance(KEEPALIVE_MS);
    await settled();
    expect(second.value).toBe(PING);
    const third = next();
    answer.body.send(chatChunk("b"));
    expect(await third).toBe(chatChunk("b"));
    await reader.cancel();
  });

  test("is not, in the middle of an event", async () => {
    const { next, reader } = await begun({ provider: { timeouts: LIMITS } });
    const half = chatChunk("half").slice(0, 20);
    answer.body.send(half);
    expect(await next()).toBe(half);
    const read = watched(next());
    await settled();
    answer.wheel.advance(10 * KEEPALIVE_MS);
    await settled();
    expect(read.settled).toBe(false);
    answer.body.send(chatChunk("half").slice(20));
    await settled();
    expect(read.value).toBe(chatChunk("half").slice(20));
    await reader.cancel();
  });

  test("is not where keep-alive is off, or where the client is the slow one", async () => {
    for (const [setting, reads] of [
      [{ keepaliveMs: 0 }, true],
      [{}, false],
    ] as const) {
      answer = new AnswerUnderTest();
      const { next, reader } = await begun({ provider: { timeouts: LIMITS }, ...setting });
      const read = reads ? watched(next()) : undefined;
      await settled();
      answer.wheel.advance(100 * KEEPALIVE_MS);
      await settled();
      expect(read?.settled ?? false).toBe(false);
      answer.body.send(chatChunk("b"));
      await settled();
      expect(read === undefined ? await next() : read.value).toBe(chatChunk("b"));
      await reader.cancel();
    }
  });

  test("is given up by the idle timer, comments or not", async () => {
    const { rest } = await begun({ provider: { timeouts: { ...LIMITS, idleMs: 1_700 } } });
    const text = watched(rest());
    for (let i = 0; i < 17; i++) {
      await settled();
      answer.wheel.advance(100);
    }
    await settled();
    expect(text.value).toStartWith(PING.repeat(3));
    expect(`\n\n${text.value}`).toMatch(TERMINAL);
    expect(answer.ending()).toEqual({
      done: [false],
      released: 1,
      closed: 1,
      ended: "timeout",
      deadlines: 0,
    });
  });
});

test("a client that reads slowly is not an upstream that is silent", async () => {
  const { next, reader } = await begun({
    keepaliveMs: 0,
    provider: { timeouts: { ...LIMITS, idleMs: 1_000 } },
  });
  answer.wheel.advance(60_000);
  answer.body.send(chatChunk("b"));
  expect(await next()).toBe(chatChunk("b"));
  answer.wheel.advance(60_000);
  expect(answer.control.signal.aborted).toBe(false);
  await reader.cancel();
});

test("a client that does not read at all yet is not one either", async () => {
  const response = answer.relay({ stream: true, provider: { timeouts: { ...LIMITS, idleMs: 1_000 } } }, SSE);
  answer.body.send(chatChunk("a"));
  const { body } = await response;
  answer.wheel.advance(60_000);
  expect(answer.control.signal.aborted).toBe(false);
  await body?.cancel();
});

describe("a stream that has begun", () => {
  const cases: readonly (readonly [string, (under: AnswerUnderTest) => void, boolean, string, RegExp])[] = [
    ["and is whole", ({ body }) => body.end(lastChunk() + DONE), true, "completed", /\[DONE\]\n\n$/],
    ["and ends without a finish", ({ body }) => body.end(), true, "upstream_error", TERMINAL],
    ["and breaks", ({ body }) => body.fail(), false, "upstream_error", TERMINAL],
    [
      "and reports an error",
      ({ body }) => body.end('data: {"error":{"message":"no"}}\n\n'),
      true,
      "upstream_error",
      /"no"/,
    ],
    ["and takes too long", ({ wheel }) => wheel.advance(60_000), false, "timeout", TERMINAL],
    ["when the gateway has to stop", (under) => under.abort("interrupted"), false, "interrupted", TERMINAL],
  ];
  test.each(cases)("%s ends once, and says how", async (_, happen, whole, ended, ending) => {
    const timeouts = { ...LIMITS, totalMs: 60_000 };
    const { rest } = await begun({ keepaliveMs: 0, provider: { timeouts } });
    const text = watched(rest());
    await settled();
    happen(answer);
    await settled();
    expect(`\n\n${text.value}`).toMatch(ending);
    expect(answer.ending()).toEqual({ done: [whole], released: 1, closed: 1, ended, deadlines: 0 });
    expect(answer.record.status).toBe(200);
  });

  test("breaks in the middle of an event: what follows is an event of its own", async () => {
    const { rest } = await begun({ keepaliveMs: 0 });
    answer.body.send('data: {"half');
    const text = watched(rest());
    await settled();
    answer.body.fail();
    await settled();
    expect(text.value).toStartWith('data: {"half\n\ndata: {"error"');
  });

  test("has an event that is too long: it is ended, and the upstream let go", async () => {
    const { rest } = await begun();
    const text = watched(rest());
    for (let i = 0; i < 17; i++) {
      answer.body.send(`${i === 0 ? "data: " : ""}${"x".repeat(1024 * 1024)}`);
      await settled();
    }
    expect(`\n\n${text.value?.slice(-1_000)}`).toMatch(TERMINAL);
    expect(answer.control.signal.aborted).toBe(true);
    expect(answer.ending()).toMatchObject({ released: 1, closed: 1, ended: "upstream_error", deadlines: 0 });
  });
});

describe("a client that hangs up", () => {
  test.each<[string, (under: AnswerUnderTest, stream: Begun) => Promise<unknown>]>([
    [
      "while it waits",
      async (_, { reader, next }) => {
        const read = watched(next());
        await settled();
        await reader.cancel();
        return read;
      },
    ],
    ["while nobody waits", (_, { reader }) => reader.cancel()],
    [
      "and is noticed by its connection first",
      async (under, { reader, next }) => {
        const read = watched(next());
        await settled();
        under.abort("client_closed");
        await settled();
        await reader.cancel();
        return read;
      },
    ],
    [
      "twice",
      async (under, { reader }) => {
        await reader.cancel();
        under.abort("client_closed");
        await reader.cancel();
      },
    ],
  ])("%s closes the upstream and the record, once", async (_, leave) => {
    const stream = await begun();
    await leave(answer, stream);
    await settled();
    answer.wheel.advance(60_000);
    expect(answer.control.signal.reason).toBe("client_closed");
    expect(answer.ending()).toEqual({
      done: [false],
      released: 1,
      closed: 1,
      ended: "client_closed",
      deadlines: 0,
    });
  });

  test("before it read anything", async () => {
    const response = answer.relay({ stream: true }, SSE);
    answer.body.send(chatChunk("a"));
    await (await response).body?.cancel();
    expect(answer.ending()).toEqual({
      done: [false],
      released: 1,
      closed: 1,
      ended: "client_closed",
      deadlines: 0,
    });
  });
});
