// Lists of names with `*` and `!`: against a naive oracle, and by the rules of allowlists.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileGlob, compileGlobs, isLiteral } from "../../../src/lib/glob.ts";

/** What a pattern means, as slow and plain as it can be said. */
function oracle(pattern: string, name: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^]*")}$`, "u").test(name);
}

/** Few letters, so that patterns match now and then. */
const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "-", "?", "[", "é"), maxLength: 12 });
const patterns = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "*", "*", "?"), maxLength: 8 });

describe("one pattern", () => {
  test("matches what a regular expression of the same meaning matches", () => {
    fc.assert(
      fc.property(patterns, letters, (pattern, name) => {
        expect(compileGlob(pattern)(name)).toBe(oracle(pattern, name));
      }),
      { seed: 11, numRuns: 3_000 },
    );
  });

  test("matches every name that it was made from by putting stars in", () => {
    const cut = fc.tuple(fc.nat(20), fc.nat(20));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.array(cut, { maxLength: 4 }), (name, cuts) => {
        let pattern = name.replaceAll("*", "x");
        const plain = pattern;
        for (const [from, length] of cuts)
          pattern = `${pattern.slice(0, from)}*${pattern.slice(from + length)}`;
        expect(compileGlob(pattern)(plain)).toBe(true);
      }),
      { seed: 12, numRuns: 500 },
    );
  });

  test.each([
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["*a*a*", "a", false],
    ["ab*ba", "aba", false],
    ["a/*", "a/", true],
    ["a/*", "a/b/c", true],
    ["a/*", "A/b", false],
    ["a.c", "abc", false],
    ["a?c", "abc", false],
    ["[ab]", "a", false],
    ["a\\*", "a*", false],
  ])("%p on %p: %p", (pattern, name, expected) => {
    expect(compileGlob(pattern)(name)).toBe(expected);
  });

  test("with many stars is done with a long name at once", () => {
    const matches = compileGlob(`${"*a".repeat(200)}b`);
    expect(matches("a".repeat(200_000))).toBe(false);
    expect(matches(`${"a".repeat(200_000)}b`)).toBe(true);
  });
});

describe("a list", () => {
  test.each<[string[], string[], boolean]>([
    [[], ["a"], false],
    [["a"], ["a"], true],
    [["a"], ["b"], false],
    [["!a"], ["b"], true],
    [["!a"], ["a"], false],
    [["!a", "!b"], ["b"], false],
    [["!a", "b"], ["c"], true],
    [["a", "!a"], ["a"], false],
    [["!a", "a"], ["a"], true],
    [["*", "!a*", "ab"], ["ab"], true],
    [["*", "!a*", "ab"], ["ac"], false],
    [["a"], ["x", "a"], true],
    [["*", "!a"], ["x", "a"], false],
    [["*", "!a"], ["a", "x"], false],
    [["!a", "x"], ["a", "x"], true],
    [["!*"], ["a"], false],
    [["a", "!"], ["a"], true],
    [["!!a"], ["!a"], false],
    [["!!a"], ["a"], true],
    [["*"], [], false],
    [["!a"], [], true],
  ])("%j judges %j: %p", (list, names, expected) => {
    expect(compileGlobs(list)(names)).toBe(expected);
  });

  test("is decided by the last pattern that matches any of the names", () => {
    const list = fc.array(
      fc.tuple(
        fc.boolean(),
        patterns.filter((text) => !text.startsWith("!")),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(list, fc.array(letters, { minLength: 1, maxLength: 3 }), (rules, names) => {
        const last = rules.findLast(([, pattern]) => names.some((name) => oracle(pattern, name)));
        const expected = last === undefined ? rules[0]?.[0] === true : !last[0];
        const spelled = rules.map(([exclude, pattern]) => (exclude ? `!${pattern}` : pattern));
        expect(compileGlobs(spelled)(names)).toBe(expected);
      }),
      { seed: 13, numRuns: 2_000 },
    );
  });
});

test.each([
  ["a/b", true],
  ["", true],
  ["a*", false],
  ["!a", false],
  ["a!b", true],
])("%p is a plain name: %p", (pattern, expected) => {
  expect(isLiteral(pattern)).toBe(expected);
});
