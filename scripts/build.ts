// Builds the executable: `bun run build` writes dist/postern for this machine.

import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";

interface Target {
  /** Bun's name of the platform; undefined for the machine that builds. */
  readonly platform: string | undefined;
  readonly outfile: string;
}

/** What can be built, by name. */
const TARGETS: Readonly<Record<string, Target>> = {
  host: { platform: undefined, outfile: process.platform === "win32" ? "dist/postern.exe" : "dist/postern" },
};

const ROOT = join(import.meta.dir, "..");

/**
 * Start to first answer, medians of 21 on an idle machine: plain 130 ms, bytecode 47, bytecode and splitting 41;
 * minified 39, which is not worth unreadable names in errors. The source map costs nothing at start.
 */
const FLAGS = [
  "--compile",
  // Without the ESM format bytecode forbids top-level await.
  "--bytecode",
  "--format=esm",
  // Each command loads its own part only, and `serve` next to nothing before it restarts itself.
  "--splitting",
  "--sourcemap",
  // The binary must not read what happens to lie in the directory it is started in.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

/** The commit that is built; "unknown" outside a repository. */
function readCommit(): string {
  const git = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: ROOT, stderr: "ignore" });
  return git.exitCode === 0 ? git.stdout.toString().trim() : "unknown";
}

function build(target: Target, commit: string): void {
  const startedAt = performance.now();
  const outfile = join(ROOT, target.outfile);
  // Built aside and renamed: a running gateway keeps its file, and nobody ever starts half of one.
  const folder = `${outfile}.${process.pid}`;
  const unfinished = join(folder, basename(outfile));
  mkdirSync(folder, { recursive: true });
  const platform = target.platform === undefined ? [] : [`--target=${target.platform}`];
  const defines = { POSTERN_COMMIT: commit, "process.env.NODE_ENV": "production" };
  const compiler = Bun.spawnSync(
    [
      ...[process.execPath, "build", ...FLAGS, ...platform],
      ...Object.entries(defines).flatMap(([name, value]) => ["--define", `${name}=${JSON.stringify(value)}`]),
      ...["src/main.ts", "--outfile", unfinished],
    ],
    { cwd: ROOT, stdout: "pipe", stderr: "pipe" },
  );
  if (compiler.exitCode === 0) renameSync(unfinished, outfile);
  rmSync(folder, { recursive: true, force: true });
  if (compiler.exitCode !== 0) {
    process.stderr.write(`${compiler.stdout}${compiler.stderr}`);
    process.exit(1);
  }
  const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
  const elapsedMs = Math.round(performance.now() - startedAt);
  process.stdout.write(`${target.outfile}  ${megabytes} MB  ${elapsedMs} ms\n`);
}

const names = process.argv.slice(2);
const commit = readCommit();
for (const name of names.length === 0 ? ["host"] : names) {
  const target = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;
  if (target === undefined) {
    process.stderr.write(`unknown target ${name}; there is: ${Object.keys(TARGETS).join(", ")}\n`);
    process.exit(2);
  }
  build(target, commit);
}
