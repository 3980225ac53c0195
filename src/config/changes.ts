// What differs between two configurations, by name: for the log, and for whoever wants to know who changed what.

import { isDeepStrictEqual } from "node:util";
import { formatPath } from "./problem.ts";
import type { Config } from "./schema.ts";
import { isValues } from "./shape.ts";

/** Names such as `keys.alice`, `server.max_body`, `include`; never a value. */
export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** The maps of names that stand within a section. */
const INNER_MAPS: readonly string[] = ["pricing.models"];

/** Compares section by section, and within a section name by name. */
export function changesBetween(before: Config, after: Config): Changes {
  const changes: Found = { added: [], removed: [], changed: [] };
  compareMembers([], before, after, changes);
  return changes;
}

type Found = { readonly [kind in keyof Changes]: string[] };

function compareMembers(path: readonly string[], before: object, after: object, changes: Found): void {
  const old = new Map<string, unknown>(Object.entries(before));
  const fresh = new Map<string, unknown>(Object.entries(after));
  for (const name of new Set([...old.keys(), ...fresh.keys()])) {
    const here = [...path, name];
    const was = old.get(name);
    const is = fresh.get(name);
    // Sections are looked into: a name says more than the section it stands in.
    const isLookedInto = path.length === 0 || INNER_MAPS.includes(here.join("."));
    if (isLookedInto && isValues(was) && isValues(is)) compareMembers(here, was, is, changes);
    else if (was === undefined && is === undefined) continue;
    else if (was === undefined) changes.added.push(formatPath(here));
    else if (is === undefined) changes.removed.push(formatPath(here));
    else if (!isDeepStrictEqual(was, is)) changes.changed.push(formatPath(here));
  }
}
