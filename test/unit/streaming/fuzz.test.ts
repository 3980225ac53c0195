import { expect, test } from "bun:test";
import { fuzzOnce, seeded } from "../../support/stream-fuzz.ts";

test("mutated streams, cut anywhere, never throw, and what comes out is well formed", () => {
  const random = seeded(20_261_120);
  for (let round = 0; round < 4000; round++) expect(() => fuzzOnce(random)).not.toThrow();
});
