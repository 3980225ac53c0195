// What rules across settings look at: the valid part of the configuration, and what the file itself says.

import { didYouMean } from "../lib/did-you-mean.ts";
import type { Files } from "./files.ts";
import { formatPlace, type Report } from "./problem.ts";
import type { Config } from "./schema.ts";
import { locate, type MapNode, nodeAt, type Path } from "./tree.ts";

export interface Scene {
  /** Fits the schema, defaults filled; what did not fit has been taken out. */
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
  /** Whether the bundled price table has a model of a preset; undefined = nobody asks, since it takes time to read. */
  readonly isPriced: IsPriced | undefined;
  error(path: Path, message: string, part?: "key" | "value"): void;
  warning(path: Path, message: string, part?: "key" | "value"): void;
  /** Whether all files were read: if not, names may be missing, and nothing can be said about who names them. */
  readonly complete: boolean;
  /** Names in a map of the file, also of entries that were taken out. */
  names(path: Path): readonly string[];
  /** Whether the file has the setting, whatever it holds. */
  written(path: Path): boolean;
  /** Whether the setting and all below it is known and fits: if not, no rule can judge it. */
  sound(path: Path): boolean;
  /** "; did you mean `x`?" or nothing, for the end of a message. Not for ever: with many names it takes long. */
  suggest(name: string, candidates: readonly string[]): string;
  /** `FILE:LINE:COL` of a setting's key. */
  place(path: Path): string;
}

/** Whether there is a bundled price for the model of a preset. */
export type IsPriced = (presetType: string, model: string) => boolean;

export interface SceneParts {
  readonly config: Config;
  readonly tree: MapNode;
  readonly report: Report;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
  readonly isPriced: IsPriced | undefined;
  /** Paths that are not known or were taken out. */
  readonly unsound: readonly Path[];
  /** Whether all files were read. */
  readonly complete: boolean;
}

/** Who has more names wrong than this has made another mistake. */
const MAX_SUGGESTIONS = 100;

export function createScene(parts: SceneParts): Scene {
  const { config, tree, report, env, files } = parts;
  const gone = new Set<string>();
  const touched = new Set<string>();
  let suggestions = 0;
  for (const path of parts.unsound) {
    gone.add(key(path));
    for (let length = 0; length <= path.length; length++) touched.add(key(path.slice(0, length)));
  }
  return {
    config,
    env,
    files,
    isPriced: parts.isPriced,
    complete: parts.complete,
    error: (path, message, part) => report.error(locate(tree, path, part), path, message),
    warning: (path, message, part) => report.warning(locate(tree, path, part), path, message),
    names(path) {
      const node = nodeAt(tree, path);
      return node?.kind === "map" ? [...node.entries.keys()] : [];
    },
    written: (path) => nodeAt(tree, path) !== undefined,
    sound(path) {
      if (touched.has(key(path))) return false;
      for (let length = 1; length < path.length; length++)
        if (gone.has(key(path.slice(0, length)))) return false;
      return true;
    },
    suggest: (name, candidates) => (suggestions++ < MAX_SUGGESTIONS ? didYouMean(name, candidates) : ""),
    place: (path) => formatPlace(locate(tree, path, "key")),
  };
}

function key(path: Path): string {
  return path.join("\0");
}
