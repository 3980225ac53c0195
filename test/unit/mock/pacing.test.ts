// Streams that keep a pace: how long they take, and that nothing of them is left when nobody wants them.

import { describe, expect, test } from "bun:test";
import type { EndpointName } from "../../../src/formats/table.ts";
import { createMock } from "../../../src/mock/mock-provider.ts";
import { mockUnderTest, NO_SIGNAL, sleepingMock } from "./mock-under-test.ts";

const messages = [{ role: "user", content: "x" }];

const STREAMS: readonly (readonly [EndpointName, object])[] = [
  ["chat", { messages }],
  ["completions", { prompt: "x" }],
  ["responses", { input: "x" }],
  ["messages", { messages, max_tokens: 100 }],
].map(([endpoint, body]) => [endpoint as EndpointName, { model: "m", stream: true, ...(body as object) }]);

/** Ten tokens in five words of two tokens. */
const TEN_TOKENS = "abcdefgh ijklmno pqrstuv wxyzabc defghij";

async function readAll(response: Response): Promise<string> {
  return await response.text();
}

describe.each(STREAMS)("%s", (endpoint, body) => {
  test("takes as long as its tokens need, and carries the same events as without a pace", async () => {
    const mock = mockUnderTest({ reply: TEN_TOKENS, tokensPerSecond: 20 });
    const paced = await readAll(await mock.send(endpoint, body));
    const plain = await readAll(await mockUnderTest({ reply: TEN_TOKENS }).send(endpoint, body));
    expect(paced).toBe(plain);
    expect(mock.sleeps).toEqual([100, 100, 100, 100, 100]);
  });

  test("sets no timer before it is read", async () => {
    const mock = sleepingMock({ tokensPerSecond: 1 });
    const response = await mock.send(endpoint, body, NO_SIGNAL);
    expect(mock.asleep()).toBe(0);
    await response.body?.cancel();
  });

  test("cancelling it ends the wait", async () => {
    const mock = sleepingMock({ tokensPerSecond: 1 });
    const response = await mock.send(endpoint, body, NO_SIGNAL);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).toBe(false);
    const waiting = reader.read();
    expect(mock.asleep()).toBe(1);
    await reader.cancel();
    expect((await waiting).done).toBe(true);
    expect(mock.asleep()).toBe(0);
  });

  test.each(["while it waits", "while nobody reads"])(
    "hanging up %s ends it with the signal's reason",
    async (when) => {
      const mock = sleepingMock({ tokensPerSecond: 1 });
      const hangUp = new AbortController();
      const response = await mock.send(endpoint, body, hangUp.signal);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      const gone = new Error("gone");
      const waiting = when === "while it waits" ? reader.read() : undefined;
      hangUp.abort(gone);
      expect(await (waiting ?? reader.read()).catch((error: unknown) => error)).toBe(gone);
      expect(mock.asleep()).toBe(0);
    },
  );
});

test.each(STREAMS.filter(([endpoint]) => endpoint !== "completions"))(
  "%s: a tool call is paced as well",
  async (endpoint, body) => {
    const script = [{ toolCall: { name: "f", arguments: '{"a":"0123456789"}' } }];
    const mock = mockUnderTest({ script, tokensPerSecond: 1 });
    await readAll(await mock.send(endpoint, body));
    expect(mock.sleeps).toEqual([3000, 1500]);
  },
);

test("a reader that comes late gets what is due without a wait", async () => {
  let nowMs = 0;
  const sleeps: number[] = [];
  const mock = createMock(
    { reply: TEN_TOKENS, tokensPerSecond: 20 },
    { now: () => nowMs, newId: () => "id", sleep: async (ms) => void sleeps.push(ms) },
  );
  const body = new TextEncoder().encode(JSON.stringify({ model: "m", messages, stream: true }));
  const response = await mock({ endpoint: "chat", body, signal: NO_SIGNAL });
  nowMs = 60_000;
  expect(await response.text()).toEndWith("data: [DONE]\n\n");
  expect(sleeps).toEqual([]);
});

test("n choices of a chat take no longer than one", async () => {
  const mock = mockUnderTest({ reply: TEN_TOKENS, tokensPerSecond: 20 });
  await readAll(await mock.send("chat", { model: "m", messages, stream: true, n: 4 }));
  expect(mock.sleeps).toEqual([100, 100, 100, 100, 100]);
});

test("JSON answers are not paced", async () => {
  const mock = mockUnderTest({ tokensPerSecond: 1 });
  await mock.send("chat", { model: "m", messages });
  expect(mock.sleeps).toEqual([]);
});
