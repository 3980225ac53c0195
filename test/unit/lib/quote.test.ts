// Foreign text in a message is quoted, escaped and short.

import { expect, test } from "bun:test";
import { quoted } from "../../../src/lib/quote.ts";

test.each([
  ["plain", '"plain"'],
  ['with "quotes"\n', '"with \\"quotes\\"\\n"'],
  ["\u001b[31m", '"\\u001b[31m"'],
  ["\ud800", '"\\ud800"'],
  ["x".repeat(100), `"${"x".repeat(100)}"`],
  ["x".repeat(101), `"${"x".repeat(100)}…"`],
  ["x".repeat(1_000_000), `"${"x".repeat(100)}…"`],
])("%# foreign text is quoted, escaped and cut", (text, expected) => {
  expect(quoted(text)).toBe(expected);
});
