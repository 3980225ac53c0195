// Every file of test/golden/config yields exactly the lines written beside it (UPDATE=1 writes them anew).

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { formatProblem } from "../../../src/config/problem.ts";

const FOLDER = join(import.meta.dir, "../../golden/config");

/** The environment of all goldens. `UNSET…` is not in it. */
const ENV = {
  SET: "sk-set",
  EMPTY: "",
  NUMBER: "42",
  PORT: "4010",
  FLAG: "true",
  DIR: "keys.d",
  LONG: "sk-postern-0123456789abcdef0123456789abcdef",
  YAML: "acme\nproviders: { evil: {} }",
  BROKEN: "sk-broken\n",
  MISTRAL_API_KEY: "sk-mis\ntral",
};

function problemLines(name: string): string {
  const { config, problems } = loadConfig(join(FOLDER, name), { env: ENV });
  const errors = problems.filter((problem) => problem.level === "error");
  expect(config === undefined).toBe(errors.length > 0);
  return problems.map((problem) => `${formatProblem(problem).replaceAll(`${FOLDER}/`, "")}\n`).join("");
}

describe("the problems of", () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".yaml"))) {
    test(name, () => {
      const lines = problemLines(name);
      const expected = join(FOLDER, name.replace(/yaml$/, "expected.txt"));
      if (process.env["UPDATE"] === "1") writeFileSync(expected, lines);
      expect(existsSync(expected) ? readFileSync(expected, "utf8") : "no file of expected lines").toBe(lines);
    });
  }
});

test("no problem ever shows a value", () => {
  const values = Object.values(ENV).filter((value) => value.startsWith("sk-"));
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".expected.txt"))) {
    const lines = readFileSync(join(FOLDER, name), "utf8");
    for (const value of [...values, "sk-very-secret", "sk-from-a-file", "secret@"])
      expect(lines).not.toContain(value);
  }
});
