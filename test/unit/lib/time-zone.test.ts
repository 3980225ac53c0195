// Which time zones there are.

import { expect, test } from "bun:test";
import { isTimeZone, timeZones } from "../../../src/lib/time-zone.ts";

test.each([
  "UTC",
  "Europe/Berlin",
  "europe/berlin",
  "Asia/Kolkata",
  "Asia/Calcutta",
  "Etc/GMT+5",
  "America/Argentina/Buenos_Aires",
])("%s is one", (name) => {
  expect(isTimeZone(name)).toBe(true);
});

test.each(["", "Europe/Berln", "+01:00", "Z9", "Berlin", "Europe/Berlin ", "\0"])("%j is none", (name) => {
  expect(isTimeZone(name)).toBe(false);
});

test("those that are offered for a wrong one are all there", () => {
  const names = timeZones();
  expect(names).toContain("UTC");
  expect(names).toContain("Europe/Berlin");
  expect(names.filter((name) => !isTimeZone(name))).toEqual([]);
});
