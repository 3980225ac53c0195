// `postern key rotate`: a new key under an existing name; the old one is accepted for a while longer.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Config, KeyConfig } from "../config/schema.ts";
import { closest } from "../lib/did-you-mean.ts";
import { parseDuration } from "../lib/duration.ts";
import { momentMs } from "../lib/moment.ts";
import { errorLines, type LoadedConfiguration, readConfiguration } from "./configuration.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import type { KeyCommand } from "./key-command.ts";
import { keyNames } from "./key-file/insert.ts";
import { type OldDigest, type Rotation, rotatedLines, rotateKey } from "./key-file/rotate.ts";
import { makeKey } from "./key-secret.ts";
import { changeFile } from "./key-write.ts";
import { configPath, requireFile, shown } from "./options.ts";

const DEFAULT_GRACE = "24h";

/** Ten years: beyond that nobody means to rotate a key. */
const MAX_GRACE_MS = 3_653 * 86_400_000;

export async function keyRotate(command: KeyCommand, io: Io): Promise<number> {
  const graceMs = readGrace(command.grace ?? DEFAULT_GRACE);
  if (command.write) requireFile(configPath(command.config, io), "key");
  const loaded = await readConfiguration(command.config, io, { allowMissingEnv: true });
  if (loaded.config === undefined) throw new CommandError(`the configuration is bad\n${errorLines(loaded)}`);
  const { name } = command;
  const key = findKey(name, loaded.config);
  const { secret, hash } = makeKey(io);
  const old = endingDigests(digestsOf(name, key), io.now(), graceMs);
  const rotation = { name, hash, old };
  const place = placeOf(name, loaded, io);
  if (command.write) changeFile(place, (text) => rotateKey(text, rotation), io);
  const until = lastEnd(old);
  if (command.json) io.stdout(`${JSON.stringify({ name, key: secret, hash, until: until ?? null })}\n`);
  else io.stdout(`${secret}\n\n${rotatedLines(rotation)}`);
  io.stderr(`${afterwards(rotation, key, place.shown, command.write)}\n`);
  return EXIT.ok;
}

function readGrace(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > MAX_GRACE_MS)
    throw new UsageError("--grace wants a duration such as 24h, 30m or 0, ten years at most", "key");
  return ms;
}

function findKey(name: string, { keys }: Config): KeyConfig {
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (key !== undefined) return key;
  const [near] = closest(name, Object.keys(keys), 1);
  const hint = near === undefined ? "" : `; did you mean ${shown(near)}?`;
  throw new CommandError(`there is no key named ${shown(name)}${hint}`);
}

interface Digest {
  readonly hash: string;
  readonly until: string | undefined;
}

function digestsOf(name: string, key: KeyConfig): readonly Digest[] {
  if (key.anonymous)
    throw new CommandError(
      `${shown(name)} is for callers without a key, so there is none to rotate; \`postern key new NAME\` makes one`,
    );
  if (key.secret !== undefined)
    throw new CommandError(
      `the key ${shown(name)} is a \`secret\`, read from a variable or file: change it there, or put a hash in its place (\`postern key new\` makes one)`,
    );
  const listed = key.hashes ?? (key.hash === undefined ? [] : [key.hash]);
  if (listed.length === 0)
    throw new CommandError(`the hash of the key ${shown(name)} could not be read: set its variable`);
  return listed.map((item) => (typeof item === "string" ? { hash: item, until: undefined } : item));
}

/** When each old digest ends: none outlives the grace, and one that ends sooner stays as it is. */
function endingDigests(digests: readonly Digest[], nowMs: number, graceMs: number): readonly OldDigest[] {
  const endMs = nowMs + graceMs;
  return digests.map(({ hash, until }) => {
    const ownMs = until === undefined ? Number.POSITIVE_INFINITY : momentMs(until);
    if (graceMs === 0 || ownMs <= nowMs) return { hash, until: undefined };
    return { hash, until: ownMs <= endMs ? until : timeText(endMs) };
  });
}

/** RFC 3339 in UTC, to the second. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, "2027-01-31T12:00:00".length)}Z`;
}

function lastEnd(old: readonly OldDigest[]): string | undefined {
  const ends = old.flatMap(({ until }) => (until === undefined ? [] : [until]));
  return ends.toSorted((a, b) => momentMs(b) - momentMs(a))[0];
}

/** The file that holds the entry: the main one, or one that it includes. */
function placeOf(name: string, { path, files }: LoadedConfiguration, io: Io) {
  const [main = path, ...others] = files.filter((file) => !file.endsWith("/*"));
  const included = others.find((file) => keyNames(textOf(file)).includes(name));
  if (path === "-" && included === undefined)
    return { config: path, file: path, shown: "your configuration" };
  if (included === undefined || keyNames(textOf(main)).includes(name))
    return { config: path, file: main, shown: path };
  const near = relative(io.cwd, included);
  return { config: path, file: included, shown: near.startsWith("..") ? included : near };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function afterwards({ old }: Rotation, key: KeyConfig, file: string, written: boolean): string {
  const until = lastEnd(old);
  const fate =
    until === undefined ? "the old one is not accepted any more" : `the old one is accepted until ${until}`;
  const lines = written
    ? [`The key is shown this once. Its hash is in ${file} now; ${fate}.`]
    : [
        `The key is shown this once. Put the line in place of the entry's \`${key.hashes === undefined ? "hash" : "hashes"}\` in ${file}, or use --write; then ${fate}.`,
      ];
  if (key.disabled) lines.push("note: the entry is disabled, and the new key is with it");
  return lines.join("\n");
}
