// `postern key new`: makes a virtual key, shows it once, and gives or writes the entry that holds only its hash.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { keyDigest } from "../auth/virtual-keys.ts";
import { errorLines, type LoadedConfiguration, readConfiguration } from "./configuration.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import { entryLines, keyNames } from "./key-file.ts";
import { keyNameFault } from "./key-name.ts";
import { nameTaken, writeKey } from "./key-write.ts";
import { configPath, DEFAULT_CONFIG, parseOptions, shown } from "./options.ts";

const PREFIX = "sk-postern-";
const RANDOM_BYTES = 32;

/** Exit code 1 when the name is taken or the entry cannot be written; nothing is printed on stdout then. */
export async function key(args: readonly string[], io: Io): Promise<number> {
  const { values, name } = readArguments(args);
  const path = configPath(values.config, io);
  if (values.write && path === "-") throw new UsageError("--write needs a file, not standard input", "key");
  const secret = PREFIX + Buffer.from(io.randomBytes(RANDOM_BYTES)).toString("base64url");
  const entry = { name, hash: `sha256:${keyDigest(secret)}` };
  if (values.write) writeKey(path, entry, io);
  else await requireFreeName(name, values.config, io);
  if (values.json) io.stdout(`${JSON.stringify({ name, key: secret, hash: entry.hash })}\n`);
  else io.stdout(`${secret}\n\n${entryLines(entry)}`);
  const file = path === "-" ? "your configuration" : path;
  io.stderr(
    values.write
      ? `The key is shown this once. Its hash is in ${file} now.\n`
      : `The key is shown this once. Paste the entry under \`keys:\` in ${file}, or use --write.\n`,
  );
  return EXIT.ok;
}

function readArguments(args: readonly string[]) {
  const rotate = args.includes("rotate") ? ({ grace: "string" } as const) : {};
  const { values, words } = parseOptions("key", args, { write: "boolean", json: "boolean", ...rotate }, 2);
  const [verb, name] = words;
  if (verb === "rotate") throw new UsageError("key rotate is not in this version", "key");
  if (verb === undefined) throw new UsageError("key needs a verb: key new NAME", "key");
  if (verb !== "new") throw new UsageError(`unknown verb ${shown(verb)}; there is: key new NAME`, "key");
  if (name === undefined) throw new UsageError("key new needs a name: key new NAME", "key");
  const fault = keyNameFault(name);
  if (fault !== undefined) throw new UsageError(`the name ${shown(name)} ${fault}`, "key");
  return { values, name };
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
