// Whatever stands in a file, loading it ends in a configuration or in problems with places in that file.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { loadConfig } from "../../../src/config/load.ts";

const FOLDER = join(import.meta.dir, "../../golden/config");
const SEEDS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => readFileSync(join(FOLDER, name), "utf8").slice(0, 2000));

const FRAGMENTS = [
  ..."{}[]:,-?!&*#|>'\"%@`~<$\n\t\r\0\uFEFF ",
  "\n  ",
  ": ",
  "- ",
  "<<: ",
  "*a",
  "&a ",
  "null",
  "true",
  "0",
  "-1",
  ".inf",
  "1e400",
  "`${",
  `\${X}`,
  `\${file:.}`,
  "__proto__",
  "constructor",
  "!!binary ",
  "--- ",
  "...",
  "\ud800",
  "😀",
];

/** A golden, changed in a few places: cut, doubled, or with something foreign put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(12),
        put: fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ maxLength: 8 })),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([seed, edits]) =>
    edits.reduce((text, { at, length, put }) => {
      const start = Math.floor(at * text.length);
      return text.slice(0, start) + put + text.slice(start + length);
    }, seed),
  );

test("mutated files never throw, and problems have a place in the file", () => {
  fc.assert(
    fc.property(mutated, fc.boolean(), (text, allowMissingEnv) => {
      const { config, problems } = loadConfig("-", { env: { X: "x" }, allowMissingEnv, stdin: text });
      expect(config === undefined).toBe(problems.some((problem) => problem.level === "error"));
      const lines = text.split("\n").length;
      for (const { file, line, column, message, path } of problems) {
        expect(file).toBe("-");
        expect(line).toBeWithin(1, lines + 1);
        expect(column).toBeGreaterThan(0);
        expect(`${path}${message}`).not.toMatch(/[\n\r]|undefined|\[object/);
      }
    }),
    { seed: 20_261_121, numRuns: 1500 },
  );
});

test("what fits the schema is rewritten by nobody: a second load of the same text is equal", () => {
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), (text) => {
      const load = () => loadConfig("-", { env: {}, stdin: text });
      expect(load()).toEqual(load());
    }),
    { seed: 1, numRuns: 50 },
  );
});
