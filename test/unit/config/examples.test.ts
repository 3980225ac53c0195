// Every example that users are shown loads as it stands.

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { formatProblem } from "../../../src/config/problem.ts";

const ROOT = join(import.meta.dir, "../../..");
const FOLDER = "docs/examples";

const names = existsSync(join(ROOT, FOLDER)) ? readdirSync(join(ROOT, FOLDER)) : [];
const examples = [
  "config.example.yaml",
  ...names.filter((name) => name.endsWith(".yaml")).map((name) => `${FOLDER}/${name}`),
];

test.each(examples)("%s", (path) => {
  const loaded = loadConfig(join(ROOT, path), { env: {}, allowMissingEnv: true });
  const errors = loaded.problems.filter((problem) => problem.level === "error");
  expect(errors.map(formatProblem)).toEqual([]);
});

test.each(examples)("%s names its schema in the first line", (path) => {
  const [first = ""] = readFileSync(join(ROOT, path), "utf8").split("\n");
  expect(first).toMatch(/^# yaml-language-server: \$schema=\S+config\.schema\.json$/);
});
