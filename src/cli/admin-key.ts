// The random admin key of a gateway whose configuration has none: on the terminal, or in a file that only its owner reads.

import { lstatSync, readFileSync, renameSync } from "node:fs";
import { keyDigest } from "../auth/virtual-keys.ts";
import { CommandError, type Io } from "./io.ts";
import { withNeighbour } from "./replace-file.ts";

const PREFIX = "sk-postern-admin-";
const RANDOM_BYTES = 32;
const WRITTEN = /^sk-postern-admin-[A-Za-z0-9_-]{43}$/;

/** A store that is no file. */
const IN_MEMORY = ":memory:";

interface AdminKeyOptions {
  readonly io: Pick<Io, "stderr" | "randomBytes">;
  /** Whether stderr is a terminal, where a person reads. */
  readonly isTerminal: boolean;
  /** This process's user; undefined where the system has none. */
  readonly uid: number | undefined;
}

/**
 * Gives the digest (SHA-256, hex) of the random key; makes, and tells, the key when it is asked for the first time. A
 * file that an earlier run has written is taken over, so that a restart locks nobody out.
 *
 * @returns a function of `store.path`
 * @throws {CommandError} (that function) when the file cannot be written
 */
export function createRandomAdminKey(options: AdminKeyOptions): (storePath: string) => string {
  let digest: string | undefined;
  return (storePath) => {
    digest ??= keyDigest(tell(options, storePath));
    return digest;
  };
}

function tell({ io, isTerminal, uid }: AdminKeyOptions, storePath: string): string {
  const file = isTerminal || storePath === IN_MEMORY ? undefined : `${storePath}.admin-key`;
  const known = file === undefined ? undefined : readKey(file, uid);
  const key = known ?? makeKey(io);
  if (file === undefined)
    io.stderr(`admin key (for this machine only, until the gateway ends; admin.key sets one): ${key}\n`);
  else {
    if (known === undefined) writeKey(file, key, io);
    io.stderr(`the admin key (for this machine only; admin.key sets another) is in ${file}\n`);
  }
  return key;
}

function makeKey(io: AdminKeyOptions["io"]): string {
  return PREFIX + Buffer.from(io.randomBytes(RANDOM_BYTES)).toString("base64url");
}

/** The key that an earlier run has written; undefined where anybody else could have written or read it. */
function readKey(file: string, uid: number | undefined): string | undefined {
  try {
    const found = lstatSync(file);
    const isOwn = uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0);
    const text = isOwn && found.isFile() ? readFileSync(file, "utf8").trim() : "";
    return WRITTEN.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and never through a link that somebody has put there. */
function writeKey(file: string, key: string, io: AdminKeyOptions["io"]): void {
  const suffix = Buffer.from(io.randomBytes(6)).toString("hex");
  try {
    withNeighbour(file, `${key}\n`, suffix, (neighbour) => renameSync(neighbour, file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `cannot write the admin key to ${file}: ${reason}; set admin.key, or another store.path`,
    );
  }
}
