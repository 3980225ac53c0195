// How commands get at the configuration: from the file or from standard input.

import { type Loaded, type LoadOptions, loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { CommandError, type Io } from "./io.ts";
import { configPath } from "./options.ts";

export interface LoadedConfiguration extends Loaded {
  /** As given by the user; `-` is standard input. */
  readonly path: string;
  /** The text of standard input, where that is the configuration. */
  readonly stdin: string | undefined;
}

/** Loads the configuration that `--config` names, whether it is good or not. */
export async function readConfiguration(
  option: string | undefined,
  io: Io,
  options: Pick<LoadOptions, "allowMissingEnv" | "isPriced"> = {},
): Promise<LoadedConfiguration> {
  const path = configPath(option, io);
  const stdin = path === "-" ? await io.readStdin() : undefined;
  const text = stdin === undefined ? {} : { stdin };
  return { path, stdin, ...loadConfig(path, { env: io.env, ...options, ...text }) };
}

/**
 * Loads a configuration that must be good; its secrets need not be there.
 *
 * @throws {CommandError} exit code 1, with every error of the file
 */
export async function requireConfiguration(option: string | undefined, io: Io): Promise<Config> {
  const loaded = await readConfiguration(option, io, { allowMissingEnv: true });
  if (loaded.config === undefined) throw new CommandError(`the configuration is bad\n${errorLines(loaded)}`);
  return loaded.config;
}

/** The errors among the problems, a line each. */
export function errorLines(loaded: Loaded): string {
  const errors = loaded.problems.filter((problem) => problem.level === "error");
  return errors.map(formatProblem).join("\n");
}
