// The queue before a provider: never more under way than allowed, first come first served, and no slot is ever lost.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Outcome } from "../../../src/upstream/send.ts";
import { leaveWhenDone } from "../../../src/upstream/slots.ts";
import { AttemptTimers } from "../../../src/upstream/timers.ts";
import { fakeProvider } from "../../support/fake-parts.ts";
import { type Call, EMPTY, kinds, SlotsUnderTest, settle } from "./slots-under-test.ts";

let queue: SlotsUnderTest;

beforeEach(() => {
  queue = new SlotsUnderTest();
});

describe("a provider without a limit", () => {
  test("takes any number of calls, and counts them", async () => {
    const made = await queue.calls(500);
    expect(new Set(kinds(made))).toEqual(new Set(["admitted"]));
    expect(queue.load).toEqual({ underWay: 500, waiting: 0 });
    for (const call of made) call.leave();
    expect(queue.load).toEqual(EMPTY);
  });

  test("that gets one counts those that are under way already", async () => {
    const before = await queue.calls(3);
    queue.limit(2);
    const [next] = await queue.calls(1);
    expect(next?.kind).toBe("waiting");
    before[0]?.leave();
    await settle();
    expect(next?.kind).toBe("waiting");
    before[1]?.leave();
    await settle();
    expect(next?.kind).toBe("admitted");
  });
});

describe("a call beyond the limit", () => {
  test("waits until another one leaves, in the order of arrival", async () => {
    queue.limit(2);
    const made = await queue.calls(5);
    expect(kinds(made)).toEqual(["admitted", "admitted", "waiting", "waiting", "waiting"]);
    made[1]?.leave();
    await settle();
    expect(kinds(made)).toEqual(["admitted", "admitted", "admitted", "waiting", "waiting"]);
    made[0]?.leave();
    made[2]?.leave();
    await settle();
    expect(kinds(made).slice(3)).toEqual(["admitted", "admitted"]);
    expect(queue.load).toEqual({ underWay: 2, waiting: 0 });
    expect(queue.wheel.items.size).toBe(0);
  });

  test("is not overtaken by one that comes when a slot is free", async () => {
    queue.limit(1);
    const [first, second] = await queue.calls(2);
    first?.leave();
    const [third] = await queue.calls(1);
    expect([second?.kind, third?.kind]).toEqual(["admitted", "waiting"]);
  });

  test("is turned away at once when the queue is full", async () => {
    queue.limit(1, { maxQueue: 2 });
    const made = await queue.calls(5);
    expect(kinds(made)).toEqual(["admitted", "waiting", "waiting", "max_queue", "max_queue"]);
  });

  test("is turned away at once where nobody may wait", async () => {
    queue.limit(1, { maxQueue: 0 });
    expect(kinds(await queue.calls(2))).toEqual(["admitted", "max_queue"]);
  });

  test("is turned away when its time is up, and only then", async () => {
    queue.limit(1);
    const [first, second] = await queue.calls(2);
    queue.wheel.advance(400);
    const [third] = await queue.calls(1);
    queue.wheel.advance(599);
    await settle();
    expect([second?.kind, third?.kind]).toEqual(["waiting", "waiting"]);
    queue.wheel.advance(1);
    await settle();
    expect([second?.kind, third?.kind]).toEqual(["queue_timeout", "waiting"]);
    first?.leave();
    await settle();
    expect(third?.kind).toBe("admitted");
  });

  test("waits for as long as it takes where the time is 0", async () => {
    queue.limit(1, { queueTimeoutMs: 0 });
    const [first, second] = await queue.calls(2);
    queue.wheel.advance(1e9);
    await settle();
    expect(second?.kind).toBe("waiting");
    first?.leave();
    await settle();
    expect(second?.kind).toBe("admitted");
  });

  test("leaves the queue when its client hangs up, and the next one moves up", async () => {
    queue.limit(1, { maxQueue: 2 });
    const [first, second, third] = await queue.calls(3);
    second?.control.abort();
    await settle();
    expect([second?.kind, queue.load.waiting]).toEqual(["aborted", 1]);
    const [fourth] = await queue.calls(1);
    first?.leave();
    await settle();
    expect([third?.kind, fourth?.kind]).toEqual(["admitted", "waiting"]);
  });

  test("keeps its slot when the client hangs up in the very moment it is let in", async () => {
    queue.limit(1);
    const [first, second] = await queue.calls(2);
    first?.leave();
    second?.control.abort();
    await settle();
    expect(second?.kind).toBe("admitted");
    second?.leave();
    expect(queue.load).toEqual(EMPTY);
  });

  test("of a client that has left already does not queue", async () => {
    queue.limit(1);
    expect(await queue.slots.take("up", AbortSignal.abort())).toEqual({ kind: "aborted" });
    expect(queue.load).toEqual(EMPTY);
  });

  test("does not wait for another provider's calls", async () => {
    queue.limit(1);
    await queue.calls(2);
    const other = queue.call("other");
    await settle();
    expect(other.kind).toBe("admitted");
  });
});

test("leaving twice gives back one slot", async () => {
  queue.limit(1);
  const [first, second, third] = await queue.calls(3);
  first?.leave();
  first?.leave();
  await settle();
  expect(kinds([second, third] as Call[])).toEqual(["admitted", "waiting"]);
});

describe("a change of the limit", () => {
  test("lets in those who wait as far as it is raised", async () => {
    queue.limit(1);
    const made = await queue.calls(5);
    queue.limit(3);
    await settle();
    expect(kinds(made)).toEqual(["admitted", "admitted", "admitted", "waiting", "waiting"]);
    queue.slots.configure(new Map());
    await settle();
    expect(new Set(kinds(made))).toEqual(new Set(["admitted"]));
  });

  test("lets nobody in until enough have left when it is lowered", async () => {
    queue.limit(3);
    const made = await queue.calls(4);
    queue.limit(1);
    for (const call of made.slice(0, 2)) call.leave();
    await settle();
    expect(made[3]?.kind).toBe("waiting");
    made[2]?.leave();
    await settle();
    expect(made[3]?.kind).toBe("admitted");
  });
});

describe("a call that was let in leaves", () => {
  let left: number;
  const leave = (): void => {
    left += 1;
  };

  beforeEach(() => {
    left = 0;
  });

  const failures: readonly Outcome[] = [
    { kind: "unreachable", message: "why", reached: true },
    { kind: "timeout", timer: "first_byte", reached: true },
    { kind: "aborted", reached: false },
  ];
  test.each(failures)("when it fails (%j)", async (outcome) => {
    expect(await leaveWhenDone(leave, Promise.resolve(outcome))).toBe(outcome);
    expect(left).toBe(1);
  });

  test("when sending breaks in an unforeseen way", async () => {
    await expect(leaveWhenDone(leave, Promise.reject(new Error("fault")))).rejects.toThrow("fault");
    expect(left).toBe(1);
  });

  test("when its reply is done, once, however often it is said", async () => {
    const done: boolean[] = [];
    const timers = new AttemptTimers(queue.wheel, fakeProvider().timeouts, () => {});
    const reply = { response: new Response("ok"), timers, done: (whole: boolean) => void done.push(whole) };
    const outcome = await leaveWhenDone(leave, Promise.resolve({ kind: "reply", reply }));
    if (outcome.kind !== "reply") throw new Error(outcome.kind);
    expect([outcome.reply.response, outcome.reply.timers, left]).toEqual([reply.response, timers, 0]);
    outcome.reply.done(true);
    outcome.reply.done(false);
    expect([left, done]).toEqual([1, [true]]);
  });
});
