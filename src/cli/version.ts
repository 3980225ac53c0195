// `postern version`: which Postern this is.

import packageJson from "../../package.json" with { type: "json" };
import { EXIT, type Io } from "./io.ts";
import { parseOptions } from "./options.ts";

/** Put in by scripts/build.ts; absent when run from source. */
declare const POSTERN_COMMIT: string;

/** What runs. */
export const BUILD = {
  version: packageJson.version,
  commit: typeof POSTERN_COMMIT === "undefined" ? "unknown" : POSTERN_COMMIT,
  runtime: `bun ${Bun.version}`,
};

/** Prints version, commit and runtime. */
export async function version(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseOptions("version", args, { json: "boolean" });
  const line = `postern ${BUILD.version} (commit ${BUILD.commit}, ${BUILD.runtime})`;
  io.stdout(`${values.json ? JSON.stringify(BUILD) : line}\n`);
  return EXIT.ok;
}
