// Inserts a key's entry into the text of a configuration file: by position, so that every other line stays as it is.

import { isMap, type Pair, stringify, type YAMLMap } from "yaml";
import {
  afterComments,
  applyTextEdits,
  indentAt,
  insertLines,
  lineEndOf,
  nextLine,
  type TextEdit,
} from "../text-lines.ts";
import {
  type Change,
  contentEnd,
  differsByKey,
  isNull,
  type KeyDocument,
  keysPair,
  nameOf,
  parseText,
  rangeOf,
} from "./document.ts";

/** What is put under `keys:`. */
interface Entry {
  readonly name: string;
  readonly hash: string;
}

/** How deep one level is indented where the file itself does not show it. */
const DEFAULT_STEP = 2;

/** Names in the `keys:` section of this one text, includes not counted; empty where it cannot be parsed. */
export function keyNames(text: string): readonly string[] {
  const doc = parseText(text);
  const keys = doc === undefined ? undefined : keysPair(doc)?.value;
  return isMap(keys) ? keys.items.map(nameOf) : [];
}

/** `NAME:` and, below it, `hash: …`, indented as under a `keys:` that begins its line. */
export function entryLines(entry: Entry): string {
  return blockEntry(entry, DEFAULT_STEP, DEFAULT_STEP, "\n");
}

/**
 * Adds `NAME: {hash: HASH}` under `keys:`, in the style and with the indentation and line ends of its neighbours;
 * `keys:` itself is appended where it is absent. The result is parsed again and must differ by the entry alone.
 */
export function insertKey(text: string, entry: Entry): Change {
  const doc = parseText(text);
  if (doc === undefined) return { refusal: "the file is not valid YAML" };
  const edits = planEdits(text, doc, entry);
  if (edits === undefined) return { refusal: "the file has no map that the entry could go into" };
  const result = applyTextEdits(text, edits);
  if (!differsByKey(doc, result, entry.name, () => new Map([["hash", entry.hash]])))
    return { refusal: "more of the file than its keys would change" };
  return { text: result };
}

/** The edits for the place at hand; undefined where there is none. */
function planEdits(text: string, doc: KeyDocument, entry: Entry): readonly TextEdit[] | undefined {
  const root = doc.contents;
  if (root === null || isNull(root)) return [appendSection(text, text.length, 0, entry)];
  if (!isMap(root)) return undefined;
  const pair = keysPair(doc);
  const item = flowItem(entry, root.flow === true);
  if (pair === undefined) {
    if (root.flow) return fillFlow(text, root, `"keys": { ${item} }`);
    return [appendSection(text, endOfDocument(text, doc), indentAt(text, root.range[0]), entry)];
  }
  const keys = pair.value;
  if (isMap(keys) && (keys.items.length > 0 || root.flow)) {
    return keys.flow ? fillFlow(text, keys, item) : [extendBlock(text, root, keys, entry)];
  }
  return !root.flow && (isMap(keys) || isNull(keys)) ? beginBlock(text, root, pair, entry) : undefined;
}

/** `keys:` with its first entry, at the end of the document. */
function appendSection(text: string, at: number, indent: number, entry: Entry): TextEdit {
  const eol = lineEndOf(text);
  const gap = /\n\r?\n/.test(text) && !/\n\r?\n$/.test(text.slice(0, at)) ? eol : "";
  const lines = `${gap}${" ".repeat(indent)}keys:${eol}${blockEntry(entry, indent + DEFAULT_STEP, DEFAULT_STEP, eol)}`;
  return insertLines(text, at, lines);
}

/** The first entry below a `keys:` that holds nothing: an explicit `{}`, `null` or `~` is taken out. */
function beginBlock(text: string, root: YAMLMap, pair: Pair, entry: Entry): readonly TextEdit[] | undefined {
  const [keyRange, valueRange] = [rangeOf(pair.key), rangeOf(pair.value)];
  if (keyRange === undefined || valueRange === undefined) return undefined;
  const line = nextLine(text, keyRange[0]);
  if (valueRange[1] > line) return undefined;
  const indent = indentAt(text, keyRange[0]);
  const step = stepBelow(text, root) ?? DEFAULT_STEP;
  const lines = blockEntry(entry, indent + step, step, lineEndOf(text));
  const below = insertLines(text, afterComments(text, line, indent + 1), lines);
  if (valueRange[0] === valueRange[1]) return [below];
  const start = text.slice(0, valueRange[0]).trimEnd().length;
  return [{ start, end: valueRange[1], text: "" }, below];
}

/** A further entry after the last one of a block map, and after the comments that belong to it. */
function extendBlock(text: string, root: YAMLMap, keys: YAMLMap, entry: Entry): TextEdit {
  const last = keys.items.at(-1);
  const indent = indentAt(text, rangeOf(last?.key)?.[0] ?? 0);
  const step = stepBelow(text, keys) ?? stepBelow(text, root) ?? DEFAULT_STEP;
  const eol = lineEndOf(text);
  const oneLine = isMap(last?.value) && last.value.flow === true;
  const lines = oneLine
    ? `${" ".repeat(indent)}${flowItem(entry, false)}${eol}`
    : blockEntry(entry, indent, step, eol);
  const end = text.slice(0, contentEnd(last)).trimEnd().length;
  return insertLines(text, afterComments(text, nextLine(text, end), indent), lines);
}

/** A further item in `{ … }`: on its own line where the last one has one. */
function fillFlow(text: string, map: YAMLMap, item: string): readonly TextEdit[] | undefined {
  const range = rangeOf(map);
  if (range === undefined) return undefined;
  const [open, close] = [range[0], range[1] - 1];
  const last = map.items.at(-1);
  if (last === undefined) {
    const blank = text.slice(open + 1, close).trim() === "";
    return blank ? [{ start: open + 1, end: close, text: ` ${item} ` }] : undefined;
  }
  const end = contentEnd(last);
  const comma = /^\s*,/.exec(text.slice(end, close));
  const after = end + (comma?.[0].length ?? 0);
  const line = nextLine(text, after);
  const lastStart = rangeOf(last.key)?.[0] ?? open;
  if (line > close || nextLine(text, open) === nextLine(text, lastStart)) {
    return [{ start: end, end, text: `, ${item}` }];
  }
  const ended = { start: end, end, text: comma === null ? "," : "" };
  const lines = `${" ".repeat(indentAt(text, lastStart))}${item}${comma === null ? "" : ","}${lineEndOf(text)}`;
  return [ended, insertLines(text, line, lines)];
}

function blockEntry(entry: Entry, indent: number, step: number, eol: string): string {
  const lines = stringify({ [entry.name]: { hash: entry.hash } }, { indent: step, lineWidth: 0 }).trimEnd();
  return lines.replaceAll(/^(.*)$\n?/gm, (_, line) => `${" ".repeat(indent)}${line}${eol}`);
}

function flowItem(entry: Entry, asJson: boolean): string {
  if (asJson) return `${JSON.stringify(entry.name)}: { "hash": ${JSON.stringify(entry.hash)} }`;
  const map = stringify({ [entry.name]: { hash: entry.hash } }, { collectionStyle: "flow", lineWidth: 0 });
  return map.trim().slice(1, -1).trim();
}

/** How much deeper the values of this block map begin; undefined where none is a block map itself. */
function stepBelow(text: string, map: YAMLMap): number | undefined {
  for (const pair of map.items) {
    const inner = isMap(pair.value) && !pair.value.flow ? pair.value.items[0]?.key : undefined;
    const [outerRange, innerRange] = [rangeOf(pair.key), rangeOf(inner)];
    if (outerRange === undefined || innerRange === undefined) continue;
    const step = indentAt(text, innerRange[0]) - indentAt(text, outerRange[0]);
    if (step > 0) return step;
  }
  return undefined;
}

function endOfDocument(text: string, doc: KeyDocument): number {
  const from = doc.contents?.range[1] ?? 0;
  const marker = /^\.\.\.[ \t\r]*$/m.exec(text.slice(from));
  return marker === null ? text.length : from + marker.index;
}
