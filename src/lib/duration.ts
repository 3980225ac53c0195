// Durations as people write them: 250ms, 30s, 5m, 24h, 7d.

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Source of a regular expression that matches exactly the texts {@link durationMs} reads. */
export const DURATION_PATTERN = "^(?:0|[0-9]{1,9}(?:\\.[0-9]{1,6})?(?:ms|s|m|h|d))$";

/** Milliseconds, rounded; a bare 0 needs no unit. Undefined when it is no duration. */
export function parseDuration(value: string | number): number | undefined {
  if (value === 0 || value === "0") return 0;
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)$/.exec(String(value));
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS]);
}

/** Milliseconds of a duration that was checked before; throws a RangeError when it is none. */
export function durationMs(value: string | number): number {
  const ms = parseDuration(value);
  if (ms === undefined) throw new RangeError("not a duration");
  return ms;
}
