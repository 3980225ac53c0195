// The ledger under any order of calls, aborts, attempts, commits, crashes, restarts, resets, reloads and clock jumps.

import { test } from "bun:test";
import fc from "fast-check";
import { STEP_KINDS, type Step } from "../../support/ledger-steps.ts";
import { LedgerWalk } from "../../support/ledger-walk.ts";

const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...STEP_KINDS),
  a: fc.nat(1000),
  b: fc.nat(1000),
});

test("counters are the sums of what is open and closed, after every step and every crash", async () => {
  const property = fc.asyncProperty(fc.array(STEP, { minLength: 10, maxLength: 80 }), async (steps) => {
    const walk = new LedgerWalk();
    await walk.start();
    for (const step of steps) await walk.take(step);
    await walk.finish();
  });
  await fc.assert(property, { seed: 11, numRuns: 150 });
});
