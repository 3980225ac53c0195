// Between document and interpolation: the file and everything it includes become one tree.

import { realpathSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { didYouMean } from "../lib/did-you-mean.ts";
import { compileGlob } from "../lib/glob.ts";
import { decodeUtf8 } from "../lib/utf8.ts";
import { type Parsed, parseDocument } from "./document.ts";
import type { Files } from "./files.ts";
import type { Interpolator } from "./interpolate.ts";
import { createMerge, NAMED_MAP_NAMES, namesIn, roleOf } from "./merge.ts";
import { isNotYet, notYetMessage } from "./not-yet.ts";
import { formatPath, type Report, shortName } from "./problem.ts";
import type { MapNode, Path, Place } from "./tree.ts";

export interface Reading {
  readonly files: Files;
  readonly report: Report;
  readonly interpolator: Interpolator;
  /** Paths of the settings a main file may have: what of them stands in an included file is misplaced, not unknown. */
  readonly settings: readonly string[];
}

export interface Merged {
  /** Undefined when the main file could not be read. */
  readonly root: MapNode | undefined;
  /** Whether all files were read: if not, names may be missing. */
  readonly complete: boolean;
}

/** A file to read, and what led to it. */
interface Visit {
  /** As problems show it. */
  readonly name: string;
  readonly absolute: string;
  readonly parent: Visit | undefined;
  /** The `include` entry that names it. */
  readonly place: Place | undefined;
  readonly path: Path;
}

/** Reads the main file (or `text`, where it came from standard input) and everything it includes. */
export function readTree(path: string, text: string | undefined, reading: Reading): Merged {
  const absolute = resolve(path === "-" ? "standard-input" : path);
  const main: Visit = { name: path, absolute, parent: undefined, place: undefined, path: [] };
  const parsed = createOpener(reading)(main, text);
  if (parsed === undefined || parsed.root === "broken") return { root: undefined, complete: false };
  const { root, source } = parsed;
  if (root === "empty" || root.kind !== "map") {
    const problem =
      root === "empty" ? "the file is empty" : "the file must hold settings, such as `providers:`";
    reading.report.error({ source, offset: 0 }, [], problem);
    return { root: undefined, complete: false };
  }
  return readIncluded(main, root, reading);
}

/** Reads what the main file includes, files within files first to last, each once. */
function readIncluded(main: Visit, root: MapNode, reading: Reading): Merged {
  const { report } = reading;
  const open = createOpener(reading, 1);
  const merge = createMerge(report);
  const identityOf = createIdentities();
  const done = new Set<string>();
  let complete = true;

  function visitAll(parent: Visit, tree: MapNode): void {
    const { visits, known } = includesOf(parent, tree, reading);
    complete &&= known;
    for (const visit of visits) {
      const identity = identityOf(visit.absolute);
      if (reportLoop(visit, identityOf, report) || done.has(identity)) continue;
      done.add(identity);
      const parsed = open(visit, undefined);
      const included = parsed === undefined ? undefined : includedTree(parsed, reading);
      if (included === undefined) complete = false;
      else {
        merge.add(included);
        visitAll(visit, included);
      }
    }
  }

  merge.add(root);
  visitAll(main, root);
  return { root: merge.into(root), complete };
}

/** Reads and parses files, numbering them. What cannot be read is reported where it was asked for. */
function createOpener(
  reading: Reading,
  firstOrder = 0,
): (visit: Visit, text: string | undefined) => Parsed | undefined {
  const { files, report } = reading;
  let order = firstOrder;
  return (visit, text) => {
    const origin = { name: visit.name, folder: dirname(visit.absolute), order: order++ };
    const result = text === undefined ? files.read(visit.absolute) : files.take(text);
    if (!result.ok) {
      const place = visit.place ?? placeIn(origin, 1, 1);
      const subject = visit.place === undefined ? "the file" : `the file ${shortName(visit.name)}`;
      report.error(place, visit.path, `${subject} cannot be read: ${result.reason}`);
      return undefined;
    }
    const decoded = decodeUtf8(result.bytes);
    if (decoded.ok) return parseDocument(decoded.text, origin, report);
    report.error(placeIn(origin, decoded.line, decoded.column), [], decoded.reason);
    return undefined;
  };
}

/** A place in a file that could not be parsed. */
function placeIn(
  origin: { name: string; folder: string; order: number },
  line: number,
  column: number,
): Place {
  return { source: { ...origin, position: () => ({ line, column }) }, offset: 0 };
}

/** An included file's tree, after reporting what may stand in a main file only. Undefined when it is broken. */
function includedTree({ root, source }: Parsed, { report, settings }: Reading): MapNode | undefined {
  if (root === "broken") return undefined;
  if (root === "empty") return { kind: "map", place: { source, offset: 0 }, entries: new Map(), size: 0 };
  if (root.kind !== "map") {
    report.error(root.place, [], `an included file must hold ${NAMED_MAP_NAMES.join(", ")}`);
    return undefined;
  }
  reportMisplaced(root, [], { report, settings });
  return root;
}

function reportMisplaced(map: MapNode, parent: Path, reading: Pick<Reading, "report" | "settings">): void {
  for (const [name, { key, value }] of map.entries) {
    const path = [...parent, name];
    const role = roleOf(path);
    if (role === "map" || (parent.length === 0 && (name === "include" || name.startsWith("x-")))) continue;
    if (role === "other") reading.report.error(key, path, misplaced(path, reading.settings));
    else if (value.kind === "map") reportMisplaced(value, path, reading);
    else reading.report.error(value.place, path, "must be a map of settings");
  }
}

function misplaced(path: Path, settings: readonly string[]): string {
  const setting = formatPath(path);
  const name = String(path[path.length - 1]);
  if (isNotYet(setting)) return notYetMessage(setting);
  if (settings.includes(setting))
    return `belongs into the main file: an included file may hold ${NAMED_MAP_NAMES.join(", ")}`;
  return `unknown key${didYouMean(name, namesIn(path.slice(0, -1)))}`;
}

/** What a file includes. `known` is false when an entry cannot be told. */
function includesOf(parent: Visit, tree: MapNode, reading: Reading): { visits: Visit[]; known: boolean } {
  const list = tree.entries.get("include")?.value;
  const visits: Visit[] = [];
  let known = true;
  if (list?.kind !== "list") return { visits, known };
  list.items.forEach((item, i) => {
    const path = ["include", i];
    if (item.kind !== "scalar") return;
    const { value, origin, place } = reading.interpolator.scalar(item, path);
    if (typeof value !== "string" || value === "" || origin === "missing") {
      known = false;
      return;
    }
    for (const found of expand(value, dirname(parent.absolute), reading.files)) {
      const name = isAbsolute(found) ? found : join(dirname(parent.name), found);
      visits.push({ name, absolute: resolve(dirname(parent.absolute), found), parent, place, path });
    }
  });
  return { visits, known };
}

function reportLoop(visit: Visit, identityOf: (path: string) => string, report: Report): boolean {
  const identity = identityOf(visit.absolute);
  const names = [visit.name];
  for (let at = visit.parent; at !== undefined; at = at.parent) {
    names.unshift(at.name);
    if (identityOf(at.absolute) !== identity) continue;
    if (visit.place !== undefined)
      report.error(visit.place, visit.path, `the file includes itself: ${names.map(shortName).join(" → ")}`);
    return true;
  }
  return false;
}

/** What a path is once symbolic links are followed, so that one file under two names is one file. */
function createIdentities(): (absolute: string) => string {
  const known = new Map<string, string>();
  return (absolute) => {
    const identity = known.get(absolute) ?? realPath(absolute);
    known.set(absolute, identity);
    return identity;
  };
}

function realPath(absolute: string): string {
  try {
    return realpathSync(absolute);
  } catch {
    return absolute;
  }
}

/** The files that a pattern names, sorted; `*` is any run of characters within a name, but not at its leading dot. */
function expand(pattern: string, folder: string, files: Files): string[] {
  if (!pattern.includes("*")) return [pattern];
  let found = [isAbsolute(pattern) ? "/" : ""];
  let searching = false;
  for (const segment of pattern.split("/").filter((part) => part !== "")) {
    searching ||= segment.includes("*");
    found = searching
      ? found.flatMap((base) => matches(base, segment, folder, files))
      : found.map((base) => join(base, segment));
  }
  return found;
}

function matches(base: string, segment: string, folder: string, files: Files): string[] {
  const fits = compileGlob(segment);
  const names = files.names(resolve(folder, base)) ?? [];
  return names
    .filter((name) => fits(name) && (!name.startsWith(".") || segment.startsWith(".")))
    .map((name) => join(base, name));
}
