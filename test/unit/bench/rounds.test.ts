// Comparing contenders round by round.

import { expect, test } from "bun:test";
import type { LoadResult } from "../../../bench/load.ts";
import { medians, pairedMedian } from "../../../bench/rounds.ts";
import { COMPARE } from "../../../bench/row.ts";

function round(cpuMicros: number | null): LoadResult {
  return { requests: 1, total: 1, elapsedMs: 1, cpuMicros, others: 0, p50Micros: 1, p99Micros: 1 };
}

const cpu = (result: LoadResult): number | null => result.cpuMicros;

/** The machine slows down by a factor of two in the second round, and ever so often. */
const ROUNDS = {
  postern: [100, 200, 100].map(round),
  policies: [112, 220, 114].map(round),
};

test("a slow minute of the machine meets both, so each round is compared to its own", () => {
  expect(pairedMedian(ROUNDS, ["policies", "postern"], cpu, COMPARE.difference)).toBe(14);
  expect(pairedMedian(ROUNDS, ["policies", "postern"], cpu, COMPARE.percent)).toBeCloseTo(12);
  expect(medians(ROUNDS, cpu)).toEqual({ postern: 100, policies: 114 });
});

test("what was not measured is not compared", () => {
  expect(pairedMedian(ROUNDS, ["policies", "nginx"], cpu, COMPARE.ratio)).toBeUndefined();
  expect(
    pairedMedian({ ...ROUNDS, nginx: [round(null)] }, ["policies", "nginx"], cpu, COMPARE.ratio),
  ).toBeUndefined();
});
