// Puts the named maps of several files together: every name once, wherever it stands.

import { formatPlace, type Report } from "./problem.ts";
import type { Entry, MapNode, Place } from "./tree.ts";

/** What an included file may hold: the maps whose names are the user's own. */
export const NAMED_MAPS: readonly string[] = ["providers", "models", "keys", "users", "workspaces"];

export interface Merge {
  /** Adds one file's map of that name; a name that is there already is reported with both places. */
  add(section: string, entry: Entry): void;
  /** The main file's tree with the maps put together, and without what stands under `x-…`. */
  into(root: MapNode): MapNode;
}

interface Section {
  readonly key: Place;
  readonly place: Place;
  readonly names: Map<string, Entry>;
}

export function createMerge(report: Report): Merge {
  const sections = new Map<string, Section>();

  function add(section: string, { key, value }: Entry): void {
    if (value.kind !== "map") {
      const isEmpty = value.kind === "scalar" && value.value === null;
      const problem = isEmpty
        ? "is empty: remove it or give it a value such as {}"
        : "must be a map of names and settings";
      report.error(isEmpty ? key : value.place, [section], problem);
      return;
    }
    const known = sections.get(section) ?? { key, place: value.place, names: new Map<string, Entry>() };
    sections.set(section, known);
    for (const [name, entry] of value.entries) {
      const first = known.names.get(name);
      if (first === undefined) known.names.set(name, entry);
      else report.error(entry.key, [section, name], `is already defined at ${formatPlace(first.key)}`);
    }
  }

  function into(root: MapNode): MapNode {
    const own = [...root.entries].filter(([name]) => !name.startsWith("x-") && !NAMED_MAPS.includes(name));
    const entries = new Map<string, Entry>(own);
    for (const [section, { key, place, names }] of sections)
      entries.set(section, { key, value: { kind: "map", place, entries: names, size: 0 } });
    return { ...root, entries };
  }

  return { add, into };
}
