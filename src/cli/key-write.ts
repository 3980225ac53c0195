// `postern key new --write`: puts the entry into the file, which is whole and valid at every moment.

import { readFileSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { type Loaded, loadConfig } from "../config/load.ts";
import { errorLines } from "./configuration.ts";
import { CommandError, type Io } from "./io.ts";
import { insertKey } from "./key-file.ts";
import { shown } from "./options.ts";
import { replaceFile, withNeighbour } from "./replace-file.ts";

interface Entry {
  readonly name: string;
  readonly hash: string;
}

/**
 * Inserts the entry into the configuration file. A symbolic link stays one: its target is replaced.
 *
 * @throws {CommandError} the name is taken, the file is bad or would become so, or it cannot be replaced; it is
 *   untouched then
 */
export function writeKey(path: string, entry: Entry, io: Io): void {
  const before = load(path, io);
  if (before.config === undefined) throw unchanged(path, `it has errors\n${errorLines(before)}`);
  if (Object.hasOwn(before.config.keys, entry.name)) throw nameTaken(entry.name);
  try {
    insertInto(path, entry, io);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw unchanged(path, reasonOf(error));
  }
}

/** The error for a name that is in use. */
export function nameTaken(name: string): CommandError {
  return new CommandError(`there is a key named ${shown(name)} already; choose another name`);
}

function insertInto(path: string, entry: Entry, io: Io): void {
  const link = resolve(io.cwd, path);
  const target = realpathSync(link);
  const bytes = readFileSync(target);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const inserted = insertKey(text, entry);
  if ("refusal" in inserted)
    throw unchanged(path, `${inserted.refusal}; paste the entry by hand, without --write`);
  const suffix = Buffer.from(io.randomBytes(6)).toString("hex");
  // Beside the link, not its target: that is where includes and secrets are looked for.
  withNeighbour(link, inserted.text, suffix, (neighbour) => {
    const after = load(neighbour, io);
    if (after.config === undefined) {
      throw unchanged(path, `it would have errors\n${errorLines(after).replaceAll(neighbour, path)}`);
    }
  });
  if (!replaceFile(target, bytes, inserted.text, suffix)) {
    throw unchanged(path, "somebody else changed it meanwhile; try again");
  }
}

function load(path: string, io: Io): Loaded {
  return loadConfig(path, { env: io.env, allowMissingEnv: true });
}

function unchanged(path: string, reason: string): CommandError {
  return new CommandError(`${path} was not changed: ${reason}`);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `no permission to replace it (${code})`;
  if (code === "EBUSY")
    return "it is mounted by itself, so it cannot be replaced; paste the entry by hand, without --write";
  return code === "" || code.startsWith("ERR_") ? "it is not UTF-8" : `it cannot be replaced (${code})`;
}
