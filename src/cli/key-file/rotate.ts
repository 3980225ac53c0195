// Puts a new digest before a key's old ones in the text of a configuration file, and touches nothing but that entry.

import { isAlias, isMap, isScalar, isSeq, type Pair, type Scalar, stringify, type YAMLSeq } from "yaml";
import { applyTextEdits, lineEndOf, nextLine, type TextEdit } from "../text-lines.ts";
import {
  type Change,
  contentEnd,
  differsByKey,
  type KeyDocument,
  keysPair,
  pairNamed,
  parseText,
  rangeOf,
} from "./document.ts";

export interface Rotation {
  readonly name: string;
  /** The new digest, `sha256:…`. */
  readonly hash: string;
  /** What becomes of the digests that the entry holds, in its order. */
  readonly old: readonly OldDigest[];
}

export interface OldDigest {
  readonly hash: string;
  /** Until when it is still accepted, RFC 3339; undefined: it is taken out. */
  readonly until: string | undefined;
}

type Edits = readonly TextEdit[] | { readonly refusal: string };

const REFUSALS = {
  yaml: "the file is not valid YAML",
  entry: "it has no entry of that name with a hash of its own",
  unexpected: "the hashes of the entry are not written out in it",
  comment: "its list of hashes has comments within brackets",
  more: "more of the file than this key would change",
} as const;

/** `NAME:` and, below it, what takes the place of its `hash` or `hashes`. */
export function rotatedLines(rotation: Rotation): string {
  const name = stringify({ [rotation.name]: {} }, { lineWidth: 0 }).replace(/ \{\}\n$/, "");
  return `  ${name}\n    ${settingText(rotation, false)}\n`;
}

/**
 * Makes `hash: OLD` into `hashes: [NEW, {hash: OLD, until: TIME}]`; an existing list of hashes gets the new one in
 * front, ends for the others, and loses those that are to be taken out. The result is parsed again and must differ by
 * that alone.
 */
export function rotateKey(text: string, rotation: Rotation): Change {
  const doc = parseText(text);
  if (doc === undefined) return { refusal: REFUSALS.yaml };
  const pair = digestsPair(doc, rotation.name);
  if (pair === undefined) return { refusal: REFUSALS.entry };
  const edits = planEdits(text, pair, rotation);
  if ("refusal" in edits) return edits;
  const result = applyTextEdits(text, edits);
  const rotated = (entry: Map<unknown, unknown>) => rotatedEntry(entry, rotation, isSeq(pair.value));
  return differsByKey(doc, result, rotation.name, rotated) ? { text: result } : { refusal: REFUSALS.more };
}

function digestsPair(doc: KeyDocument, name: string): Pair | undefined {
  const keys = keysPair(doc)?.value;
  const entry = isMap(keys) ? pairNamed(keys, name)?.value : undefined;
  if (!isMap(entry)) return undefined;
  return pairNamed(entry, "hash") ?? pairNamed(entry, "hashes");
}

function planEdits(text: string, pair: Pair, rotation: Rotation): Edits {
  const { value } = pair;
  if (isScalar(value)) return editHash(text, pair, value, rotation);
  if (!isSeq(value) || value.items.length !== rotation.old.length) return { refusal: REFUSALS.unexpected };
  const known = value.items.every((item, i) => digestOf(item) === rotation.old[i]?.hash);
  if (!known) return { refusal: REFUSALS.unexpected };
  return value.flow ? editBrackets(text, pair, value, rotation) : editBlock(text, value, rotation);
}

/** The digest of an entry of `hashes`: a text, or a map with a text. */
function digestOf(item: unknown): unknown {
  if (isScalar(item)) return item.value;
  const hash = isMap(item) ? pairNamed(item, "hash")?.value : undefined;
  return isScalar(hash) ? hash.value : undefined;
}

function editHash(text: string, pair: Pair, value: Scalar, rotation: Rotation): Edits {
  const [old] = rotation.old;
  const [keyRange, valueRange] = [rangeOf(pair.key), rangeOf(value)];
  if (old === undefined || value.value !== old.hash || keyRange === undefined || valueRange === undefined)
    return { refusal: REFUSALS.unexpected };
  const quoted = text[keyRange[0]] === '"';
  if (old.until === undefined) {
    return [{ start: valueRange[0], end: valueRange[1], text: inQuotes(rotation.hash, quoted) }];
  }
  return [
    { start: keyRange[0], end: keyRange[1], text: inQuotes("hashes", quoted) },
    { start: valueRange[0], end: valueRange[1], text: listText(rotation, quoted) },
  ];
}

function editBrackets(text: string, pair: Pair, list: YAMLSeq, rotation: Rotation): Edits {
  const [start, end] = rangeOf(list) ?? [0, 0];
  if (text.slice(start, end).includes("#")) return { refusal: REFUSALS.comment };
  const quoted = text[rangeOf(pair.key)?.[0] ?? 0] === '"';
  const items = list.items.flatMap((item, i) => {
    const { hash, until } = rotation.old[i] ?? {};
    if (hash === undefined || until === undefined) return [];
    const range = rangeOf(item);
    return untilOf(item) === until && range !== undefined
      ? [text.slice(range[0], range[1])]
      : [endedText(hash, until, quoted)];
  });
  return [{ start, end, text: `[${[inQuotes(rotation.hash, quoted), ...items].join(", ")}]` }];
}

function editBlock(text: string, list: YAMLSeq, rotation: Rotation): Edits {
  const edits: TextEdit[] = [];
  for (const [i, item] of list.items.entries()) {
    const line = dashLine(text, item);
    const { hash, until } = rotation.old[i] ?? {};
    if (line === undefined || hash === undefined) return { refusal: REFUSALS.unexpected };
    const first = i === 0 ? `${line.dash}${rotation.hash}${lineEndOf(text)}` : "";
    if (until === undefined) {
      edits.push({ start: line.start, end: nextLine(text, contentEnd(item)), text: first });
    } else {
      if (i === 0) edits.push({ start: line.start, end: line.start, text: first });
      edits.push(...endItem(item, hash, until));
    }
  }
  return edits;
}

/** Where the line of a block list's entry begins, and what of it stands before the entry. */
function dashLine(
  text: string,
  item: unknown,
): { readonly start: number; readonly dash: string } | undefined {
  const at = rangeOf(item)?.[0];
  if (at === undefined || isAlias(item)) return undefined;
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const dash = text.slice(start, at);
  return /^ *- +$/.test(dash) ? { start, dash } : undefined;
}

/** Gives an entry that end, unless it has it. */
function endItem(item: unknown, hash: string, until: string): readonly TextEdit[] {
  if (untilOf(item) === until) return [];
  const own = isMap(item) ? pairNamed(item, "until")?.value : undefined;
  const range = rangeOf(own ?? item);
  if (range === undefined) return [];
  const text = own === undefined ? endedText(hash, until, false) : until;
  return [{ start: range[0], end: range[1], text }];
}

function untilOf(item: unknown): unknown {
  const until = isMap(item) ? pairNamed(item, "until")?.value : undefined;
  return isScalar(until) ? until.value : undefined;
}

/** `hash: NEW` where nothing old is left, else `hashes: […]`. */
function settingText(rotation: Rotation, quoted: boolean): string {
  const ended = rotation.old.some(({ until }) => until !== undefined);
  return ended ? `hashes: ${listText(rotation, quoted)}` : `hash: ${rotation.hash}`;
}

function listText({ hash, old }: Rotation, quoted: boolean): string {
  const items = old.flatMap((digest) =>
    digest.until === undefined ? [] : [endedText(digest.hash, digest.until, quoted)],
  );
  return `[${[inQuotes(hash, quoted), ...items].join(", ")}]`;
}

function endedText(hash: string, until: string, quoted: boolean): string {
  const [hashKey, untilKey] = [inQuotes("hash", quoted), inQuotes("until", quoted)];
  return `{${hashKey}: ${inQuotes(hash, quoted)}, ${untilKey}: ${inQuotes(until, quoted)}}`;
}

function inQuotes(text: string, quoted: boolean): string {
  return quoted ? JSON.stringify(text) : text;
}

/** What the entry means afterwards. */
function rotatedEntry(
  entry: Map<unknown, unknown>,
  { hash, old }: Rotation,
  wasList: boolean,
): Map<unknown, unknown> {
  const items = old.flatMap((digest) =>
    digest.until === undefined
      ? []
      : [
          new Map([
            ["hash", digest.hash],
            ["until", digest.until],
          ]),
        ],
  );
  entry.delete("hash");
  entry.delete("hashes");
  if (wasList || items.length > 0) entry.set("hashes", [hash, ...items]);
  else entry.set("hash", hash);
  return entry;
}
