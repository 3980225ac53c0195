// Fetches Bun's runtimes from the npm registry, in the version and with the digests that bun.lock holds.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./compile.ts";

/** Kept from one run to the next; ignored by git like all of node_modules. */
const CACHE = join(ROOT, "node_modules", ".cache", "bun-runtimes");

/**
 * Installs these packages, whatever machine they are for, and returns the folder that holds them.
 *
 * @throws {Error} when bun.lock does not know them in the version that runs, or they cannot be fetched
 */
export function fetchRuntimes(packages: readonly string[]): string {
  const lock = readFileSync(join(ROOT, "bun.lock"), "utf8");
  const entries = packages.map((name) => lockedEntry(lock, name));
  const dependencies = Object.fromEntries(packages.map((name) => [name, Bun.version]));
  const root = { name: "bun-runtimes", dependencies };
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, "package.json"), JSON.stringify({ ...root, private: true }));
  // With a lock file of the same digests: what is fetched is what the project's own lock file names, or an error.
  const head = `"lockfileVersion": ${lockVersion(lock)}, "workspaces": { "": ${JSON.stringify(root)} }`;
  writeFileSync(join(CACHE, "bun.lock"), `{ ${head}, "packages": { ${entries.join(", ")} } }\n`);
  const everywhere = ["--os=*", "--cpu=*", "--libc=*"];
  const install = Bun.spawnSync(
    [process.execPath, "install", "--frozen-lockfile", "--ignore-scripts", ...everywhere],
    { cwd: CACHE, stdout: "pipe", stderr: "pipe" },
  );
  if (install.exitCode !== 0) throw new Error(`${install.stdout}${install.stderr}`);
  return join(CACHE, "node_modules");
}

/** `"NAME": ["NAME@VERSION", …, "sha512-…"]` as it stands in the lock file, which holds one entry a line. */
function lockedEntry(lock: string, name: string): string {
  const line = lock.split("\n").find((text) => text.trimStart().startsWith(`"${name}": [`));
  if (line?.includes(`"${name}@${Bun.version}"`)) return line.trim().replace(/,$/, "");
  throw new Error(`bun.lock has no ${name}@${Bun.version}: run this with the version of Bun that it names\n`);
}

function lockVersion(lock: string): string {
  return /"lockfileVersion": (\d+)/.exec(lock)?.[1] ?? "1";
}
