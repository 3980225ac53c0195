// Calendar spans in UTC that sums are asked for: windows around an instant, and the buckets they are split into.

export const WINDOWS = ["minute", "hour", "day", "week", "month", "total"] as const;
export const BUCKETS = ["hour", "day", "week", "month"] as const;

export type WindowName = (typeof WINDOWS)[number];
export type BucketName = (typeof BUCKETS)[number];

/** Epoch milliseconds, [from, to); undefined = without an end on that side. */
export interface Span {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** The first Monday after 1 January 1970, which was a Thursday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** The calendar window that holds the instant. */
export function windowAt(window: WindowName, ms: number): Span {
  if (window === "total") return { from: undefined, to: undefined };
  if (window === "minute") return spanOf(floorTo(ms, MINUTE_MS), MINUTE_MS);
  const from = bucketStart(window, ms);
  if (window === "month") return { from, to: nextMonth(from) };
  return spanOf(from, { hour: HOUR_MS, day: DAY_MS, week: WEEK_MS }[window]);
}

/** The first instant of the bucket that holds this one; weeks begin on Monday. */
export function bucketStart(bucket: BucketName, ms: number): number {
  switch (bucket) {
    case "hour":
      return floorTo(ms, HOUR_MS);
    case "day":
      return floorTo(ms, DAY_MS);
    case "week":
      return floorTo(ms - FIRST_MONDAY_MS, WEEK_MS) + FIRST_MONDAY_MS;
    case "month": {
      const date = new Date(ms);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    }
  }
}

export function floorTo(ms: number, unitMs: number): number {
  return Math.floor(ms / unitMs) * unitMs;
}

export function ceilTo(ms: number, unitMs: number): number {
  return Math.ceil(ms / unitMs) * unitMs;
}

function spanOf(from: number, lengthMs: number): Span {
  return { from, to: from + lengthMs };
}

function nextMonth(start: number): number {
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
