// What the benchmarks' command line means.

import { expect, test } from "bun:test";
import { parseOptions } from "../../../bench/options.ts";

test("without arguments everything is measured, in front of an empty store", () => {
  const plan = parseOptions([]);
  expect([...(plan?.parts ?? [])]).toEqual(["overhead", "money", "streams", "start"]);
  expect(plan?.money.rows).toBe(0);
});

test("parts and rows can be chosen", () => {
  const plan = parseOptions(["--only", "money", "--rows", "10000000"]);
  expect([...(plan?.parts ?? [])]).toEqual(["money"]);
  expect(plan?.money.rows).toBe(10_000_000);
});

test.each([[["--rows"]], [["--rows", "many"]], [["--rows", "0"]], [["--only", "nothing"]], [["--all"]]])(
  "%j is not understood",
  (args) => {
    expect(parseOptions(args)).toBeUndefined();
  },
);
