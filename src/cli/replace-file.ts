// Replaces a file's content in one step, so that a reader sees the old or the new one and never a part.

import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Readable by its owner alone, until it is known who may read it. */
const PRIVATE_MODE = 0o600;

/** Runs `use` on a new file beside `path` that holds `text`, and removes it afterwards if it is still there. */
export function withNeighbour<T>(
  path: string,
  text: string,
  suffix: string,
  use: (neighbour: string) => T,
): T {
  const neighbour = join(dirname(path), `.${basename(path)}.${suffix}.tmp`);
  const descriptor = openSync(neighbour, "wx", PRIVATE_MODE);
  try {
    try {
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return use(neighbour);
  } finally {
    rmSync(neighbour, { force: true });
  }
}

/**
 * Replaces the content of a file that must still hold `expected`; mode and, where permitted, owner are kept. The
 * path must not be a symbolic link.
 *
 * @returns whether it was replaced: false when somebody else changed it meanwhile
 * @throws the file system's error
 */
export function replaceFile(path: string, expected: Uint8Array, text: string, suffix: string): boolean {
  return withNeighbour(path, text, suffix, (neighbour) => {
    const { mode, uid, gid } = statSync(path);
    try {
      chownSync(neighbour, uid, gid);
    } catch {
      // Only root may give files away; who may write here may replace it under their own name.
    }
    chmodSync(neighbour, mode & 0o7777);
    if (!readFileSync(path).equals(expected)) return false;
    renameSync(neighbour, path);
    return true;
  });
}
