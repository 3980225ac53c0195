// Log lines for people at a terminal. Loaded only when it is wanted: it is slow to load and slower to run.

import { PinoPretty } from "pino-pretty";

/** Turns one JSON line into a coloured one. */
export function createPrettifier(): (line: string) => string {
  return PinoPretty.prettyFactory({ colorize: true, singleLine: true });
}
