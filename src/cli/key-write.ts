// Changes a key's entry in the file that holds it, which is whole and valid at every moment.

import { readFileSync, realpathSync } from "node:fs";
import { type Loaded, loadConfig } from "../config/load.ts";
import { errorLines } from "./configuration.ts";
import { CommandError, type Io } from "./io.ts";
import type { Change } from "./key-file/document.ts";
import { insertKey } from "./key-file/insert.ts";
import { shown } from "./options.ts";
import { replaceFile } from "./replace-file.ts";

interface Entry {
  readonly name: string;
  readonly hash: string;
}

/** A file of the configuration, and the configuration it belongs to. */
interface Place {
  /** The main file as the user named it. */
  readonly config: string;
  /** Absolute path of the file to change: the main one, or one that it includes. */
  readonly file: string;
  /** That file's name in messages. */
  readonly shown: string;
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
  const [file = path] = before.files;
  changeFile({ config: path, file, shown: path }, (text) => insertKey(text, entry), io);
}

/** The error for a name that is in use. */
export function nameTaken(name: string): CommandError {
  return new CommandError(`there is a key named ${shown(name)} already; choose another name`);
}

/**
 * Replaces a file by what `edit` makes of its text, if the configuration is good with that.
 *
 * @throws {CommandError} when it would not be, or the file cannot be replaced; it is untouched then
 */
export function changeFile(place: Place, edit: (text: string) => Change, io: Io): void {
  try {
    const target = realpathSync(place.file);
    const bytes = readFileSync(target);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const change = edit(text);
    if ("refusal" in change)
      throw unchanged(place.shown, `${change.refusal}; paste the entry by hand, without --write`);
    const after = load(place.config, io, { path: place.file, text: change.text });
    if (after.config === undefined)
      throw unchanged(place.shown, `there would be errors\n${errorLines(after)}`);
    const suffix = Buffer.from(io.randomBytes(6)).toString("hex");
    if (!replaceFile(target, bytes, change.text, suffix))
      throw unchanged(place.shown, "somebody else changed it meanwhile; try again");
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw unchanged(place.shown, reasonOf(error));
  }
}

function load(path: string, io: Io, instead?: { readonly path: string; readonly text: string }): Loaded {
  return loadConfig(path, {
    env: io.env,
    allowMissingEnv: true,
    ...(instead === undefined ? {} : { instead }),
  });
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
