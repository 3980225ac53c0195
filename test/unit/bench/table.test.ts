// The benchmarks' figures and verdicts.

import { describe, expect, test } from "bun:test";
import { comparison, type Row, verdict } from "../../../bench/row.ts";
import { median, percentile } from "../../../bench/statistics.ts";
import { formatTable } from "../../../bench/table.ts";

const CPU: Row = {
  what: "CPU per request",
  unit: "µs",
  values: { nginx: 20, postern: 50 },
  compare: "ratio",
  target: { of: "comparison", atMost: 3 },
};
const WHOLE: Row = {
  what: "streams",
  unit: "",
  values: { postern: 999 },
  compare: undefined,
  target: { of: "value", atLeast: 1000 },
};

describe("verdicts", () => {
  test.each<[string, Row, ReturnType<typeof verdict>]>([
    ["a ratio within its limit", CPU, "met"],
    ["a ratio above its limit", { ...CPU, values: { nginx: 10, postern: 50 } }, "missed"],
    ["a difference above its limit", { ...CPU, compare: "difference" }, "missed"],
    ["one of a thousand streams lost", WHOLE, "missed"],
    ["all streams whole", { ...WHOLE, values: { postern: 1000 } }, "met"],
    ["nothing to compare with", { ...CPU, values: { postern: 50 } }, "not measured"],
    ["no target", { what: "", unit: "", values: {}, compare: undefined }, undefined],
  ])("%s", (_what, row, expected) => {
    expect(verdict(row)).toBe(expected);
  });

  test("compare by division or by subtraction", () => {
    expect(comparison(CPU)).toBe(2.5);
    expect(comparison({ ...CPU, compare: "difference" })).toBe(30);
  });
});

test("a table has a column for everybody, and a dash for what was not measured", () => {
  const [heading = "", rule = "", first = "", second = ""] = formatTable([CPU, WHOLE]).split("\n");
  expect(heading).toMatch(/direct +nginx +Postern +to nginx +target +result/);
  expect(rule).toMatch(/^[- ]+$/);
  expect(first).toMatch(/CPU per request +µs +– +20\.0 +50\.0 +× 2\.50 +≤ × 3 +met$/);
  expect(second).toMatch(/streams +– +– +999 +≥ 1000 +missed$/);
});

test("other contenders can have columns, and be compared to each other", () => {
  const row: Row = {
    what: "CPU",
    unit: "µs",
    values: { policies: 110, filled: 115 },
    compare: "percent",
    between: ["filled", "policies"],
    compared: 4.5,
    target: { of: "comparison", atMost: 10 },
  };
  const columns = { contenders: { policies: "policies", filled: "full store" }, comparison: "compared" };
  const [heading = "", , line = ""] = formatTable([row], columns).split("\n");
  expect(heading).toMatch(/policies +full store +compared +target +result/);
  expect(line).toMatch(/CPU +µs +110 +115 +\+4\.50 % +≤ \+10 % +met$/);
  expect(comparison({ ...row, values: { policies: 110 } })).toBeUndefined();
});

describe("medians and percentiles", () => {
  test("are taken of the sorted values", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(3);
    expect(percentile([10, 20, 30], 0.99)).toBe(30);
  });

  test("of nothing are no number", () => {
    expect(median([])).toBeNaN();
    expect(percentile([], 0.5)).toBeNaN();
  });
});
