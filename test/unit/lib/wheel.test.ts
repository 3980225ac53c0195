// Deadlines on one interval: each is called when it is due, sets itself again or leaves, and an empty wheel rests.

import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { createWheel, type Due, type Wheel } from "../../../src/lib/wheel.ts";

let at = 0;
let wheel: Wheel;

beforeEach(() => {
  jest.useFakeTimers();
  at = 1_000;
  wheel = createWheel(() => at);
});
afterEach(() => {
  jest.useRealTimers();
});

function advance(ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    at += 100;
    jest.advanceTimersByTime(100);
  }
}

/** Leaves the wheel when called, and remembers when that was. */
function once(dueAt: number): Due & { readonly calls: number[] } {
  const item = {
    dueAt,
    calls: [] as number[],
    due(nowMs: number) {
      item.calls.push(nowMs);
      wheel.remove(item);
    },
  };
  return item;
}

describe("a deadline", () => {
  test("is called when it is due, not before, with the time", () => {
    const item = once(1_250);
    wheel.add(item);
    advance(200);
    expect(item.calls).toEqual([]);
    advance(100);
    expect(item.calls).toEqual([1_300]);
    advance(1_000);
    expect(item.calls).toEqual([1_300]);
  });

  test("that was taken off is not called", () => {
    const item = once(1_100);
    wheel.add(item);
    wheel.remove(item);
    advance(500);
    expect(item.calls).toEqual([]);
  });

  test("at infinity waits until it is set", () => {
    const item = once(Number.POSITIVE_INFINITY);
    wheel.add(item);
    advance(5_000);
    expect(item.calls).toEqual([]);
    item.dueAt = at;
    advance(100);
    expect(item.calls).toHaveLength(1);
  });

  test("that sets itself again is called again", () => {
    const calls: number[] = [];
    const item: Due = {
      dueAt: 1_200,
      due(nowMs) {
        calls.push(nowMs);
        item.dueAt = nowMs + 300;
      },
    };
    wheel.add(item);
    advance(900);
    expect(calls).toEqual([1_200, 1_500, 1_800]);
    wheel.remove(item);
  });

  test("may take others off, and put new ones on, while it is called", () => {
    const victim = once(1_100);
    const later = once(1_100);
    const item: Due = {
      dueAt: 1_100,
      due() {
        wheel.remove(item);
        wheel.remove(victim);
        wheel.add(later);
      },
    };
    wheel.add(item);
    wheel.add(victim);
    advance(100);
    expect([victim.calls, later.calls.length]).toEqual([[], 1]);
  });
});

test("an empty wheel stops ticking, and starts again with the next deadline", () => {
  const first = once(1_100);
  wheel.add(first);
  advance(200);
  expect(jest.getTimerCount()).toBe(0);
  const second = once(at + 100);
  wheel.add(second);
  expect(jest.getTimerCount()).toBe(1);
  advance(200);
  expect([first.calls.length, second.calls.length]).toEqual([1, 1]);
});

test("its clock is the one it was given", () => {
  expect(wheel.now()).toBe(1_000);
});
