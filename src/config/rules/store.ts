// Rules of the store: where it cannot be.

import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { Scene } from "../scene.ts";

export function checkStore(scene: Scene): void {
  const { path } = scene.config.store;
  const here = ["store", "path"];
  if (!scene.sound(here) || path === ":memory:") return;
  if (path.includes("\0")) scene.error(here, "is no path: it holds a NUL");
  else if (isFolder(path)) scene.error(here, "is a folder: name a file in it, such as postern.db");
  else if (!isFolder(dirname(path)))
    scene.warning(here, "the folder does not exist here: `postern serve` needs it, and does not make it");
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
