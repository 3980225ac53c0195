// Reads a command's own options and words, and turns every misuse into one line that says what is allowed.

import { parseArgs } from "node:util";
import { quoted } from "../lib/quote.ts";
import { type Io, UsageError } from "./io.ts";

type Kinds = Readonly<Record<string, "string" | "boolean">>;

type Values<K extends Kinds> = { readonly [Name in keyof K]?: K[Name] extends "string" ? string : boolean };

interface Parsed<K extends Kinds> {
  readonly values: Values<K & typeof COMMON>;
  readonly words: readonly string[];
}

/** What every command accepts, so that a script can put `--config` wherever it likes. */
const COMMON = { config: "string" } as const;

/** Where the configuration is looked for when nothing names it. */
export const DEFAULT_CONFIG = "./config.yaml";

/** Longest path that Linux and macOS take. */
const MAX_PATH = 4096;

/** Longest piece of an argument that is repeated in a message. */
const SHOWN_LENGTH = 60;

/**
 * Parses the arguments of `command`: its options by `kinds`, and up to `maxWords` words beside them.
 *
 * @throws {UsageError} unknown option, option without its value, too many words
 */
export function parseOptions<K extends Kinds>(
  command: string,
  args: readonly string[],
  kinds: K,
  maxWords = 0,
): Parsed<K> {
  const known: Kinds = { ...COMMON, ...kinds };
  const options = Object.fromEntries(Object.entries(known).map(([name, type]) => [name, { type }]));
  // Not strict: its messages repeat whole arguments, which may be secrets or megabytes.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const values: Record<string, string | boolean> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind === "option") {
      values[token.name] = optionValue(command, known, token);
    }
  }
  if (words.length > maxWords) throw new UsageError(tooMany(command, maxWords), command);
  return { values: values as Values<K & typeof COMMON>, words };
}

/**
 * The configuration file meant: `--config`, else `$POSTERN_CONFIG`, else `./config.yaml`; `-` is standard input.
 *
 * @throws {UsageError} a path that no system has, and that would spoil every line it is printed in
 */
export function configPath(option: string | undefined, io: Io): string {
  const path = option ?? (io.env["POSTERN_CONFIG"] || DEFAULT_CONFIG);
  if (path.length > MAX_PATH) throw new UsageError("the path of the configuration is too long");
  if (/\p{Cc}/u.test(path)) throw new UsageError("the path of the configuration has control characters");
  return path;
}

/**
 * Refuses standard input where a file is to be changed.
 *
 * @throws {UsageError}
 */
export function requireFile(path: string, command: string): void {
  if (path === "-") throw new UsageError("--write needs a file, not standard input", command);
}

/** An argument made fit to repeat: quoted, shortened, on one line. */
export function shown(text: string): string {
  return quoted(text, SHOWN_LENGTH);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function optionValue(command: string, known: Kinds, token: OptionToken): string | boolean {
  const kind = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
  const name = shown(token.rawName);
  if (kind === undefined) {
    const list = Object.keys(known).map((option) => `--${option}`);
    throw new UsageError(`unknown option ${name}; there is ${list.join(", ")} and --help`, command);
  }
  if (kind === "boolean") {
    if (token.value !== undefined) throw new UsageError(`${name} takes no value`, command);
    return true;
  }
  // `--timeout --json` forgot the value; whoever means it writes `--timeout=--json`.
  const isOption = !token.inlineValue && /^-./.test(token.value ?? "");
  if (token.value === undefined || token.value === "" || isOption)
    throw new UsageError(`${name} needs a value`, command);
  return token.value;
}

function tooMany(command: string, maxWords: number): string {
  if (maxWords === 0) return `${command} takes options only, no further words`;
  return `too many words: ${command} takes ${maxWords}`;
}
