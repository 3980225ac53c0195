// How problems are collected, ordered and printed.

import { expect, test } from "bun:test";
import { createReport, formatPath, formatProblem } from "../../../src/config/problem.ts";
import type { Place } from "../../../src/config/tree.ts";

function place(line: number, column: number, name = "c.yaml", order = 0): Place {
  return { source: { name, folder: "/", order, position: () => ({ line, column }) }, offset: 0 };
}

test.each([
  [[], ""],
  [["a", "b", 0, "c"], "a.b[0].c"],
  [["users", "alice@acme.com"], "users.alice@acme.com"],
  [["a", ""], "a."],
  [["a\nb", "\u001b[31m", "\u009b", "\u2028"], "a\\nb.\\u001b[31m.\\u009b.\\u2028"],
  [["x".repeat(1000)], `${"x".repeat(100)}…`],
] as const)("the path %j is shown as %s", (path, text) => {
  expect(formatPath(path)).toBe(text);
});

test("an error, a warning, and a problem without a path each have their form", () => {
  const report = createReport();
  report.error(place(1, 2), ["a", 0], "is wrong");
  report.warning(place(3, 4), ["b"], "is odd");
  report.error(place(5, 6), [], "is no YAML");
  expect(report.problems().map(formatProblem)).toEqual([
    "c.yaml:1:2  a[0]: is wrong",
    "c.yaml:3:4  b: warning: is odd",
    "c.yaml:5:6  is no YAML",
  ]);
});

test("problems come in the order of the files, then of their places", () => {
  const report = createReport();
  report.error(place(1, 1, "second.yaml", 1), ["d"], "4");
  report.error(place(2, 5), ["c"], "3");
  report.error(place(2, 1), ["b"], "2");
  report.error(place(1, 9), ["a"], "1");
  expect(report.problems().map(({ message }) => message)).toEqual(["1", "2", "3", "4"]);
});

test("of one path at one place, only the first error is said", () => {
  const report = createReport();
  report.error(place(1, 1), ["a"], "first");
  report.error(place(1, 1), ["a"], "second");
  report.warning(place(1, 1), ["a"], "third");
  expect(report.problems().map(({ message }) => message)).toEqual(["first"]);
  expect(report.errorCount()).toBe(1);
});

test("an error takes the place of a warning", () => {
  const report = createReport();
  report.warning(place(1, 1), ["a"], "odd");
  report.error(place(1, 1), ["a"], "wrong");
  expect(report.problems().map(({ level }) => level)).toEqual(["error"]);
});

test("the same words about the same place are said once, whatever the path", () => {
  const report = createReport();
  report.error(place(1, 1), ["a", "x"], "wrong");
  report.error(place(1, 1), ["b", "x"], "wrong");
  expect(report.problems()).toHaveLength(1);
});

test("a message stays one line", () => {
  const report = createReport();
  report.error(place(1, 1), ["a"], "did you mean `x\ny`?");
  expect(report.problems()[0]?.message).toBe("did you mean `x\\ny`?");
});
