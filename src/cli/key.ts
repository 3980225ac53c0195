// `postern key`: finds the verb, which makes a key or renews one.

import { type Io, UsageError } from "./io.ts";
import type { KeyCommand } from "./key-command.ts";
import { keyNew } from "./key-new.ts";
import { keyRotate } from "./key-rotate.ts";
import { parseOptions, shown } from "./options.ts";

const VERBS: Readonly<Record<string, (command: KeyCommand, io: Io) => Promise<number>>> = {
  new: keyNew,
  rotate: keyRotate,
};

const LIST = Object.keys(VERBS)
  .map((verb) => `key ${verb} NAME`)
  .join(", ");

/** Exit code 1 when the key cannot be made or written; nothing is printed on stdout then. */
export async function key(args: readonly string[], io: Io): Promise<number> {
  const kinds = { write: "boolean", json: "boolean", grace: "string" } as const;
  const { values, words } = parseOptions("key", args, kinds, 2);
  const [verb, name] = words;
  if (verb === undefined) throw new UsageError(`key needs a verb: ${LIST}`, "key");
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run === undefined) throw new UsageError(`unknown verb ${shown(verb)}; there is: ${LIST}`, "key");
  if (name === undefined) throw new UsageError(`key ${verb} needs a name: key ${verb} NAME`, "key");
  const { config, write = false, json = false, grace } = values;
  if (grace !== undefined && run !== keyRotate) throw new UsageError("--grace is for key rotate", "key");
  return await run({ name, config, write, json, grace }, io);
}
