// `postern version`: which Postern this is.

import packageJson from "../../package.json" with { type: "json" };
import { EXIT, type Io } from "./io.ts";
import { parseOptions } from "./options.ts";

/** Put in by scripts/build.ts; absent when run from source. */
declare const POSTERN_COMMIT: string;

export const VERSION = packageJson.version;

/** Prints version, commit and runtime. */
export async function version(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseOptions("version", args, { json: "boolean" });
  const build = {
    version: VERSION,
    commit: typeof POSTERN_COMMIT === "undefined" ? "unknown" : POSTERN_COMMIT,
    runtime: `bun ${Bun.version}`,
  };
  const line = `postern ${build.version} (commit ${build.commit}, ${build.runtime})`;
  io.stdout(`${values.json ? JSON.stringify(build) : line}\n`);
  return EXIT.ok;
}
