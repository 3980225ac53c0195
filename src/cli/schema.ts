// `postern schema`: prints the JSON Schema of the configuration file.

import { jsonSchemaText } from "../config/json-schema.ts";
import { EXIT, type Io } from "./io.ts";
import { parseOptions } from "./options.ts";

export async function schema(args: readonly string[], io: Io): Promise<number> {
  // It is JSON in any case; scripts that pass `--json` to everything need no exception.
  parseOptions("schema", args, { json: "boolean" });
  io.stdout(jsonSchemaText());
  return EXIT.ok;
}
