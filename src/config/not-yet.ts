// Documented settings of later versions: refused by name, so that nobody relies on what is not there.

import type { Report } from "./problem.ts";
import type { Entry, MapNode, Node, Path } from "./tree.ts";

/** Paths of settings; `*` stands for any name. A version that brings one of them deletes its line. */
const NOT_YET = [
  "redaction",
  "cache",
  "tracing",
  "alerts",
  "providers.*.health",
  "providers.*.retries",
  "providers.*.stateful",
  "models.*.targets",
  "models.*.strategy",
  "models.*.fallback_on",
  "models.*.retries",
  "models.*.cache",
  "workspaces.*.tracing",
  "keys.*.cache",
];

/** Whether a top-level setting is one of a later version. */
export function isNotYet(name: string): boolean {
  return NOT_YET.includes(name);
}

export function notYetMessage(name: string): string {
  return `\`${name}\` is not in this version`;
}

/** Reports settings of later versions and returns the tree without them; what had nothing else is `gone` too. */
export function withoutNotYet(root: MapNode, report: Report, gone: Path[]): MapNode {
  return without(
    root,
    [],
    NOT_YET.map((path) => path.split(".")),
    { report, gone },
  );
}

interface Refusal {
  readonly report: Report;
  readonly gone: Path[];
}

function without(node: MapNode, path: Path, patterns: readonly string[][], refusal: Refusal): MapNode {
  const entries = new Map<string, Entry>();
  for (const [name, { key, value }] of node.entries) {
    const here = [...path, name];
    const matching = patterns.filter((pattern) => pattern[0] === "*" || pattern[0] === name);
    if (matching.some((pattern) => pattern.length === 1)) {
      refusal.report.error(key, here, notYetMessage(name));
      continue;
    }
    const rest = matching.map((pattern) => pattern.slice(1));
    const kept = descend(value, here, rest, refusal);
    if (kept === undefined) refusal.gone.push(here);
    else entries.set(name, { key, value: kept });
  }
  return { ...node, entries };
}

/** Undefined where nothing else was there: then there is nothing more to say about it. */
function descend(value: Node, path: Path, patterns: readonly string[][], refusal: Refusal): Node | undefined {
  if (value.kind !== "map" || patterns.length === 0 || value.entries.size === 0) return value;
  const kept = without(value, path, patterns, refusal);
  return kept.entries.size === 0 ? undefined : kept;
}
