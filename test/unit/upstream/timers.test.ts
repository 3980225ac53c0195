// The timers of an attempt: first byte before the answer, idle while bytes are waited for, total over everything.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Timeouts } from "../../../src/exchange.ts";
import { AttemptTimers, type TimerName } from "../../../src/upstream/timers.ts";
import { FakeWheel } from "../../support/fake-parts.ts";

let wheel: FakeWheel;
let expired: { timer: TimerName; at: number }[];

beforeEach(() => {
  wheel = new FakeWheel();
  expired = [];
  wheel.advance(5_000);
});

const LIMITS: Timeouts = { connectMs: 1, firstByteMs: 1_000, idleMs: 300, totalMs: 10_000 };

function start(limits: Partial<Timeouts> = {}): AttemptTimers {
  const timeouts = { ...LIMITS, ...limits };
  return new AttemptTimers(wheel, timeouts, (timer) => expired.push({ timer, at: wheel.now() - 5_000 }));
}

describe("the first-byte timer", () => {
  test("runs out when no answer has begun", () => {
    start();
    wheel.advance(999);
    expect(expired).toEqual([]);
    wheel.advance(5_000);
    expect(expired).toEqual([{ timer: "first_byte", at: 1_000 }]);
    expect(wheel.items.size).toBe(0);
  });

  test("is put off neither by waiting nor by pausing", () => {
    const timers = start();
    for (let i = 0; i < 9; i++) {
      wheel.advance(100);
      timers.waiting();
      timers.paused();
    }
    wheel.advance(100);
    expect(expired).toEqual([{ timer: "first_byte", at: 1_000 }]);
  });
});

describe("the idle timer", () => {
  test("counts from the last byte that was waited for", () => {
    const timers = start();
    wheel.advance(900);
    timers.started();
    wheel.advance(299);
    timers.waiting();
    wheel.advance(299);
    expect(expired).toEqual([]);
    wheel.advance(1);
    expect(expired).toEqual([{ timer: "idle", at: 1_499 }]);
  });

  test("rests while nothing is asked of the upstream, and starts anew after that", () => {
    const timers = start();
    timers.started();
    timers.paused();
    wheel.advance(5_000);
    timers.waiting();
    wheel.advance(299);
    expect(expired).toEqual([]);
    wheel.advance(1);
    expect(expired).toEqual([{ timer: "idle", at: 5_300 }]);
  });
});

describe("the total timer", () => {
  test.each([
    ["before the answer", (_: AttemptTimers) => {}],
    ["while bytes come", (timers: AttemptTimers) => timers.started()],
    [
      "while the client reads slowly",
      (timers: AttemptTimers) => {
        timers.started();
        timers.paused();
      },
    ],
  ])("runs out %s", (_, arrange) => {
    arrange(start({ firstByteMs: 0, idleMs: 0, totalMs: 2_000 }));
    wheel.advance(60_000);
    expect(expired).toEqual([{ timer: "total", at: 2_000 }]);
  });

  test("is named when it runs out together with another", () => {
    start({ firstByteMs: 2_000, totalMs: 2_000 });
    wheel.advance(2_000);
    expect(expired).toEqual([{ timer: "total", at: 2_000 }]);
  });
});

test("limits of 0 are none", () => {
  const timers = start({ firstByteMs: 0, idleMs: 0, totalMs: 0 });
  wheel.advance(1e9);
  timers.started();
  wheel.advance(1e9);
  expect(expired).toEqual([]);
});

test("stopped timers are off the wheel, whatever is called afterwards", () => {
  const timers = start();
  timers.stop();
  timers.started();
  timers.waiting();
  timers.stop();
  wheel.advance(1e9);
  expect([expired, wheel.items.size]).toEqual([[], 0]);
});
