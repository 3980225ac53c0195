// Rates as people write them.

import { expect, test } from "bun:test";
import { parseRate, RATE_PATTERN, type RateWindow } from "../../../src/lib/rate.ts";

test.each<[string, number, RateWindow]>([
  ["60/minute", 60, "minute"],
  ["1/hour", 1, "hour"],
  ["999999999999999/day", 999_999_999_999_999, "day"],
])("%s", (text, count, per) => {
  expect(text).toMatch(new RegExp(RATE_PATTERN));
  expect(parseRate(text)).toEqual({ count, per });
});

test.each([
  "0/minute",
  "01/minute",
  "-1/minute",
  "1.5/minute",
  "1000000000000000/day",
  "60/second",
  "60/min",
  "60",
  "/day",
  "60/minute ",
  "60/minute\n",
])("%j is none", (text) => {
  expect(text).not.toMatch(new RegExp(RATE_PATTERN));
  expect(() => parseRate(text)).toThrow(RangeError);
});
