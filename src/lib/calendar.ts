// Windows of time by the calendar of a time zone: which minute, hour, day, week or month an instant belongs to.

/** `total` is one window that never ends. */
export type WindowUnit = "minute" | "hour" | "day" | "week" | "month" | "total";

/** Epoch milliseconds: [start, end). */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No zone was ever further from UTC: Manila had -15:56 until 1844, Alaska +15:02 until 1867. */
const FARTHEST_MS = 16 * HOUR_MS;

/** 1970-01-01 was a Thursday: from Monday it is the fourth day. */
const MONDAY_TO_EPOCH_MS = 3 * DAY_MS;

const TOTAL: TimeWindow = { start: 0, end: Number.POSITIVE_INFINITY };

/** Zones come from the configuration; their names can be spelled in many ways, so the number is bounded all the same. */
const MAX_ZONES = 1_000;

interface Zone {
  readonly format: Intl.DateTimeFormat | undefined;
  /** The window that was asked for last, per unit. */
  readonly current: Map<WindowUnit, TimeWindow>;
}

const zones = new Map<string, Zone>();

/**
 * The window that an instant (epoch milliseconds) is in. Windows of one unit and zone follow each other without a gap:
 * a day begins at the first instant of its local date (or of a later one, where the date is skipped), weeks begin on
 * Monday. Hours and minutes end where clocks are changed, so a repeated hour is two windows and a skipped one none.
 *
 * @throws {RangeError} when there is no such time zone
 */
export function windowAt(unit: WindowUnit, zone: string, atMs: number): TimeWindow {
  if (unit === "total") return TOTAL;
  const known = zones.get(zone) ?? addZone(zone);
  const current = known.current.get(unit);
  if (current !== undefined && atMs >= current.start && atMs < current.end) return current;
  const found = findWindow(unit, known, atMs);
  known.current.set(unit, found);
  return found;
}

function addZone(name: string): Zone {
  const zone: Zone = { format: name === "UTC" ? undefined : formatOf(name), current: new Map() };
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
}

function findWindow(unit: Exclude<WindowUnit, "total">, zone: Zone, atMs: number): TimeWindow {
  switch (unit) {
    case "minute":
      return clockWindow(zone, atMs, MINUTE_MS);
    case "hour":
      return clockWindow(zone, atMs, HOUR_MS);
    case "day":
      return dateWindow(zone, atMs, startOfDay, (day) => day + DAY_MS);
    case "week":
      return dateWindow(zone, atMs, startOfWeek, (monday) => monday + 7 * DAY_MS);
    case "month":
      return dateWindow(zone, atMs, startOfMonth, startOfNextMonth);
  }
}

// Local times below are epoch milliseconds of the same digits in UTC: local = instant + offset.

/** Minutes and hours: the local clock's, cut where its offset changes. */
function clockWindow(zone: Zone, atMs: number, lengthMs: number): TimeWindow {
  const offset = offsetAt(zone, atMs);
  const start = Math.floor((atMs + offset) / lengthMs) * lengthMs - offset;
  const end = start + lengthMs;
  const sameOffset = (instant: number): boolean => offsetAt(zone, instant) === offset;
  return {
    start: sameOffset(start) ? start : firstWhere(sameOffset, start, atMs),
    end: sameOffset(end - 1) ? end : firstWhere((instant) => !sameOffset(instant), atMs, end - 1),
  };
}

/** Days, weeks and months: from the first instant of a local date to the first instant of another. */
function dateWindow(
  zone: Zone,
  atMs: number,
  startOf: (local: number) => number,
  nextOf: (start: number) => number,
): TimeWindow {
  let from = startOf(atMs + offsetAt(zone, atMs));
  let start = firstInstantOf(zone, from);
  let end = firstInstantOf(zone, nextOf(from));
  // Clocks set back just after midnight show the old date again, but the new day has begun.
  while (end <= atMs) {
    from = nextOf(from);
    start = end;
    end = firstInstantOf(zone, nextOf(from));
  }
  return { start, end };
}

const startOfDay = (local: number): number => Math.floor(local / DAY_MS) * DAY_MS;

function startOfWeek(local: number): number {
  const sinceMonday = local + MONDAY_TO_EPOCH_MS;
  return Math.floor(sinceMonday / (7 * DAY_MS)) * 7 * DAY_MS - MONDAY_TO_EPOCH_MS;
}

function startOfMonth(local: number): number {
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

function startOfNextMonth(month: number): number {
  const date = new Date(month);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** The first instant at which the local clock shows this time or a later one. */
function firstInstantOf(zone: Zone, local: number): number {
  if (zone.format === undefined) return local;
  const latest = local + FARTHEST_MS;
  let from = local - FARTHEST_MS;
  // From one offset to the next: within each, local time runs like time itself.
  while (from < latest) {
    const offset = offsetAt(zone, from);
    const until = nextChange(zone, from, offset, latest);
    const instant = Math.max(from, local - offset);
    if (instant < until) return instant;
    from = until;
  }
  return latest;
}

/** No zone changed its clocks and took that back within so short a time. */
const STEP_MS = 8 * HOUR_MS;

/** The next instant with another offset; `latest` when there is none before it. */
function nextChange(zone: Zone, from: number, offset: number, latest: number): number {
  for (let at = from; at < latest; at += STEP_MS) {
    const end = Math.min(at + STEP_MS, latest);
    if (offsetAt(zone, end) !== offset)
      return firstWhere((instant) => offsetAt(zone, instant) !== offset, at, end);
  }
  return latest;
}

/** The first instant after `without`, at most `having`, for which the test holds. Clocks change on whole seconds. */
function firstWhere(test: (instant: number) => boolean, without: number, having: number): number {
  let low = Math.floor(without / SECOND_MS);
  let high = Math.ceil(having / SECOND_MS);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (test(middle * SECOND_MS)) high = middle;
    else low = middle;
  }
  return high * SECOND_MS;
}

/** Milliseconds that local time is ahead of UTC. */
function offsetAt({ format }: Zone, atMs: number): number {
  if (format === undefined) return 0;
  const second = Math.floor(atMs / SECOND_MS) * SECOND_MS;
  const fields = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of format.formatToParts(second))
    if (type in fields) fields[type as keyof typeof fields] = Number(value);
  const { year, month, day, hour, minute, second: seconds } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
}
