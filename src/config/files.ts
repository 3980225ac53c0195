// Reads the files a configuration consists of, and remembers which they were and what they held.

import { closeSync, openSync, readdirSync, readSync } from "node:fs";

/** Larger files are no configuration. */
const MAX_BYTES = 8 * 2 ** 20;
const TOO_LARGE = { ok: false, reason: "it is larger than 8MiB" } as const;
const CHUNK_BYTES = 64 * 2 ** 10;

export type ReadResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** A reason in words, without the path: "no such file". */
  | { readonly ok: false; readonly reason: string };

export interface Files {
  /** Contents of an absolute path; read once, however often it is asked for. */
  read(path: string): ReadResult;
  /** Names in a folder, sorted; the folder counts as watched. Undefined when it cannot be listed. */
  names(folder: string): readonly string[] | undefined;
  /** Takes text that came from elsewhere (standard input) as if it had been read. */
  take(text: string): ReadResult;
  /** Absolute path of every file read or tried; `FOLDER/*` stands for a folder that was searched. */
  list(): readonly string[];
  /** SHA-256 in hex over the contents so far, in the order they were read. */
  hash(): string;
}

/** `instead`: a file, by its absolute path, that is not read but counts as holding this text. */
export function createFiles(instead?: { readonly path: string; readonly text: string }): Files {
  const results = new Map<string, ReadResult>();
  const folders = new Set<string>();
  const digest = new Bun.CryptoHasher("sha256");

  function count(bytes: Uint8Array | undefined): void {
    digest.update(bytes === undefined ? "unreadable\0" : `${bytes.length}\0`);
    if (bytes !== undefined) digest.update(bytes);
  }

  return {
    read(path) {
      const known = results.get(path);
      if (known !== undefined) return known;
      const result = path === instead?.path ? textResult(instead.text) : readAll(path);
      results.set(path, result);
      count(result.ok ? result.bytes : undefined);
      return result;
    },
    names(folder) {
      folders.add(`${folder}/*`);
      try {
        return readdirSync(folder).sort();
      } catch {
        return undefined;
      }
    },
    take(text) {
      const result = textResult(text);
      count(result.ok ? result.bytes : undefined);
      return result;
    },
    list: () => [...results.keys(), ...folders],
    hash: () => digest.copy().digest("hex"),
  };
}

function textResult(text: string): ReadResult {
  const bytes = new TextEncoder().encode(text);
  return bytes.length > MAX_BYTES ? TOO_LARGE : { ok: true, bytes };
}

function readAll(path: string): ReadResult {
  try {
    const fd = openSync(path, "r");
    try {
      return readOpen(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

function readOpen(fd: number): ReadResult {
  const chunks: Uint8Array[] = [];
  for (let total = 0; ; ) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const length = readSync(fd, chunk, 0, CHUNK_BYTES, null);
    if (length === 0) return { ok: true, bytes: Buffer.concat(chunks) };
    total += length;
    if (total > MAX_BYTES) return TOO_LARGE;
    chunks.push(chunk.subarray(0, length));
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  EMFILE: "too many open files",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (code === "" ? "unreadable" : code);
}
