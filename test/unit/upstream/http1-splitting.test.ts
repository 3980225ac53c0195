// However an answer is cut into pieces, and whatever it is made of: the outcome is the same, and there always is one.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cutAt, cuts, inChunksOf } from "../../support/splitting.ts";
import { type OddAnswer, SAME, STRICTER } from "./http1-odd-answers.ts";
import { fed } from "./http1-under-test.ts";

const ANSWERS: readonly OddAnswer[] = [...SAME, ...STRICTER];
/** Long ones are cut at random places only. */
const SHORT_BYTES = 10_000;

describe("an answer in pieces is what it is in one", () => {
  test.each(ANSWERS.map((answer) => [answer.name, answer] as const))("%s", async (_, answer) => {
    const whole = await fed(answer, [answer.bytes]);
    const sizes = answer.bytes.length < SHORT_BYTES ? [1, 2, 3, 7, 64] : [16_384];
    for (const size of sizes)
      expect((await fed(answer, inChunksOf(size, answer.bytes))).outcome).toBe(whole.outcome);
    await fc.assert(
      fc.asyncProperty(cuts, async (fractions) => {
        const pieces = cutAt(fractions, answer.bytes).filter(({ length }) => length > 0);
        expect((await fed(answer, pieces)).outcome).toBe(whole.outcome);
      }),
      { numRuns: answer.bytes.length < SHORT_BYTES ? 15 : 3, seed: 20_261_121 },
    );
  });
});

/** An answer with some bytes changed, taken out or put in. */
const spoilt = fc
  .record({
    answer: fc.constantFrom(...ANSWERS.filter(({ bytes }) => bytes.length < SHORT_BYTES)),
    edits: fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("change", "remove", "insert")), {
      minLength: 1,
      maxLength: 6,
    }),
    ending: fc.constantFrom("fin" as const, "reset" as const),
  })
  .map(({ answer, edits, ending }): OddAnswer => {
    const bytes = [...answer.bytes];
    for (const [place, byte, edit] of edits) {
      const at = place % (bytes.length + 1);
      if (edit === "insert") bytes.splice(at, 0, byte);
      else if (edit === "remove") bytes.splice(at, 1);
      else bytes[at] = byte;
    }
    return { ...answer, bytes: Buffer.from(bytes), ending };
  });

describe("garbage", () => {
  test("has an outcome, and only one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), cuts, async (bytes, fractions) => {
        const answer: OddAnswer = { name: "garbage", bytes: Buffer.from(bytes) };
        const pieces = cutAt(fractions, bytes).filter(({ length }) => length > 0);
        expect((await fed(answer, pieces)).outcome).toMatch(/^(?:ECONNRESET|Malformed_HTTP_Response)$/);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("in place of parts of an answer has an outcome, and the same in pieces", async () => {
    await fc.assert(
      fc.asyncProperty(spoilt, cuts, async (answer, fractions) => {
        const whole = await fed(
          answer,
          [answer.bytes].filter(({ length }) => length > 0),
        );
        const pieces = cutAt(fractions, answer.bytes).filter(({ length }) => length > 0);
        const cut = await fed(answer, pieces);
        expect(cut.outcome).toBe(whole.outcome);
      }),
      { numRuns: 1_500, seed: 2 },
    );
  }, 60_000);

  test("behind an answer closes the connection, and the answer stands", async () => {
    const [first] = SAME;
    if (first === undefined) throw new Error("there is none");
    const whole = await fed(first, [first.bytes]);
    const extra = await fed(first, [Buffer.concat([first.bytes, Buffer.from("x")])]);
    expect([whole.fate, extra.fate, extra.outcome]).toEqual(["kept", "closed", whole.outcome]);
  });
});
