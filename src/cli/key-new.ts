// `postern key new`: makes a virtual key, shows it once, and gives or writes the entry that holds only its hash.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorLines, type LoadedConfiguration, readConfiguration } from "./configuration.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import type { KeyCommand } from "./key-command.ts";
import { entryLines, keyNames } from "./key-file/insert.ts";
import { keyNameFault } from "./key-name.ts";
import { makeKey } from "./key-secret.ts";
import { nameTaken, writeKey } from "./key-write.ts";
import { configPath, DEFAULT_CONFIG, requireFile, shown } from "./options.ts";

export async function keyNew(command: KeyCommand, io: Io): Promise<number> {
  const { name, write } = command;
  const fault = keyNameFault(name);
  if (fault !== undefined) throw new UsageError(`the name ${shown(name)} ${fault}`, "key");
  const path = configPath(command.config, io);
  if (write) requireFile(path, "key");
  const { secret, hash } = makeKey(io);
  const entry = { name, hash };
  if (write) writeKey(path, entry, io);
  else await requireFreeName(name, command.config, io);
  if (command.json) io.stdout(`${JSON.stringify({ name, key: secret, hash })}\n`);
  else io.stdout(`${secret}\n\n${entryLines(entry)}`);
  const file = path === "-" ? "your configuration" : path;
  io.stderr(
    write
      ? `The key is shown this once. Its hash is in ${file} now.\n`
      : `The key is shown this once. Paste the entry under \`keys:\` in ${file}, or use --write.\n`,
  );
  return EXIT.ok;
}

/**
 * Refuses a name that the configuration has. Without a configuration every name is free; of a bad one only the
 * names in the file itself can be told.
 */
async function requireFreeName(name: string, option: string | undefined, io: Io): Promise<void> {
  const path = configPath(option, io);
  if (path === DEFAULT_CONFIG && option === undefined && !existsSync(resolve(io.cwd, path))) return;
  const loaded = await readConfiguration(option, io, { allowMissingEnv: true });
  const names = loaded.config === undefined ? namesOfBad(loaded, io) : Object.keys(loaded.config.keys);
  if (names.includes(name)) throw nameTaken(name);
}

function namesOfBad(loaded: LoadedConfiguration, io: Io): readonly string[] {
  const text = loaded.stdin ?? readText(resolve(io.cwd, loaded.path));
  if (text === undefined) throw new CommandError(errorLines(loaded));
  io.stderr(`note: ${loaded.path} has errors (see \`postern check\`), so only its own keys were compared\n`);
  return keyNames(text);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
