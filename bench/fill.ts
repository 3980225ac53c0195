// Makes a filled store in a process of its own, so that Ctrl-C still works: `bun bench/fill.ts PATH ROWS`.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CORES, start } from "./children.ts";
import { fillStore } from "./filled-store.ts";

interface FilledStore {
  readonly path: string;
  remove(): void;
}

/** A file with so many rows in a folder for temporary files; some 0.8 KB each. */
export async function fillInChild(say: (text: string) => void, rows: number): Promise<FilledStore> {
  const dir = mkdtempSync(join(tmpdir(), "postern-bench-store-"));
  const path = join(dir, "postern.db");
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", remove);
  say(`money: filling a store with ${rows} rows`);
  const startedAt = performance.now();
  const child = start([process.execPath, import.meta.path, path, String(rows)], {
    core: CORES.rest,
    stderr: 2,
  });
  const code = await child.exited;
  if (code !== 0) throw new Error(`the store could not be filled: the process ended with code ${code}`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  say(`money: ${Math.round(statSync(path).size / 1e6)} MB in ${seconds} s`);
  return {
    path,
    remove() {
      remove();
      process.off("exit", remove);
    },
  };
}

if (import.meta.main) {
  const [path = "", rows = ""] = process.argv.slice(2);
  fillStore(path, Number(rows), Date.now());
}
