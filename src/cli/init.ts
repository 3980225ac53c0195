// `postern init`: writes a first configuration for what is found on this machine.

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { LOCAL_PORTS } from "../catalog/local-servers.ts";
import { isPlaceName } from "../catalog/places.ts";
import { OWN_AUTHS, PROVIDERS, type ProviderPreset } from "../catalog/providers.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { valueProblem } from "../config/rules/headers.ts";
import { readServiceAccount } from "../lib/service-account.ts";
import { findServers } from "./find-servers.ts";
import { type FoundKey, firstConfig, foundLines } from "./first-config.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import { configPath, DEFAULT_CONFIG, parseOptions, shown } from "./options.ts";

/** Exit code 1 when the file is there already; it is not touched. */
export function init(args: readonly string[], io: Io): Promise<number> {
  return initFor(LOCAL_PORTS, args, io);
}

/** {@link init} that looks for servers on these ports. */
export async function initFor(ports: readonly number[], args: readonly string[], io: Io): Promise<number> {
  const path = readArguments(args, io);
  if (path !== "-" && existsSync(resolve(io.cwd, path))) throw isThere(path);
  const findings = { keys: findKeys(io), servers: await findServers(ports) };
  const text = firstConfig(findings);
  requireGood(text, io);
  if (path === "-") io.stdout(text);
  else write(resolve(io.cwd, path), path, text);
  const lines = [path === "-" ? "Found:" : `${path} is written, with`, ...foundLines(findings)];
  if (findings.keys.length + findings.servers.length === 0)
    lines.push("No provider's key is in the environment, and no server on the usual ports of this machine.");
  const option = path === DEFAULT_CONFIG || path === "-" ? "" : ` --config ${quotedPath(path)}`;
  if (path !== "-") lines.push(`Next: postern check --probe${option} && postern serve${option}`);
  io.stderr(lines.map((line) => `${line}\n`).join(""));
  return EXIT.ok;
}

/** The path to write to; `-` is standard output. */
function readArguments(args: readonly string[], io: Io): string {
  const { values, words } = parseOptions("init", args, { print: "boolean" }, 1);
  const [word] = words;
  if (word !== undefined && word !== "-")
    throw new UsageError(`${shown(word)} is no option of init; a file is named with --config`, "init");
  return word === "-" || values.print ? "-" : configPath(values.config, io);
}

/** Providers whose credential is in the environment, and that need nothing else. */
function findKeys(io: Io): readonly FoundKey[] {
  return Object.entries(PROVIDERS).flatMap(([provider, preset]) => {
    const variable = preset.secrets.find((name) => (io.env[name] ?? "") !== "");
    if (variable === undefined) return [];
    const fault = faultOf(preset, io.env[variable] ?? "");
    if (fault === undefined) return [{ provider, variable }];
    io.stderr(`note: ${variable} is set, but ${fault}; ${provider} is left out\n`);
    return [];
  });
}

/** Why a provider would not work with this credential and nothing else; undefined when it would. */
function faultOf({ auth, place, title }: ProviderPreset, secret: string): string | undefined {
  if (auth === OWN_AUTHS.serviceAccount) {
    const reading = readServiceAccount(secret);
    if ("problem" in reading) return reading.problem;
    return isPlaceName(reading.account.project ?? "") ? undefined : "names no project";
  }
  if (place !== undefined) return `${title} needs a ${place} as well, which nobody else knows`;
  return valueProblem(secret);
}

/** What is written here must pass `check` as it stands. */
function requireGood(text: string, io: Io): void {
  const { problems } = loadConfig("-", { env: io.env, stdin: text });
  if (problems.length > 0)
    throw new CommandError(`no good configuration came of it\n${problems.map(formatProblem).join("\n")}`);
}

function write(file: string, path: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EEXIST") throw isThere(path);
    // Half a configuration is worse than none, and this one was not there before.
    if (code === "ENOSPC" || code === "EIO" || code === "EDQUOT") rmSync(file, { force: true });
    throw new CommandError(`${path} cannot be written: ${REASONS[code] ?? code}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "there is no such folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

function isThere(path: string): CommandError {
  return new CommandError(
    `${path} is there already and was not changed; name another file with --config, or print it with --print`,
  );
}

/** A path as a shell takes it. */
function quotedPath(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
