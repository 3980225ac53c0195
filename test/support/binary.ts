// The compiled gateway the tests run: built once, only when it is missing or older than its sources.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export const PROJECT_ROOT = join(import.meta.dir, "..", "..");

let ready: string | undefined;

/** Newest modification time below a folder, in milliseconds since the epoch. */
function newestChange(folder: string): number {
  let newest = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    newest = Math.max(newest, statSync(join(folder, name)).mtimeMs);
  }
  return newest;
}

function modifiedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Path of the binary under test. `POSTERN_BINARY` names another one, for example a cross-compiled build. */
export function ensureBinary(): string {
  if (ready !== undefined) return ready;
  const named = process.env["POSTERN_BINARY"];
  if (named) {
    ready = named;
    return named;
  }
  const binary = join(PROJECT_ROOT, "dist", "postern");
  if (modifiedAt(binary) < newestChange(join(PROJECT_ROOT, "src"))) {
    const build = Bun.spawnSync([process.execPath, "run", "build"], { cwd: PROJECT_ROOT, stderr: "pipe" });
    if (build.exitCode !== 0) throw new Error(`bun run build failed: ${build.stderr.toString()}`);
  }
  ready = binary;
  return binary;
}
