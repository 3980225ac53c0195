// The dispatcher: help, unknown commands, and what becomes of errors.

import { describe, expect, test } from "bun:test";
import { COMMAND_NAMES, COMMANDS } from "../../../src/cli/commands.ts";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";

async function outcome(...argv: string[]) {
  const io = fakeIo({ cwd: "/nonexistent" });
  const code = await run(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe("help", () => {
  test.each([[["--help"]], [["-h"]], [["help"]], [["help", "help"]], [["--config", "x", "--help"]]])(
    "%j is the overview",
    async (argv) => {
      const { code, out, err } = await outcome(...argv);
      expect(code).toBe(0);
      expect(err).toBe("");
      for (const name of COMMAND_NAMES) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
    },
  );

  test.each(COMMAND_NAMES)("%s --help has a usage line and an example, and fits a screen", async (name) => {
    const { code, out } = await outcome(name, "--help");
    expect(code).toBe(0);
    expect(out).toStartWith(`Usage: postern ${name === "serve" ? "[serve]" : name}`);
    expect(out).toContain("\nExample:  ");
    const lines = out.split("\n");
    expect(lines.length).toBeLessThan(20);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(out).toBe((await outcome("help", name)).out);
  });

  test("a subcommand's help is its command's", async () => {
    expect((await outcome("key", "new", "--help")).out).toBe((await outcome("help", "key", "new")).out);
    expect((await outcome("key", "new", "--help")).out).toStartWith("Usage: postern key new NAME");
  });

  test.each([[["help", "shcema"]], [["shcema", "--help"]]])(
    "%j: no help for what does not exist",
    async (argv) => {
      const { code, err } = await outcome(...argv);
      expect(code).toBe(2);
      expect(err).toContain('unknown command "shcema"; did you mean schema?');
    },
  );
});

describe("a command that is not there", () => {
  const LATER = Object.keys(COMMANDS).filter((name) => COMMANDS[name]?.load === undefined);

  test.each(LATER)("%s is not in this version", async (name) => {
    const { code, out, err } = await outcome(name, "--json");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`postern: ${name} is not in this version\nSee \`postern --help\`.\n`);
  });

  test.each([
    ["chekc", 'unknown command "chekc"; did you mean check?'],
    ["nosuch", 'unknown command "nosuch"'],
    ["constructor", 'unknown command "constructor"'],
    ["", 'unknown command ""'],
    ["my.yaml", 'unknown command "my.yaml"; a file is named with --config'],
  ])("%j", async (name, message) => {
    const { code, out, err } = await outcome(name);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`postern: ${message}\nSee \`postern --help\`.\n`);
  });

  test("a name of megabytes is answered in a line", async () => {
    const { code, err } = await outcome("x".repeat(10_000_000));
    expect(code).toBe(2);
    expect(err.length).toBeLessThan(200);
  });
});

test("wrong usage points at the command's own help", async () => {
  const { code, err } = await outcome("version", "--nope");
  expect(code).toBe(2);
  expect(err).toEndWith("\nSee `postern version --help`.\n");
});

test("an unexpected error is one line without a stack", async () => {
  const io = {
    ...fakeIo(),
    stdout: () => {
      throw new RangeError("first\nsecond");
    },
  };
  expect(await run(["version"], io)).toBe(1);
  expect(io.err()).toBe("postern: internal error, please report it: RangeError: first\n");
});
