// `postern serve`: reads its options and hands over to the gateway.

import type { Io } from "./io.ts";
import { configPath, parseOptions } from "./options.ts";
import { serve } from "./serve.ts";

export async function runServe(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseOptions("serve", args, {});
  return await serve(io, { configPath: configPath(values.config, io) });
}
