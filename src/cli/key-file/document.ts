// What changing a key's entry by position needs to know of a YAML text: where its nodes stand, and what it means.

import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";

/** The new text, or why there is none. */
export type Change = { readonly text: string } | { readonly refusal: string };

export type KeyDocument = Document.Parsed;

/** The text as YAML; undefined where it is none. */
export function parseText(text: string): KeyDocument | undefined {
  // Finding doubled keys takes time that grows with their square, and loading the configuration has found them.
  const doc = parseDocument(text, { merge: true, uniqueKeys: false, prettyErrors: false });
  return doc.errors.length === 0 ? doc : undefined;
}

/** `keys:` and what stands behind it. */
export function keysPair(doc: KeyDocument): Pair | undefined {
  return isMap(doc.contents) ? pairNamed(doc.contents, "keys") : undefined;
}

/** The setting of that name, written in the map itself and not merged into it. */
export function pairNamed(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && nameOf(pair) === name);
}

/** The name of an entry, as text; empty where it is none. */
export function nameOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "";
}

/** Start, end and end with what belongs to it, of whatever has a place in the text. */
export function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return isNode(node) ? (node.range ?? undefined) : undefined;
}

/** Offset after the last character of a node or pair, without the comments that follow it. */
export function contentEnd(node: unknown): number {
  if (isPair(node)) return contentEnd(rangeOf(node.value) === undefined ? node.key : node.value);
  if (isCollection(node) && !node.flow && node.items.length > 0) return contentEnd(node.items.at(-1));
  return rangeOf(node)?.[1] ?? 0;
}

export function isNull(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

/**
 * Whether the text `result` means what `before` means, but for the entry of one key, which means what `entryAfter`
 * makes of what it meant.
 */
export function differsByKey(
  before: KeyDocument,
  result: string,
  name: string,
  entryAfter: (entry: Map<unknown, unknown>) => Map<unknown, unknown>,
): boolean {
  const after = parseText(result);
  if (after === undefined) return false;
  try {
    const wanted = toMap(before);
    const keys = mapOr(wanted.get("keys"));
    wanted.set("keys", keys.set(name, entryAfter(mapOr(keys.get(name)))));
    return Bun.deepEquals(toMap(after), wanted, true);
  } catch {
    // Aliases that expand without measure: nothing to build upon.
    return false;
  }
}

function toMap(doc: KeyDocument): Map<unknown, unknown> {
  return mapOr(doc.toJS({ mapAsMap: true }));
}

/** A copy, so that what an alias shares with others is not changed with it. */
function mapOr(value: unknown): Map<unknown, unknown> {
  return new Map(value instanceof Map ? value : []);
}
