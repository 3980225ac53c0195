// Puts the named maps of several files together: every name once, wherever it stands.

import { formatPath, formatPlace, type Report } from "./problem.ts";
import type { Entry, MapNode, Path, Place } from "./tree.ts";

/** What an included file may hold: the maps whose names are the user's own, by their paths. */
const NAMED_MAPS: readonly (readonly string[])[] = [
  ["providers"],
  ["models"],
  ["keys"],
  ["users"],
  ["workspaces"],
  ["spend_policies"],
  ["rate_limits"],
  ["pricing", "models"],
];

/** The same for messages. */
export const NAMED_MAP_NAMES: readonly string[] = NAMED_MAPS.map(formatPath);

/** What may stand at a path of an included file: a named map itself, a section that holds one, or neither. */
export function roleOf(path: Path): "map" | "holder" | "other" {
  const text = formatPath(path);
  if (NAMED_MAP_NAMES.includes(text)) return "map";
  return NAMED_MAP_NAMES.some((name) => name.startsWith(`${text}.`)) ? "holder" : "other";
}

/** The names that may stand in a section of an included file. */
export function namesIn(section: Path): readonly string[] {
  const maps = NAMED_MAPS.filter((map) => section.every((step, i) => step === map[i]));
  return maps.flatMap((map) => map[section.length] ?? []);
}

export interface Merge {
  /** Adds one file's named maps; a name that is there already is reported with both places. */
  add(tree: MapNode): void;
  /** The main file's tree with the maps put together, and without what stands under `x-…`. */
  into(root: MapNode): MapNode;
}

interface Section {
  readonly path: readonly string[];
  /** Its first key, and those of the sections above it. */
  readonly keys: readonly Place[];
  readonly place: Place;
  readonly names: Map<string, Entry>;
}

export function createMerge(report: Report): Merge {
  const sections = new Map<string, Section>();

  function add(tree: MapNode): void {
    for (const path of NAMED_MAPS) {
      const entries = entriesAlong(tree, path);
      const last = entries?.at(-1);
      if (entries !== undefined && last !== undefined) addMap(path, entries, last);
    }
  }

  function addMap(path: readonly string[], entries: readonly Entry[], { key, value }: Entry): void {
    if (value.kind !== "map") {
      const isEmpty = value.kind === "scalar" && value.value === null;
      const problem = isEmpty
        ? "is empty: remove it or give it a value such as {}"
        : "must be a map of names and settings";
      report.error(isEmpty ? key : value.place, path, problem);
      return;
    }
    const section = formatPath(path);
    const known = sections.get(section) ?? {
      path,
      keys: entries.map((entry) => entry.key),
      place: value.place,
      names: new Map<string, Entry>(),
    };
    sections.set(section, known);
    for (const [name, entry] of value.entries) {
      const first = known.names.get(name);
      if (first === undefined) known.names.set(name, entry);
      else report.error(entry.key, [...path, name], `is already defined at ${formatPlace(first.key)}`);
    }
  }

  function into(root: MapNode): MapNode {
    const own = [...root.entries].filter(([name]) => !name.startsWith("x-"));
    let merged: MapNode = { ...root, entries: new Map(own) };
    for (const path of NAMED_MAPS) merged = withSection(merged, path, sections.get(formatPath(path)));
    return merged;
  }

  return { add, into };
}

/** The entries that lead to a path, itself the last; undefined where the tree does not go that far. */
function entriesAlong(tree: MapNode, path: Path): readonly Entry[] | undefined {
  const entries: Entry[] = [];
  let map: MapNode | undefined = tree;
  for (const step of path) {
    const entry: Entry | undefined = map?.entries.get(String(step));
    if (entry === undefined) return undefined;
    entries.push(entry);
    map = entry.value.kind === "map" ? entry.value : undefined;
  }
  return entries;
}

/** The tree with a section in place of the main file's own; without one where no file has it. */
function withSection(tree: MapNode, path: readonly string[], section: Section | undefined): MapNode {
  const [name, ...rest] = path;
  if (name === undefined) return tree;
  const entries = new Map<string, Entry>(tree.entries);
  const own = entries.get(name);
  if (rest.length > 0) {
    // What is no map, though maps belong into it, is left for the checks to say.
    if (own === undefined ? section === undefined : own.value.kind !== "map") return tree;
    const inner = own?.value.kind === "map" ? own.value : undefined;
    const key = own?.key ?? keyOf(section, rest.length, tree);
    const value = withSection(inner ?? emptyMap(section?.place ?? tree.place), rest, section);
    entries.set(name, { key, value });
  } else if (section === undefined) entries.delete(name);
  else
    entries.set(name, {
      key: keyOf(section, 0, tree),
      value: { kind: "map", place: section.place, entries: section.names, size: 0 },
    });
  return { ...tree, entries };
}

/** The key so many levels above a section's own. */
function keyOf(section: Section | undefined, above: number, tree: MapNode): Place {
  return section?.keys.at(-1 - above) ?? tree.place;
}

function emptyMap(place: Place): MapNode {
  return { kind: "map", place, entries: new Map(), size: 0 };
}
