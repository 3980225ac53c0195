// The time that windows are chosen by.

import { describe, expect, test } from "bun:test";
import { createClock } from "../../../src/store/clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function clockScene(lastSeen = 0) {
  const time = { wall: 100 * HOUR, monotonic: 5 };
  const jumps: number[] = [];
  const now = createClock({
    wall: () => time.wall,
    monotonic: () => time.monotonic,
    lastSeen,
    onJump: (byMs) => jumps.push(byMs),
  });
  const pass = (wall: number, monotonic = wall): number => {
    time.wall += wall;
    time.monotonic += monotonic;
    return now();
  };
  return { now, pass, jumps };
}

describe("now", () => {
  test("is the machine's, and never goes back", () => {
    const { now, pass } = clockScene();
    expect(now()).toBe(100 * HOUR);
    expect(pass(10)).toBe(100 * HOUR + 10);
    expect(pass(-HOUR, 10)).toBe(100 * HOUR + 10);
    expect(pass(HOUR, 10)).toBe(100 * HOUR + 10);
    expect(pass(5)).toBe(100 * HOUR + 15);
  });

  test("is never before what was seen by another process", () => {
    const { now, pass } = clockScene(103 * HOUR);
    expect(now()).toBe(103 * HOUR);
    expect(pass(HOUR)).toBe(103 * HOUR);
    expect(pass(2 * HOUR + 1)).toBe(103 * HOUR + 1);
  });

  test("follows a step of up to an hour at once", () => {
    const { now, pass, jumps } = clockScene();
    now();
    expect(pass(HOUR, 0)).toBe(101 * HOUR);
    expect(jumps).toEqual([]);
  });

  test("does not believe a jump ahead for a minute, tells of it once, and goes on meanwhile", () => {
    const { now, pass, jumps } = clockScene();
    now();
    expect(pass(5 * HOUR, 10)).toBe(100 * HOUR + 10);
    expect(pass(MINUTE - 1)).toBe(100 * HOUR + MINUTE + 9);
    expect(jumps).toEqual([5 * HOUR - 10]);
    expect(pass(1)).toBe(105 * HOUR + MINUTE);
    expect(jumps.length).toBe(1);
  });

  test("forgets a jump that was taken back", () => {
    const { now, pass, jumps } = clockScene();
    now();
    pass(5 * HOUR, 10);
    expect(pass(10 - 5 * HOUR, 10)).toBe(100 * HOUR + 10);
    pass(MINUTE);
    expect(pass(5 * HOUR, 10)).toBe(100 * HOUR + MINUTE + 20);
    expect(jumps.length).toBe(2);
  });

  test("a long quiet time is no jump", () => {
    const { now, pass, jumps } = clockScene();
    now();
    expect(pass(30 * HOUR)).toBe(130 * HOUR);
    expect(jumps).toEqual([]);
  });
});
