// Counting and cutting of texts, over many texts.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutToTokens, slices, tokensOf, utf8Bytes, words } from "../../../src/mock/tokens.ts";

const text = fc.string({
  unit: fc.oneof(fc.constantFrom(" ", "\n", "a", "é", "€", "🙂"), fc.string({ unit: "binary" })),
});

test.each([
  ["", 0],
  ["a", 1],
  ["abcd", 1],
  ["abcde", 2],
  ["é€🙂", 3],
])("%j is %d tokens", (value, tokens) => {
  expect(tokensOf(utf8Bytes(value))).toBe(tokens);
});

test("words join to the text, none is empty, white space only leads", () => {
  fc.assert(
    fc.property(text, (value) => {
      const pieces = words(value);
      expect(pieces.join("")).toBe(value);
      for (const piece of pieces) expect(piece).toMatch(/^[ \t-\r]*[^ \t-\r]+$|^[ \t-\r]+$/);
    }),
  );
});

test("slices join to the text, none is empty, none splits a character", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 8 }), (value, size) => {
      const pieces = slices(value, size);
      expect(pieces.join("")).toBe(value);
      for (const piece of pieces) expect(piece.length).toBeWithin(1, size + 2);
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(value.isWellFormed());
    }),
  );
});

test("a cut text is the longest beginning within its tokens", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 6 }), (value, max) => {
      const cut = cutToTokens(value, max);
      expect(value.startsWith(cut)).toBe(true);
      expect(tokensOf(utf8Bytes(cut))).toBeLessThanOrEqual(max);
      const next = [...value.slice(cut.length)][0] ?? "";
      if (next !== "") expect(utf8Bytes(cut + next)).toBeGreaterThan(max * 4);
    }),
  );
});
