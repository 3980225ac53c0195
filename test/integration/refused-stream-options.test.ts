// A provider that refuses to be asked for usage is asked again without, and not at all from then on.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { liveYaml, rewrite, untilLive } from "../support/live-config.ts";
import {
  type Answer,
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
} from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;
let live: { marker: string; providers: readonly string[] };
let names = 0;

/** A provider of its own for every test: what is remembered of one must not help another. */
function freshName(): string {
  names += 1;
  return `up${names}`;
}

beforeAll(async () => {
  upstream = fakeUpstream();
  const providers = Array.from(
    { length: 20 },
    (_, number) => `up${number + 1}: { base_url: "${upstream.url}/v1", auth: none }`,
  );
  live = { marker: "first", providers };
  gateway = await startGateway(liveYaml(live));
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const EVENTS = firstChunk("pong") + lastChunk() + DONE;
const UNKNOWN = '{"error":{"message":"Unknown field: stream_options","type":"x","param":null,"code":null}}';

/** Answers with a stream, but not when usage is asked for. */
const refusing =
  (status: number, body: string): Answer =>
  ({ text }) =>
    text.includes("include_usage")
      ? new Response(body, { status, headers: { "content-type": "application/json", "retry-after": "3" } })
      : eventStream(EVENTS);

const ask = (name: string, more: Readonly<Record<string, unknown>> = {}): Promise<Response> =>
  gateway.post("/v1/chat/completions", { model: `${name}/m`, stream: true, ...more });

const bodies = (): unknown[] => upstream.requests.map((request) => request.json());

describe("a provider that refuses the question", () => {
  test.each([
    ["400, naming the field", 400, UNKNOWN],
    [
      "422, naming the option",
      422,
      '{"detail":[{"loc":["body","stream_options","include_usage"],"msg":"extra"}]}',
    ],
    ["400 in plain text", 400, "include_usage is not supported"],
  ])("(%s) gets the call again without, in the same attempt, and is remembered", async (_, status, body) => {
    const name = freshName();
    upstream.answer(refusing(status, body));
    const first = await ask(name);
    expect([first.status, await first.text(), first.headers.get("x-postern-attempts")]).toEqual([
      200,
      EVENTS,
      "1",
    ]);
    expect(bodies()).toEqual([
      { model: "m", stream: true, stream_options: { include_usage: true } },
      { model: "m", stream: true },
    ]);
    expect(await (await ask(name)).text()).toBe(EVENTS);
    expect(bodies().slice(2)).toEqual([{ model: "m", stream: true }]);
  });

  test("gets the client's own stream options all the same", async () => {
    upstream.answer(refusing(400, UNKNOWN));
    const options = { stream_options: { include_obfuscation: false } };
    expect((await ask(freshName(), options)).status).toBe(200);
    expect(bodies()[1]).toEqual({ model: "m", stream: true, ...options });
  });

  test("is remembered over a reload", async () => {
    const name = freshName();
    upstream.answer(refusing(400, UNKNOWN));
    await (await ask(name)).text();
    rewrite(gateway, { ...live, marker: "second" });
    await untilLive(gateway, "second");
    upstream.requests.length = 0;
    await (await ask(name)).text();
    expect(bodies()).toEqual([{ model: "m", stream: true }]);
  });
});

describe("an error that the question did not cause", () => {
  test.each([
    ["of another subject", 400, '{"error":{"message":"no such model","type":"x","param":null,"code":null}}'],
    ["of another status", 500, UNKNOWN],
    ["that is very long", 400, `{"error":{"message":"stream_options ${"x".repeat(100_000)}","type":"x"}}`],
  ])("(%s) passes as it came, and the next call asks again", async (_, status, body) => {
    const name = freshName();
    upstream.answer(() => new Response(body, { status, headers: { "retry-after": "3" } }));
    const answer = await ask(name);
    expect([answer.status, await answer.text(), answer.headers.get("retry-after")]).toEqual([
      status,
      body,
      "3",
    ]);
    await (await ask(name)).text();
    expect(bodies()).toEqual(
      Array(2).fill({ model: "m", stream: true, stream_options: { include_usage: true } }),
    );
  });

  test("but repeats what was sent is the answer after a second try, and nothing is remembered", async () => {
    const name = freshName();
    upstream.answer(
      ({ text }) => new Response(JSON.stringify({ detail: "bad", input: text }), { status: 422 }),
    );
    const answer = await ask(name);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ error: { message: "bad" } });
    await (await ask(name)).text();
    expect(bodies()[2]).toEqual({ model: "m", stream: true, stream_options: { include_usage: true } });
  });

  test("passes when the client itself asked", async () => {
    upstream.answer(refusing(400, UNKNOWN));
    const answer = await ask(freshName(), { stream_options: { include_usage: true } });
    expect([answer.status, await answer.text(), upstream.requests.length]).toEqual([400, UNKNOWN, 1]);
  });
});
