// Loads configurations out of folders made for one test.

import { expect } from "bun:test";
import { join } from "node:path";
import { type Loaded, type LoadOptions, loadConfig } from "../../../src/config/load.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { Config } from "../../../src/config/schema.ts";
import { scratch } from "../../support/scratch.ts";

/** Loads `c.yaml` of these files; `lines` are its problems, with paths from the folder. */
export function load(
  files: Record<string, string | Uint8Array>,
  options: Partial<LoadOptions> = {},
  name = "c.yaml",
) {
  const folder = scratch(files);
  const loaded = loadConfig(join(folder, name), { env: {}, ...options });
  return { ...loaded, folder, lines: linesOf(loaded).map((line) => line.replaceAll(`${folder}/`, "")) };
}

export function linesOf(loaded: Loaded): string[] {
  return loaded.problems.map(formatProblem);
}

/** The configuration of a load that went without a word. */
export function good(loaded: Loaded): Config {
  expect(linesOf(loaded)).toEqual([]);
  if (loaded.config === undefined) throw new Error("no configuration");
  return loaded.config;
}
