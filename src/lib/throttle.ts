// Lets something happen at most so often, and says how often it did not.

/** Undefined = not now; otherwise how many times it was refused since it was last let through. */
export type Throttle = () => number | undefined;

/** Lets one call through per `everyMs` of the given clock. */
export function createThrottle(everyMs: number, now: () => number): Throttle {
  let nextAt = Number.NEGATIVE_INFINITY;
  let refused = 0;
  return () => {
    const at = now();
    if (at < nextAt) {
      refused += 1;
      return undefined;
    }
    const missed = refused;
    nextAt = at + everyMs;
    refused = 0;
    return missed;
  };
}
