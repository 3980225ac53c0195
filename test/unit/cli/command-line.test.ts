// Which command a command line means.

import { describe, expect, test } from "bun:test";
import { isServe, splitCommandLine } from "../../../src/cli/command-line.ts";

describe("splitting", () => {
  test.each([
    [[], undefined, []],
    [["check"], "check", []],
    [["--config", "a.yaml", "check", "--json"], "check", ["--config", "a.yaml", "--json"]],
    [["check", "--json", "--config", "a.yaml"], "check", ["--json", "--config", "a.yaml"]],
    [["--config=a.yaml", "check"], "check", ["--config=a.yaml"]],
    [["--config", "-", "check"], "check", ["--config", "-"]],
    [["--config", "check"], undefined, ["--config", "check"]],
    [["--config"], undefined, ["--config"]],
    [["key", "new", "alice"], "key", ["new", "alice"]],
    [["--", "check"], undefined, ["--", "check"]],
    [["check", "--", "--help"], "check", ["--", "--help"]],
    [["--version"], "version", []],
    [["-v", "--json"], "version", ["--json"]],
    [[""], "", []],
  ])("%j is the command %j with %j", (argv, command, args) => {
    expect(splitCommandLine(argv)).toEqual({ command, args, help: false });
  });

  test.each([
    [["--help"]],
    [["-h"]],
    [["check", "--help"]],
    [["--help", "check"]],
    [["key", "new", "-h", "x"]],
  ])("%j asks for help", (argv) => {
    const line = splitCommandLine(argv);
    expect(line.help).toBe(true);
    expect([line.command, ...line.args]).not.toContain("--help");
    expect([line.command, ...line.args]).not.toContain("-h");
  });
});

describe("whether the gateway is to run", () => {
  test.each([
    [[], true],
    [["serve"], true],
    [["--config", "x.yaml"], true],
    [["--config", "x.yaml", "serve"], true],
    [["serve", "--help"], false],
    [["--help"], false],
    [["--version"], false],
    [["check"], false],
    [["--config", "serve"], true],
    [["help", "serve"], false],
  ])("%j: %p", (argv, wanted) => {
    expect(isServe(splitCommandLine(argv))).toBe(wanted);
  });
});
