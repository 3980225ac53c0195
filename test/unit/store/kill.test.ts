// `kill -9` at any moment loses no settled call and forgets none that was under way.

import { expect, test } from "bun:test";
import { killRepeatedly } from "../../support/ledger-kill.ts";
import { seeded } from "../../support/stream-fuzz.ts";

test.each([true, false])("five kills on one store (journal mapped: %p)", async (map) => {
  expect(await killRepeatedly(5, seeded(5), map)).toBeGreaterThan(0);
});
