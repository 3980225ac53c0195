// max_concurrent, max_queue and queue_timeout of a provider: how many calls reach it at once, and what the others get.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { byteReader } from "../../src/lib/byte-reader.ts";
import { ask, get, idsOf, keySection, outcome, yamlOf } from "../support/callers.ts";
import { until } from "../support/deadline.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { replaceFile } from "../support/live-config.ts";
import {
  CHAT_REPLY,
  chatChunk,
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  lastChunk,
  pacedStream,
  type SeenRequest,
} from "../support/upstream.ts";

/** A call that has reached the upstream and waits for the test to answer it. */
interface Held {
  readonly model: unknown;
  readonly answer: (response?: Response) => void;
}

let upstream: FakeUpstream;
let held: Held[];
let most: number;
let atOnce: number;
let running: Gateway[];

/** Holds every call until the test answers it, and counts how many there are at once. */
async function hold(request: SeenRequest): Promise<Response> {
  atOnce += 1;
  most = Math.max(most, atOnce);
  const { promise, resolve } = Promise.withResolvers<Response>();
  held.push({
    model: request.json()["model"],
    answer: (response = Response.json(CHAT_REPLY)) => resolve(response),
  });
  void request.gone.then(() => resolve(new Response()));
  const response = await promise;
  atOnce -= 1;
  return response;
}

beforeAll(() => {
  upstream = fakeUpstream();
});

beforeEach(() => {
  upstream.reset();
  upstream.answer(hold);
  held = [];
  most = 0;
  atOnce = 0;
  running = [];
});

afterEach(async () => {
  for (const call of held) call.answer();
  await Promise.all(running.map((gateway) => gateway.stop()));
});

afterAll(async () => {
  await upstream.stop();
});

function configOf(limits: Record<string, unknown>): string {
  const base_url = upstream.url;
  return yamlOf({
    providers: { up: { base_url, ...limits }, free: { base_url } },
    keys: keySection({ all: {} }),
  });
}

async function start(limits: Record<string, unknown>): Promise<Gateway> {
  const gateway = await startGateway(configOf(limits));
  running.push(gateway);
  return gateway;
}

function call(gateway: Gateway, model: string): ReturnType<typeof ask> {
  return ask(gateway, { as: "all", model });
}

/** The call with this number (0 = first), as soon as it has reached the upstream. */
function reached(number: number): Promise<Held> {
  return until(`call ${number}`, () => held[number]);
}

/** Sends calls of models 0, 1, 2 …, each only when the gateway has taken the one before. */
async function queueUp(gateway: Gateway, count: number): Promise<Promise<string>[]> {
  const asked: Promise<string>[] = [];
  for (let i = 0; i < count; i++) {
    asked.push(call(gateway, `up/${i}`).then(outcome));
    await (i === 0 ? reached(0) : taken(gateway));
  }
  return asked;
}

/** When later requests have been answered, those before them have been read. */
async function taken(gateway: Gateway): Promise<void> {
  for (let i = 0; i < 3; i++) await get(gateway, "/v1/key", "all");
}

describe.each([1, 2])("with max_concurrent: %d", (max_concurrent) => {
  test("no more calls reach the upstream at once, and all of them are answered", async () => {
    const gateway = await start({ max_concurrent });
    const asked = Array.from({ length: 20 }, (_, i) => call(gateway, `up/${i}`).then(outcome));
    for (let i = 0; i < 20; i++) (await reached(i)).answer();
    expect((await Promise.all(asked)).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, i) => `200 up/${i}`).toSorted(),
    );
    expect(most).toBe(max_concurrent);
  });

  test("calls are let in in the order in which they came", async () => {
    const gateway = await start({ max_concurrent });
    const asked = await queueUp(gateway, 6);
    for (let i = 0; i < 6; i++) (await reached(i)).answer();
    await Promise.all(asked);
    expect(held.map(({ model }) => model)).toEqual(["0", "1", "2", "3", "4", "5"]);
  });
});

test("other providers, and what needs no upstream, do not wait", async () => {
  const gateway = await start({ max_concurrent: 1, max_queue: 0 });
  const [first] = await queueUp(gateway, 1);
  const other = call(gateway, "free/x");
  (await reached(1)).answer();
  expect(outcome(await other)).toBe("200 free/x");
  expect((await get(gateway, "/v1/key", "all")).status).toBe(200);
  held[0]?.answer();
  expect(await first).toBe("200 up/0");
});

test("being busy does not keep the gateway from finding models", async () => {
  const gateway = await start({ max_concurrent: 1, max_queue: 0 });
  const [first] = await queueUp(gateway, 1);
  upstream.answer((request) =>
    request.method === "GET" ? Response.json({ data: [{ id: "found" }] }) : hold(request),
  );
  expect(idsOf(await get(gateway, "/v1/models", "all"))).toEqual(["up/found", "free/found"]);
  held[0]?.answer();
  expect(await first).toBe("200 up/0");
});

test("a call for which the queue has no place is 503 at once", async () => {
  const gateway = await start({ max_concurrent: 1, max_queue: 2 });
  const asked = await queueUp(gateway, 3);
  const refused = await call(gateway, "up/more");
  expect(outcome(refused)).toBe("503 overloaded");
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.message).toMatch(/provider up .*max_concurrent.*max_queue/);
  expect(refused.json()).toMatchObject({ error: { type: "server_error", code: "overloaded" } });
  const logged = await gateway.logged((line) => line["code"] === "overloaded");
  expect(logged).toMatchObject({ target: "up/more", ended: "refused", attempts: 0, status: 503 });
  for (let i = 0; i < 3; i++) (await reached(i)).answer();
  expect(await Promise.all(asked)).toEqual(["200 up/0", "200 up/1", "200 up/2"]);
});

test("a call that waits too long is 503, streams too, and its place is free", async () => {
  const gateway = await start({ max_concurrent: 1, max_queue: 1, queue_timeout: "300ms" });
  const [first] = await queueUp(gateway, 1);
  for (const stream of [false, true]) {
    const refused = await ask(gateway, { as: "all", body: { model: "up/late", messages: [], stream } });
    expect(outcome(refused)).toBe("503 overloaded");
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.message).toMatch(/provider up .*max_concurrent.*queue_timeout/);
  }
  held[0]?.answer();
  expect(await first).toBe("200 up/0");
  const next = call(gateway, "up/next");
  (await reached(1)).answer();
  expect(outcome(await next)).toBe("200 up/next");
  expect(held.map(({ model }) => model)).toEqual(["0", "next"]);
});

test("a client that hangs up in the queue is forgotten, and no slot is lost", async () => {
  const gateway = await start({ max_concurrent: 1, max_queue: 1 });
  const [first] = await queueUp(gateway, 1);
  for (const model of ["up/gone-0", "up/gone-1", "up/gone-2"]) {
    const client = new AbortController();
    const leaving = post(gateway, { model }, client.signal).catch(() => "left");
    await taken(gateway);
    client.abort();
    expect(await leaving).toBe("left");
    const logged = await gateway.logged((line) => line["requested_model"] === model);
    expect(logged).toMatchObject({ ended: "client_closed", attempts: 0 });
  }
  const next = call(gateway, "up/next");
  held[0]?.answer();
  (await reached(1)).answer();
  expect([await first, outcome(await next)]).toEqual(["200 up/0", "200 up/next"]);
  expect(held.map(({ model }) => model)).toEqual(["0", "next"]);
});

describe("a stream", () => {
  test("holds its slot until its end", async () => {
    const gateway = await start({ max_concurrent: 1 });
    const stream = pacedStream();
    const head = post(gateway, { model: "up/s", stream: true });
    (await reached(0)).answer(stream.response);
    stream.send(chatChunk("a"));
    const reader = byteReader((await head).body);
    await reader.read();
    const next = call(gateway, "up/next");
    await taken(gateway);
    expect(held).toHaveLength(1);
    stream.send(lastChunk() + DONE);
    stream.end();
    while (!(await reader.read()).done) {}
    (await reached(1)).answer();
    expect(outcome(await next)).toBe("200 up/next");
  });

  test("whose client hangs up frees its slot", async () => {
    const gateway = await start({ max_concurrent: 1 });
    const stream = pacedStream();
    const client = new AbortController();
    const head = post(gateway, { model: "up/s", stream: true }, client.signal);
    (await reached(0)).answer(stream.response);
    stream.send(chatChunk("a"));
    await byteReader((await head).body).read();
    const next = call(gateway, "up/next");
    await taken(gateway);
    client.abort();
    await stream.cancelled;
    (await reached(1)).answer();
    expect(outcome(await next)).toBe("200 up/next");
  });

  test("that breaks off frees its slot", async () => {
    const gateway = await start({ max_concurrent: 1 });
    const head = post(gateway, { model: "up/s", stream: true });
    (await reached(0)).answer(eventStream(chatChunk("a")));
    await (await head).text();
    const next = call(gateway, "up/next");
    (await reached(1)).answer();
    expect(outcome(await next)).toBe("200 up/next");
  });
});

test("a changed limit counts at once, also for calls that wait already", async () => {
  const gateway = await start({ max_concurrent: 1 });
  const asked = await queueUp(gateway, 3);
  expect(held).toHaveLength(1);
  const file = join(gateway.dir, "config.yaml");
  replaceFile(file, readFileSync(file, "utf8").replace("max_concurrent: 1", "max_concurrent: 2"));
  (await reached(1)).answer();
  (await reached(2)).answer();
  held[0]?.answer();
  expect(await Promise.all(asked)).toEqual(["200 up/0", "200 up/1", "200 up/2"]);
  expect(most).toBe(2);
});

test.each([
  ["max_concurrent: 0", "providers.up.max_concurrent"],
  ["max_queue: -1", "providers.up.max_queue"],
  ["queue_timeout: soon", "providers.up.queue_timeout"],
])("%s is refused", async (setting, path) => {
  const yaml = `providers: { up: { base_url: "http://127.0.0.1:9", ${setting} } }`;
  const { code, stdout, stderr } = await runPostern(["check"], { yaml });
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(`  ${path}: must be`)]);
});

function post(
  gateway: Gateway,
  body: Record<string, unknown>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Response> {
  return gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${virtualKey("all")}` },
    body: JSON.stringify({ messages: [], ...body }),
    signal,
  });
}
