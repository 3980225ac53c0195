// The real disk behind the watch: stamps, digests and events of files and folders.

import { readdirSync, readFileSync, realpathSync, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { Disk, Stamp } from "./watch.ts";

/** Some file systems know the time of a change to two seconds only. */
const COARSE_MS = 2_000;

const FOLDER_SUFFIX = "/*";

/** `now` is the epoch clock in milliseconds. */
export function createDisk(now: () => number): Disk {
  return {
    stamp: (path) => stampOf(path, now()),
    digest: (path) => (isFolder(path) ? "" : fileDigest(path)),
    folders: foldersOf,
    folderId: (folder) => attempt(() => idOf(statSync(folder, { bigint: true }))),
    watch: (folder, onEvent) =>
      attempt(() => {
        const watcher = watch(folder, { persistent: false }, (_, name) => onEvent(name ?? undefined));
        // Without a listener an error would end the process; what the watch misses, the poll finds.
        watcher.on("error", () => watcher.close());
        return () => watcher.close();
      }),
  };
}

function isFolder(path: string): boolean {
  return path.endsWith(FOLDER_SUFFIX);
}

function stampOf(path: string, nowMs: number): Stamp {
  const folder = isFolder(path) ? path.slice(0, -FOLDER_SUFFIX.length) : undefined;
  const names = folder === undefined ? [] : attempt(() => readdirSync(folder).sort());
  const stat = attempt(() => statSync(folder ?? path, { bigint: true }));
  if (stat === undefined || names === undefined) return { text: "absent", fresh: true };
  const ageMs = nowMs - Number(stat.ctimeNs / 1_000_000n);
  const fresh = ageMs > -COARSE_MS && ageMs < COARSE_MS;
  // Of a folder the names are enough: its own times change with every file that comes and goes beside.
  if (folder !== undefined) return { text: `names\0${names.join("\0")}`, fresh };
  return { text: [idOf(stat), stat.size, stat.mtimeNs, stat.ctimeNs].join(" "), fresh };
}

function fileDigest(path: string): string {
  // Reading a pipe would take away, or wait for, what others wrote.
  const bytes = attempt(() => (statSync(path).isFile() ? readFileSync(path) : undefined));
  return bytes === undefined ? "" : Bun.SHA256.hash(bytes, "hex");
}

/** Where the path itself stands and, behind symbolic links, where the file does. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  const real = attempt(() => realpathSync(isFolder(path) ? folder : path));
  if (real === undefined) return [folder];
  return [folder, isFolder(path) ? real : dirname(real)];
}

function idOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
