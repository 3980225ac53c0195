// A command's options: what is read, and how misuse is answered.

import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/cli/io.ts";
import { configPath, parseOptions, shown } from "../../../src/cli/options.ts";
import { fakeIo } from "../../support/fake-io.ts";

const KINDS = { json: "boolean", timeout: "string" } as const;

function misuse(args: readonly string[], maxWords = 0): UsageError {
  try {
    parseOptions("ready", args, KINDS, maxWords);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("accepted");
}

test("options and words are read in any order", () => {
  const { values, words } = parseOptions(
    "x",
    ["a", "--json", "--timeout=5s", "b", "--config", "-"],
    KINDS,
    2,
  );
  expect({ ...values }).toEqual({ json: true, timeout: "5s", config: "-" });
  expect(words).toEqual(["a", "b"]);
});

test("of an option given twice the last one counts", () => {
  expect(parseOptions("x", ["--timeout", "1s", "--timeout", "2s"], KINDS).values.timeout).toBe("2s");
});

test("what follows `--` is a word", () => {
  expect(parseOptions("x", ["--", "--json"], KINDS, 1).words).toEqual(["--json"]);
});

test.each([
  [["--nope"], 'unknown option "--nope"; there is --config, --json, --timeout and --help'],
  [["-x"], 'unknown option "-x"; there is --config, --json, --timeout and --help'],
  [["--nope=secret"], 'unknown option "--nope"; there is --config, --json, --timeout and --help'],
  [["--no-json"], 'unknown option "--no-json"; there is --config, --json, --timeout and --help'],
  [["--__proto__"], 'unknown option "--__proto__"; there is --config, --json, --timeout and --help'],
  [["--constructor"], 'unknown option "--constructor"; there is --config, --json, --timeout and --help'],
  [["--timeout"], '"--timeout" needs a value'],
  [["--timeout", "--json"], '"--timeout" needs a value'],
  [["--timeout="], '"--timeout" needs a value'],
  [["--json=yes"], '"--json" takes no value'],
  [["word"], "ready takes options only, no further words"],
])("%j is refused", (args, message) => {
  const error = misuse(args);
  expect(error.message).toBe(message);
  expect(error.exitCode).toBe(2);
  expect(error.command).toBe("ready");
});

test("a word too many is refused without repeating it", () => {
  expect(misuse(["a", "sk-postern-secret"], 1).message).toBe("too many words: ready takes 1");
});

test("a huge argument is cut in the message", () => {
  expect(misuse([`--${"x".repeat(10_000_000)}`]).message.length).toBeLessThan(200);
});

test("what is repeated is quoted, on one line and short", () => {
  expect(shown("a\nb\u001b[31m")).toBe('"a\\nb\\u001b[31m"');
  expect(shown("x".repeat(100)).length).toBeLessThan(70);
});

describe("the configuration file", () => {
  test.each([
    ["given.yaml", { POSTERN_CONFIG: "env.yaml" }, "given.yaml"],
    [undefined, { POSTERN_CONFIG: "env.yaml" }, "env.yaml"],
    [undefined, { POSTERN_CONFIG: "" }, "./config.yaml"],
    [undefined, {}, "./config.yaml"],
    ["-", {}, "-"],
  ])("option %p, environment %j: %s", (option, env: Record<string, string>, wanted) => {
    expect(configPath(option, fakeIo({ env }))).toBe(wanted);
  });

  test.each(["a\nb", "\u001b[31m", "x".repeat(5000)])("a path that is none: %#", (path) => {
    expect(() => configPath(path, fakeIo())).toThrow(UsageError);
    expect(() => configPath(undefined, fakeIo({ env: { POSTERN_CONFIG: path } }))).toThrow(UsageError);
  });
});
