// Rates as people write them: 60/minute, 1000/hour, 5000/day.

export type RateWindow = "minute" | "hour" | "day";

export interface Rate {
  /** At least 1. */
  readonly count: number;
  readonly per: RateWindow;
}

/** Source of a regular expression that matches exactly the texts {@link parseRate} reads. */
export const RATE_PATTERN = "^[1-9][0-9]{0,14}/(?:minute|hour|day)$";

/**
 * Reads a rate that was checked before.
 *
 * @throws {RangeError} when the text is no rate
 */
export function parseRate(text: string): Rate {
  const match = /^([1-9][0-9]{0,14})\/(minute|hour|day)$/.exec(text);
  if (match === null) throw new RangeError("not a rate");
  return { count: Number(match[1]), per: match[2] as RateWindow };
}
