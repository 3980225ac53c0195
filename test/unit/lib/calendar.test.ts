// Calendar windows in time zones that change their clocks in every way there is, against Intl minute by minute.

import { describe, expect, test } from "bun:test";
import { type WindowUnit, windowAt } from "../../../src/lib/calendar.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const iso = (ms: number): string => new Date(ms).toISOString().replace(":00.000Z", "Z");
const windowOf = (unit: WindowUnit, zone: string, at: string): [string, string] => {
  const { start, end } = windowAt(unit, zone, Date.parse(at));
  return [iso(start), iso(end)];
};

const EXPECTED: readonly [WindowUnit, string, string, string, string, string][] = [
  ["minute", "UTC", "2026-11-20T13:45:59.999Z", "2026-11-20T13:45Z", "2026-11-20T13:46Z", "a minute"],
  ["hour", "UTC", "2026-11-20T13:45:30Z", "2026-11-20T13:00Z", "2026-11-20T14:00Z", "an hour"],
  ["day", "UTC", "2026-11-20T23:59:59.999Z", "2026-11-20T00:00Z", "2026-11-21T00:00Z", "a day"],
  ["day", "UTC", "2026-11-21T00:00:00Z", "2026-11-21T00:00Z", "2026-11-22T00:00Z", "its first instant"],
  ["week", "UTC", "2026-11-22T12:00:00Z", "2026-11-16T00:00Z", "2026-11-23T00:00Z", "Sunday ends a week"],
  ["week", "UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00Z", "2026-11-30T00:00Z", "Monday begins it"],
  ["month", "UTC", "2026-12-31T23:59:59Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z", "December"],
  ["month", "UTC", "2028-02-29T10:00:00Z", "2028-02-01T00:00Z", "2028-03-01T00:00Z", "29 February"],
  ["day", "UTC", "1969-12-31T12:00:00Z", "1969-12-31T00:00Z", "1970-01-01T00:00Z", "before 1970"],
  ["week", "UTC", "1969-12-31T12:00:00Z", "1969-12-29T00:00Z", "1970-01-05T00:00Z", "that week"],
  ["day", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z", "23 hours"],
  ["day", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z", "25 hours"],
  ["hour", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z", "02:30 once"],
  ["hour", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z", "and again"],
  ["month", "Europe/Berlin", "2026-03-31T22:00:00Z", "2026-03-31T22:00Z", "2026-04-30T22:00Z", "April there"],
  ["hour", "Asia/Kathmandu", "2026-11-20T12:20:00Z", "2026-11-20T12:15Z", "2026-11-20T13:15Z", "45 minutes"],
  ["day", "Asia/Kathmandu", "2026-11-20T18:15:00Z", "2026-11-20T18:15Z", "2026-11-21T18:15Z", "midnight"],
  ["hour", "Australia/Lord_Howe", "2026-04-04T15:10:00Z", "2026-04-04T15:00Z", "2026-04-04T15:30Z", "half"],
  ["day", "Asia/Beirut", "2022-03-27T12:00:00Z", "2022-03-26T22:00Z", "2022-03-27T21:00Z", "no midnight"],
  ["day", "Pacific/Apia", "2011-12-30T09:59:00Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z", "the 29th"],
  ["day", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z", "then the 31st"],
  ["week", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-26T10:00Z", "2012-01-01T10:00Z", "six days"],
  // Clocks go back at 00:01, to the day before: the new day has begun all the same.
  [
    "day",
    "America/St_Johns",
    "2009-11-01T02:45:00Z",
    "2009-11-01T02:30Z",
    "2009-11-02T03:30Z",
    "23:15 again",
  ],
  ["month", "America/St_Johns", "2009-11-01T02:45:00Z", "2009-11-01T02:30Z", "2009-12-01T03:30Z", "month"],
];

test.each(EXPECTED)("a %s in %s at %s is from %s to %s (%s)", (unit, zone, at, start, end) => {
  expect(windowOf(unit, zone, at)).toEqual([start, end]);
});

test("a total has neither beginning nor end", () => {
  expect(windowAt("total", "Europe/Berlin", Date.UTC(2026, 0))).toEqual({
    start: 0,
    end: Number.POSITIVE_INFINITY,
  });
});

test("an instant of an earlier window than the last one is found, too", () => {
  const later = windowAt("day", "Europe/Paris", Date.UTC(2026, 5, 2, 12));
  expect(windowOf("day", "Europe/Paris", "2026-06-01T12:00:00Z")).toEqual([
    "2026-05-31T22:00Z",
    iso(later.start),
  ]);
});

test("no such time zone is an error", () => {
  expect(() => windowAt("day", "Europe/Nowhere", 0)).toThrow(RangeError);
});

/** Zones, and days on which their clocks are changed. */
const CHANGES: readonly [string, string][] = [
  ["Europe/Berlin", "2026-03-29"],
  ["Europe/Berlin", "2026-10-25"],
  ["Africa/Casablanca", "2026-02-15"],
  ["Africa/Casablanca", "2026-03-22"],
  ["America/Sao_Paulo", "2018-11-04"],
  ["America/Sao_Paulo", "2019-02-16"],
  ["Asia/Beirut", "2022-03-27"],
  ["Asia/Beirut", "2022-10-30"],
  ["Australia/Lord_Howe", "2026-04-05"],
  ["Australia/Lord_Howe", "2026-10-04"],
  ["Pacific/Apia", "2011-12-30"],
  ["America/St_Johns", "2009-11-01"],
  ["America/St_Johns", "2009-03-08"],
  ["Asia/Kathmandu", "1986-01-01"],
  ["Africa/Cairo", "2014-05-15"],
  ["Asia/Gaza", "2023-04-29"],
];

/** What the clock on the wall shows, as Intl says. */
class WallClock {
  readonly #format: Intl.DateTimeFormat;
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  }
  /** `2026-11-20 13:45:59` */
  at(ms: number): string {
    return this.#format.format(ms);
  }
}

const mondayOf = (date: string): string => {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return new Date(ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10);
};

describe.each(CHANGES)("minute by minute in %s around %s", (zone, day) => {
  const clock = new WallClock(zone);
  const from = Date.parse(`${day}T00:00:00Z`) - 36 * 60 * MINUTE;
  const minutes = Array.from({ length: 72 * 60 }, (_, index) => from + index * MINUTE);
  const shown = minutes.map((ms) => clock.at(ms));

  test("days, weeks and months begin where a later date is shown for the first time", () => {
    let latest = shown[0]?.slice(0, 10) ?? "";
    for (let index = 1; index < minutes.length; index++) {
      const at = minutes[index] ?? 0;
      const date = shown[index]?.slice(0, 10) ?? "";
      const before = latest;
      if (date > latest) latest = date;
      const begins = (unit: WindowUnit): boolean => windowAt(unit, zone, at).start === at;
      expect([iso(at), begins("day")]).toEqual([iso(at), latest !== before]);
      expect([iso(at), begins("week")]).toEqual([iso(at), mondayOf(latest) !== mondayOf(before)]);
      expect([iso(at), begins("month")]).toEqual([iso(at), latest.slice(0, 7) !== before.slice(0, 7)]);
    }
  });

  test("hours begin where another hour is shown, or where the clock is changed", () => {
    for (let index = 1; index < minutes.length; index++) {
      const at = minutes[index] ?? 0;
      const [now = "", before = ""] = [shown[index], shown[index - 1]];
      const runsOn = Date.parse(`${now}Z`) - Date.parse(`${before}Z`) === MINUTE;
      const begins = now.slice(0, 13) !== before.slice(0, 13) || !runsOn;
      expect([iso(at), windowAt("hour", zone, at).start === at]).toEqual([iso(at), begins]);
    }
  });
});

describe("windows of any zone in any year", () => {
  const zones = Intl.supportedValuesOf("timeZone").filter((_, index) => index % 9 === 0);
  /** Spread without a pattern that the calendar has, too. */
  const instants = Array.from({ length: 12 }, (_, index) => 1_234_567 + index * 341_123_456_789);

  test.each(["minute", "hour", "day", "week", "month"] as const)("%ss follow each other", (unit) => {
    for (const zone of zones)
      for (const at of instants) {
        const { start, end } = windowAt(unit, zone, at);
        expect(start <= at && at < end).toBe(true);
        expect(windowAt(unit, zone, end - 1)).toEqual({ start, end });
        expect(windowAt(unit, zone, end).start).toBe(end);
        expect(windowAt(unit, zone, start - 1).end).toBe(start);
        expect(windowAt(unit, zone, start)).toEqual({ start, end });
      }
  });

  test("the clock shows midnight when a day begins, save where that is skipped", () => {
    for (const zone of zones) {
      const clock = new WallClock(zone);
      for (const at of instants) {
        const { start } = windowAt("day", zone, at);
        const [date, time] = clock.at(start).split(" ");
        const skipped = clock.at(start - 1000).slice(11) !== "23:59:59";
        expect(skipped || time === "00:00:00").toBe(true);
        expect(clock.at(start - 1000) < `${date} 00:00:00`).toBe(true);
      }
    }
  });
});
