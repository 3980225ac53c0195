// Turns the YAML library's nodes into a tree of ours: aliases become the very node they name, `<<` is merged, and
// nothing of YAML that can hurt gets through.

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from "yaml";
import { formatPlace, type Report } from "./problem.ts";
import type { Entry, Node, Path, Place, ScalarNode, Source } from "./tree.ts";

/** What aliases may make of a file: so many times its own size, and never more than so many characters. */
const MAX_EXPANSION = 100;
const MAX_EXPANDED_CHARS = 64 * 2 ** 20;
const MAX_DEPTH = 64;
/** Steps of a path shown where the path itself may be endless. */
const SHOWN_STEPS = 4;

interface Building {
  readonly source: Source;
  readonly report: Report;
  /** Size from which a node is an alias bomb. */
  readonly limit: number;
  /** Nodes by the anchor that stood last; `open` while the node is being built. */
  readonly anchors: Map<string, Node | "open">;
  isBlown: boolean;
}

/** The tree of a document of `chars` characters; undefined when aliases blow it up, which is reported. */
export function buildTree(root: ParsedNode, chars: number, source: Source, report: Report): Node | undefined {
  const limit = Math.min(MAX_EXPANSION * chars, MAX_EXPANDED_CHARS);
  const building: Building = { source, report, limit, anchors: new Map(), isBlown: false };
  const tree = build(root, [], building);
  return building.isBlown ? undefined : tree;
}

function build(node: ParsedNode, path: Path, building: Building): Node {
  if (isAlias(node)) return resolveAlias(node.source, placeOf(node, building), path, building);
  const { anchor } = node;
  if (anchor !== undefined) building.anchors.set(anchor, "open");
  const built = buildPlain(node, path, building);
  if (anchor !== undefined) building.anchors.set(anchor, built);
  return built;
}

function buildPlain(node: ParsedNode, path: Path, building: Building): Node {
  const place = placeOf(node, building);
  if (path.length > MAX_DEPTH) {
    building.report.error(place, path.slice(0, SHOWN_STEPS), `is nested more than ${MAX_DEPTH} levels deep`);
    return nothing(place);
  }
  if (isMap(node)) return buildMap(node as YAMLMap.Parsed, path, building);
  if (isSeq(node)) {
    const items = node.items.map((item, i) => build(item as ParsedNode, [...path, i], building));
    const size = items.reduce((sum, item) => sum + item.size + 2, 2);
    return withinLimit({ kind: "list", place, items, size }, path, building);
  }
  if (!isScalar(node)) return nothing(place);
  const [start, end] = node.range;
  const value = scalarValue(node.value);
  const origin = value === null && start === end ? "empty" : "written";
  return { kind: "scalar", place, value, origin, size: end - start + 2 };
}

/** Refuses what aliases have blown up, before anything is made of it. */
function withinLimit(node: Node, path: Path, building: Building): Node {
  if (node.size <= building.limit) return node;
  const message = `aliases make this file more than ${MAX_EXPANSION} times larger than it is`;
  if (!building.isBlown) building.report.error(node.place, path.slice(0, SHOWN_STEPS), message);
  building.isBlown = true;
  return nothing(node.place);
}

function resolveAlias(name: string, place: Place, path: Path, building: Building): Node {
  const target = building.anchors.get(name);
  if (target !== undefined && target !== "open") return target;
  const isText = /[*/]/.test(name) || name.startsWith(".");
  const hint = isText ? "; a text that begins with `*` must be put in quotes" : "";
  const message =
    target === "open"
      ? "the alias stands inside what it names"
      : `no anchor of this name stands before the alias${hint}`;
  building.report.error(place, path, message);
  return nothing(place);
}

function buildMap(node: YAMLMap.Parsed, path: Path, building: Building): Node {
  const entries = new Map<string, Entry>();
  const merges: (() => void)[] = [];
  for (const pair of node.items) {
    const key = pair.key as ParsedNode | null;
    const value = pair.value as ParsedNode | null;
    const name = keyName(key);
    const place = placeOf(key ?? node, building);
    if (name === undefined) building.report.error(place, path, "a key must be a plain text");
    else if (name === "<<" && isScalar(key) && key.type === "PLAIN" && value !== null) {
      const from = build(value, [...path, name], building);
      merges.push(() => merge(entries, from, place, path, building));
    } else addEntry(entries, { name, key: place, value }, path, building);
  }
  // What stands in the map itself wins, wherever the `<<` stands.
  for (const run of merges) run();
  let size = 2;
  for (const [name, entry] of entries) size += name.length + 2 + entry.value.size;
  return withinLimit({ kind: "map", place: placeOf(node, building), entries, size }, path, building);
}

function addEntry(
  entries: Map<string, Entry>,
  { name, key, value }: { name: string; key: Place; value: ParsedNode | null },
  parent: Path,
  building: Building,
): void {
  const path = [...parent, name];
  const first = entries.get(name);
  const built = value === null ? nothing(key, "empty") : build(value, path, building);
  if (first === undefined) entries.set(name, { key, value: built });
  else building.report.error(key, path, `duplicate key: first at ${formatPlace(first.key)}`);
}

function merge(entries: Map<string, Entry>, from: Node, place: Place, path: Path, building: Building): void {
  for (const map of from.kind === "list" ? from.items : [from]) {
    if (map.kind === "map") {
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
    } else if (map.kind === "list" || map.origin !== "missing") {
      const message = "can only merge settings, by an alias such as *name or a list of aliases";
      building.report.error(place, [...path, "<<"], message);
    }
  }
}

/** Stands in for what was reported, or for what is not there. */
function nothing(place: Place, origin: "missing" | "empty" = "missing"): ScalarNode {
  return { kind: "scalar", place, value: null, origin, size: 0 };
}

function placeOf(node: ParsedNode, { source }: Building): Place {
  return { source, offset: node.range[0] };
}

function scalarValue(value: unknown): ScalarNode["value"] {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return value === null || value === undefined ? null : String(value);
}

/** A key's name as written: `123` and `true` are names too. Undefined for keys that are lists, maps or aliases. */
function keyName(key: ParsedNode | null): string | undefined {
  if (key === null) return "";
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}
