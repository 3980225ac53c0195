// Dates and times as instants: a date is good through its end, and days that do not exist are none.

import { describe, expect, test } from "bun:test";
import { momentMs, parseMoment } from "../../../src/lib/moment.ts";

describe("a date or time", () => {
  test.each([
    ["2027-01-31", "2027-02-01T00:00:00.000Z"],
    ["2028-02-29", "2028-03-01T00:00:00.000Z"],
    ["2026-12-31", "2027-01-01T00:00:00.000Z"],
    ["2027-01-31T12:00:00Z", "2027-01-31T12:00:00.000Z"],
    ["2027-01-31T12:00Z", "2027-01-31T12:00:00.000Z"],
    ["2027-01-31T12:00:00.5+02:00", "2027-01-31T10:00:00.500Z"],
    ["2027-01-31T12:00:00.123456789Z", "2027-01-31T12:00:00.123Z"],
  ])("%s ends at %s", (text, expected) => {
    expect(new Date(momentMs(text)).toISOString()).toBe(expected);
  });

  test.each([
    "",
    "2027",
    "2027-1-31",
    "2027-02-29",
    "2027-02-30",
    "2027-13-01",
    "2027-00-10",
    "2027-01-00",
    "2027-01-31T12:00:00",
    "2027-01-31 12:00:00Z",
    "2027-01-31T25:00:00Z",
    "2027-02-30T12:00:00Z",
    "2027-01-31T12:00:00+99:99",
    "31.01.2027",
    "tomorrow",
    " 2027-01-31",
    "1769817600000",
  ])("%p is none", (text) => {
    expect(parseMoment(text)).toBeUndefined();
    expect(() => momentMs(text)).toThrow(RangeError);
  });
});
