// Something that may happen once per period, and says how often it was held back.

import { expect, test } from "bun:test";
import { createThrottle } from "../../../src/lib/throttle.ts";

test("one call per period is let through, and told how many were not", () => {
  let at = 0;
  const throttle = createThrottle(1_000, () => at);
  const tries = [0, 1, 999, 1_000, 1_500, 2_500, 9_000, 9_001].map((time) => {
    at = time;
    return throttle();
  });
  expect(tries).toEqual([0, undefined, undefined, 2, undefined, 1, 0, undefined]);
});
