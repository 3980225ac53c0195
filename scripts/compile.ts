// Compiles the executable for one platform: what `build` and `build:all` share.

import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";

export const ROOT = join(import.meta.dir, "..");

interface Platform {
  /** Bun's name of it. */
  readonly target: string;
  /** Bun's runtime for it, as a file. */
  readonly runtime: string;
}

interface Compiled {
  readonly bytes: number;
  readonly elapsedMs: number;
}

/**
 * Start to first answer, medians of 21 on an idle machine: plain 130 ms, bytecode 47, bytecode and splitting 41;
 * minified 39, which is not worth unreadable names in errors. The source map costs nothing at start.
 */
const FLAGS = [
  "--compile",
  // Without the ESM format bytecode forbids top-level await. It is the same for every platform.
  "--bytecode",
  "--format=esm",
  // Each command loads its own part only, and `serve` next to nothing before it restarts itself.
  "--splitting",
  "--sourcemap",
  // The binary must not read what happens to lie in the directory it is started in.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

/** The program, and what it runs on threads of their own. */
const ENTRIES = ["src/main.ts", "src/store/read-worker.ts", "src/store/retention-worker.ts"];

/** The commit that is built; "unknown" outside a repository. */
export function readCommit(): string {
  const git = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: ROOT, stderr: "ignore" });
  return git.exitCode === 0 ? git.stdout.toString().trim() : "unknown";
}

/**
 * Writes the executable to `outfile`, a path from the root; for this machine where no platform is given.
 *
 * @throws {Error} with what the compiler said
 */
export function compile(outfile: string, commit: string, platform?: Platform): Compiled {
  const startedAt = performance.now();
  const file = join(ROOT, outfile);
  // Built aside and renamed: a running gateway keeps its file, and nobody ever starts half of one.
  const folder = `${file}.${process.pid}`;
  const unfinished = join(folder, basename(file));
  mkdirSync(folder, { recursive: true });
  const flags =
    platform === undefined
      ? []
      : [`--target=${platform.target}`, `--compile-executable-path=${platform.runtime}`];
  const defines = { POSTERN_COMMIT: commit, "process.env.NODE_ENV": "production" };
  const compiler = Bun.spawnSync(
    [
      ...[process.execPath, "build", ...FLAGS, ...flags],
      ...Object.entries(defines).flatMap(([name, value]) => ["--define", `${name}=${JSON.stringify(value)}`]),
      ...[...ENTRIES, "--outfile", unfinished],
    ],
    { cwd: ROOT, stdout: "pipe", stderr: "pipe" },
  );
  try {
    if (compiler.exitCode !== 0) throw new Error(`${compiler.stdout}${compiler.stderr}`);
    renameSync(unfinished, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { bytes: statSync(file).size, elapsedMs: Math.round(performance.now() - startedAt) };
}

/** `110.2 MB` */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
