// Reads a date or a time as an instant.

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const DAY_LENGTH = "2027-01-31".length;
const DAY_MS = 86_400_000;

/**
 * The instant (epoch milliseconds) until which something is valid: a date `2027-01-31` through its end in UTC, a time
 * as RFC 3339 writes it. Undefined when the text is neither, or no such day exists.
 */
export function parseMoment(text: string): number | undefined {
  const start = dayStart(text.slice(0, DAY_LENGTH));
  if (start === undefined) return undefined;
  if (text.length === DAY_LENGTH) return start + DAY_MS;
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Midnight UTC of a day that exists: `Date` itself takes 30 February for 2 March. */
function dayStart(day: string): number | undefined {
  const match = DAY.exec(day);
  if (match === null) return undefined;
  const start = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return new Date(start).toISOString().startsWith(day) ? start : undefined;
}

/**
 * {@link parseMoment} for texts that were checked before.
 *
 * @throws {RangeError} when the text is no moment
 */
export function momentMs(text: string): number {
  const ms = parseMoment(text);
  if (ms === undefined) throw new RangeError("not a date or a time");
  return ms;
}
