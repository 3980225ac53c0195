// Reads JSON that a stranger wrote: bounded in depth, and without exceptions.

export type JsonRecord = Record<string, unknown>;

/** Deeper than any answer needs. Parsing thousands of levels is cheap, but serialising them again is quadratic. */
const MAX_DEPTH = 1000;

/** A text of fewer characters cannot hold that many closed levels. */
const SHALLOW_LENGTH = 2 * MAX_DEPTH;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a member; true when that changes anything. */
export function setMember(record: JsonRecord, key: string, value: unknown): boolean {
  if (record[key] === value) return false;
  record[key] = value;
  return true;
}

/** The value; undefined when the text is not JSON, or nested deeper than 1,000 levels. */
export function parseJson(text: string): unknown {
  if (text.length > SHALLOW_LENGTH && isDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Brackets outside strings, counted without judging the text. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = closingQuote(text, at);
      if (at < 0) return false;
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Offset of the quote that ends the string opened at `open`; -1 when it has no end. */
function closingQuote(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return -1;
    let before = at - 1;
    while (before > open && text.charCodeAt(before) === 0x5c) before--;
    if (((at - 1 - before) & 1) === 0) return at;
  }
}
