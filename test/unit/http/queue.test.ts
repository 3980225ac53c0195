// A provider with `max_concurrent`: who waits, who is told what, and that every way a call can end frees its slot.

import { beforeEach, describe, expect, test } from "bun:test";
import { adopt } from "../../../src/gateway/state.ts";
import { byteReader } from "../../../src/lib/byte-reader.ts";
import type { Outcome } from "../../../src/upstream/send.ts";
import { TESTER } from "../../support/keys.ts";
import { snapshotOf } from "../../support/snapshots.ts";
import { chatChunk, DONE, eventStream, lastChunk } from "../../support/upstream.ts";
import { HandBody, settled, watched } from "../gateway/answer-under-test.ts";
import { NOTHING_LEFT, PlaneUnderTest, type Question, type Sent } from "./plane-under-test.ts";

function yaml(limits: string): string {
  return `
server: { keepalive: 1s }
providers:
  up: { base_url: "http://up.test/v1"${limits} }
  free: { base_url: "http://free.test/v1" }
${TESTER}`;
}

let plane: PlaneUnderTest;
/** Answers to calls that are under way, in the order in which they were sent. */
let answers: ((outcome: Outcome) => void)[];

beforeEach(() => {
  answers = [];
  plane = new PlaneUnderTest(yaml(", max_concurrent: 1, max_queue: 2, queue_timeout: 3s"));
  plane.outcome = ({ control: { signal } }) =>
    new Promise((resolve) => {
      answers.push(resolve);
      signal.addEventListener("abort", () => resolve({ kind: "aborted", reached: true }));
    });
});

const UP: Question = { body: { model: "up/m" } };
const STREAM: Question = { body: { model: "up/m", stream: true } };

function reply(number: number, response: Response): void {
  const sent = plane.sent[number];
  if (sent === undefined) throw new Error(`call ${number} was not sent`);
  answers[number]?.(plane.reply(sent, response));
}

test("calls beyond the limit are sent one after the other, in the order in which they came", async () => {
  const asked = ["a", "b", "c"].map((name) => watched(plane.outcomeOf({ body: { model: `up/${name}` } })));
  await settled();
  for (const [number, name] of ["a", "b", "c"].entries()) {
    expect(plane.sent).toHaveLength(number + 1);
    expect(Buffer.from(plane.sent[number]?.request.body ?? []).toString()).toContain(`"${name}"`);
    reply(number, Response.json({ ok: true }));
    await settled();
    expect(asked[number]?.value).toBe(`200 up/${name}`);
  }
  expect(plane.leftovers()).toEqual(NOTHING_LEFT);
});

describe("a call that is not let in", () => {
  test.each([
    ["max_queue", 3, 0],
    ["queue_timeout", 1, 3_000],
  ])(
    "(%s) is 503, names provider and setting, and says when to try again",
    async (setting, before, waitMs) => {
      for (let i = 0; i < before; i++) void plane.ask(UP);
      await settled();
      const asked = plane.ask(STREAM);
      await settled();
      plane.wheel.advance(waitMs);
      const response = await asked;
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(response.headers.get("x-postern-code")).toBe("overloaded");
      expect(response.headers.get("x-postern-attempts")).toBe("0");
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error.message).toMatch(new RegExp(`provider up .*max_concurrent.*${setting}`));
      expect(plane.sent).toHaveLength(1);
      expect(plane.log.lines.at(-1)?.fields).toMatchObject({
        ended: "refused",
        code: "overloaded",
        attempts: 0,
      });
    },
  );

  test("is refused as everything else is before that", async () => {
    for (let i = 0; i < 3; i++) void plane.ask(UP);
    await settled();
    expect(await plane.outcomeOf({ path: "/v1/messages", body: { model: "up/m" } })).toBe(
      "501 unsupported_endpoint",
    );
  });
});

test("another provider's calls do not wait", async () => {
  void plane.ask(UP);
  void plane.ask({ body: { model: "free/m" } });
  await settled();
  expect(plane.sent.map(({ provider }) => provider.name)).toEqual(["up", "free"]);
});

test("waiting is not counted as time of the gateway's own", async () => {
  void plane.ask(UP);
  const asked = plane.ask(UP);
  await settled();
  plane.wheel.advance(2_000);
  reply(0, Response.json({}));
  await settled();
  reply(1, Response.json({}));
  expect((await asked).headers.get("x-postern-overhead-ms")).toBe("0.00");
});

describe("a client that hangs up", () => {
  test("while it waits leaves the queue at once", async () => {
    void plane.ask(UP);
    const client = new AbortController();
    const asked = watched(plane.outcomeOf({ ...UP, signal: client.signal }));
    await settled();
    client.abort();
    await settled();
    expect(asked.value).toBe("499 client_closed");
    expect(plane.state.slots.load("up")).toEqual({ underWay: 1, waiting: 0 });
  });

  test("while its call is under way frees the slot for the next one", async () => {
    for (const question of [UP, STREAM]) {
      const client = new AbortController();
      const asked = watched(plane.outcomeOf({ ...question, signal: client.signal }));
      const next = watched(plane.outcomeOf(UP));
      await settled();
      client.abort();
      await settled();
      expect(asked.value).toBe("499 client_closed");
      reply(plane.sent.length - 1, Response.json({}));
      await settled();
      expect(next.value).toBe("200 up/m");
      expect(plane.leftovers()).toEqual(NOTHING_LEFT);
    }
  });
});

test("a gateway that stops tells those who wait", async () => {
  void plane.ask(UP);
  const asked = watched(plane.outcomeOf(UP));
  await settled();
  for (const interrupt of plane.state.interrupts) interrupt();
  await settled();
  expect(asked.value).toBe("503 no_healthy_target");
  expect(plane.leftovers()).toEqual(NOTHING_LEFT);
});

describe("a stream", () => {
  test("holds its slot until its end", async () => {
    const response = watched(plane.ask(STREAM));
    const next = watched(plane.outcomeOf(UP));
    await settled();
    const body = new HandBody(new AbortController().signal);
    reply(0, new Response(body.stream, { headers: { "content-type": "text/event-stream" } }));
    body.send(chatChunk("a"));
    await settled();
    const reader = byteReader(response.value?.body ?? null);
    await reader.read();
    expect(plane.sent).toHaveLength(1);
    body.end(lastChunk() + DONE);
    while (!(await reader.read()).done) {}
    await settled();
    expect(plane.sent).toHaveLength(2);
    reply(1, Response.json({}));
    await settled();
    expect(next.value).toBe("200 up/m");
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("whose head went out before the answer holds it, too, and frees it when its client leaves", async () => {
    const response = plane.ask(STREAM);
    await settled();
    plane.wheel.advance(1_000);
    const { body } = await response;
    expect(plane.state.slots.load("up").underWay).toBe(1);
    await body?.cancel();
    await settled();
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("has its head held from the moment it is let in, so that waiting too long is still a 503", async () => {
    void plane.ask(UP);
    await settled();
    const asked = watched(plane.outcomeOf(STREAM));
    await settled();
    plane.wheel.advance(2_900);
    await settled();
    expect(asked.settled).toBe(false);
    plane.wheel.advance(100);
    await settled();
    expect(asked.value).toBe("503 overloaded");
  });
});

describe("every end frees the slot", () => {
  const breaking = (): Response => {
    const body = new HandBody(new AbortController().signal);
    body.send("{");
    body.fail();
    return new Response(body.stream, { headers: { "content-type": "application/json" } });
  };
  const cases: readonly (readonly [string, Question, (sent: Sent) => Outcome])[] = [
    ["an answer", UP, (sent) => plane.reply(sent, Response.json({}))],
    ["an error of the upstream's", UP, (sent) => plane.reply(sent, new Response("no", { status: 500 }))],
    ["a redirect", UP, (sent) => plane.reply(sent, new Response(null, { status: 302 }))],
    ["a rejected credential", UP, (sent) => plane.reply(sent, new Response("no", { status: 401 }))],
    ["an answer that breaks off", UP, (sent) => plane.reply(sent, breaking())],
    ["a stream", STREAM, (sent) => plane.reply(sent, eventStream(chatChunk("a") + lastChunk() + DONE))],
    ["a stream that is cut", STREAM, (sent) => plane.reply(sent, eventStream(chatChunk("a")))],
    ["a stream of nothing", STREAM, (sent) => plane.reply(sent, eventStream(""))],
    [
      "an error in place of a stream",
      STREAM,
      (sent) => plane.reply(sent, Response.json({}, { status: 400 })),
    ],
    ["an unreachable upstream", UP, () => ({ kind: "unreachable", message: "why", reached: false })],
    ["a timer", STREAM, () => ({ kind: "timeout", timer: "first_byte", reached: true })],
  ];
  test.each(cases)("%s", async (_, question, outcome) => {
    plane.outcome = async (sent) => outcome(sent);
    for (let i = 0; i < 3; i++) await plane.outcomeOf(question);
    expect(plane.sent).toHaveLength(3);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("a fault of the gateway's own", async () => {
    plane.outcome = async () => Promise.reject(new Error("fault"));
    expect(await plane.outcomeOf(UP)).toBe("500 internal");
    plane.outcome = async (sent) => plane.reply(sent, Response.json({}));
    const scrub = (): string => {
      throw new Error("fault");
    };
    plane.snapshot = { ...plane.snapshot, scrub };
    expect(await plane.outcomeOf(UP)).toBe("500 internal");
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

test("a change of the limit counts for calls that wait already, and calls under way are still counted", async () => {
  for (let i = 0; i < 3; i++) void plane.ask(UP);
  await settled();
  expect(plane.sent).toHaveLength(1);
  adopt(plane.state, snapshotOf(yaml(", max_concurrent: 2")));
  await settled();
  expect(plane.sent).toHaveLength(2);
  adopt(plane.state, snapshotOf(yaml("")));
  await settled();
  expect(plane.sent).toHaveLength(3);
});
