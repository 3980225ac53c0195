// Finds out whether a binary starts: on this machine, or with what Debian has for others.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { ROOT } from "./compile.ts";
import type { Platform } from "./platforms.ts";

export interface Start {
  /** Undefined where nothing here can run it. */
  readonly started: boolean | undefined;
  /** How it was started, why not, or what it said. */
  readonly note: string;
}

interface Launch {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Emulation {
  readonly title: string;
  /** Files it is made of, and the Debian package that brings each. */
  readonly needs: readonly (readonly [file: string, debianPackage: string])[];
  /** Prepares `folder`, which is removed afterwards, and says what runs `file`. */
  readonly launch: (file: string, folder: string) => Launch;
  /** Ends what outlives the binary, before `folder` is removed. */
  readonly end?: (folder: string) => Launch;
}

const QEMU_ARM64 = ["/usr/bin/qemu-aarch64", "qemu-user"] as const;
const WINE = "/usr/lib/wine/wine64";
const WINESERVER = "/usr/lib/wine/wineserver64";
const MINGW = "/usr/bin/x86_64-w64-mingw32-gcc";

/** On Linux x64; by the platform's name. */
const EMULATIONS: Readonly<Record<string, Emulation>> = {
  "linux-arm64": {
    title: "qemu-user",
    needs: [QEMU_ARM64, ["/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "libc6-arm64-cross"]],
    launch: (file) => ({ command: [QEMU_ARM64[0], "-L", "/usr/aarch64-linux-gnu", file] }),
  },
  "linux-x64-musl": {
    title: "musl, with Debian's C++ library",
    needs: [
      ["/lib/ld-musl-x86_64.so.1", "musl"],
      ["/usr/bin/gcc", "gcc"],
      ["/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "libstdc++6"],
    ],
    launch: (file, folder) => ({
      command: [file],
      env: muslEnv(folder, "/usr/bin/gcc", "/usr/lib/x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    }),
  },
  "linux-arm64-musl": {
    title: "qemu-user and musl, with Debian's C++ library",
    needs: [
      QEMU_ARM64,
      ["/lib/ld-musl-aarch64.so.1", "musl:arm64"],
      ["/usr/bin/aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"],
      ["/usr/aarch64-linux-gnu/lib/libstdc++.so.6", "libstdc++6-arm64-cross"],
    ],
    launch(file, folder) {
      const libraries = "/usr/aarch64-linux-gnu/lib";
      const env = muslEnv(folder, "/usr/bin/aarch64-linux-gnu-gcc", libraries, "ld-linux-aarch64.so.1");
      const settings = Object.entries(env).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
      return { command: [QEMU_ARM64[0], ...settings, file] };
    },
  },
  "windows-x64": {
    title: "Wine",
    needs: [
      [WINE, "wine64"],
      [MINGW, "gcc-mingw-w64-x86-64-posix"],
    ],
    launch(file, folder) {
      build([MINGW, "-shared"], "wine-lacks.c", join(folder, "bcryptprimitives.dll"), "-ladvapi32");
      const env = { WINEPREFIX: join(folder, "prefix"), WINEPATH: `Z:${folder}`, WINEDEBUG: "-all" };
      return { command: [WINE, file], env };
    },
    // Of this prefix alone.
    end: (folder) => ({ command: [WINESERVER, "-k"], env: { WINEPREFIX: join(folder, "prefix") } }),
  },
};

/** Starting under Wine for the first time takes a while. */
const TIMEOUT_MS = 120_000;

/** Starts the platform's binary once, with `version --json`, and compares what it says. */
export function checkStart(platform: Platform, commit: string): Start {
  const file = join(ROOT, platform.outfile);
  const emulation = EMULATIONS[platform.name];
  if (isOwn(platform)) {
    const fault = answerOf({ command: [file] }, commit);
    if (fault === undefined) return { started: true, note: "starts" };
    // A binary for the other C library of Linux does not start as it is.
    if (emulation === undefined) return { started: false, note: fault };
  }
  if (emulation === undefined || process.platform !== "linux" || process.arch !== "x64")
    return { started: undefined, note: "not run: nothing here runs it" };
  const missing = emulation.needs.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  if (missing.length > 0) return { started: undefined, note: `not run: needs ${missing.join(", ")}` };
  return emulated(emulation, file, commit);
}

function emulated(emulation: Emulation, file: string, commit: string): Start {
  const folder = mkdtempSync(join(tmpdir(), "postern-start-"));
  try {
    const fault = answerOf(emulation.launch(file, folder), commit);
    return { started: fault === undefined, note: fault ?? `starts (${emulation.title})` };
  } finally {
    const end = emulation.end?.(folder);
    if (end !== undefined) Bun.spawnSync([...end.command], { env: { ...end.env } });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether it is made for this kind of machine; of the two C libraries of Linux it may still be the other one. */
function isOwn({ name }: Platform): boolean {
  const system = { darwin: "macos", win32: "windows" }[process.platform as string] ?? process.platform;
  return name.startsWith(`${system}-${process.arch}`);
}

/** Undefined when it says what it should, else what it said instead. */
function answerOf({ command, env }: Launch, commit: string): string | undefined {
  const wanted = { version: packageJson.version, commit, runtime: `bun ${Bun.version}` };
  try {
    const run = Bun.spawnSync([...command, "version", "--json"], {
      env: { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), ...env },
      stdout: "pipe",
      stderr: "pipe",
      timeout: TIMEOUT_MS,
    });
    const said = run.stdout.toString();
    if (run.exitCode === 0 && Bun.deepEquals(JSON.parse(said), wanted)) return undefined;
    return `fails (exit ${run.exitCode}): ${firstLine(`${said}${run.stderr}`)}`;
  } catch (error) {
    return `fails: ${firstLine(error instanceof Error ? error.message : String(error))}`;
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.slice(0, 100) ?? "";
}

/** Puts a C++ library for musl together in `folder`: the one made for glibc, and the names it does not find there. */
function muslEnv(
  folder: string,
  compiler: string,
  libraries: string,
  loader: string,
): Readonly<Record<string, string>> {
  for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
    copyFileSync(join(libraries, name), join(folder, name));
  const stub = join(folder, loader);
  build([compiler, "-shared", "-nostdlib", "-fPIC"], "musl-lacks.c", stub);
  return { LD_LIBRARY_PATH: folder, LD_PRELOAD: stub };
}

function build(compiler: readonly string[], source: string, outfile: string, ...libraries: string[]): void {
  const file = join(import.meta.dir, "emulation", source);
  const run = Bun.spawnSync([...compiler, "-w", "-o", outfile, file, ...libraries], { stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`${source}: ${run.stderr}`);
}
