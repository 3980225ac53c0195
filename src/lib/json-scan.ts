// Reads the top level of a JSON object without building it, so that one member can be replaced and every other byte kept.

/** Where a top-level member stands. Offsets are bytes of the scanned body; `end` is exclusive. */
export interface Member {
  /** The key, unescaped. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

export interface TopLevel {
  readonly members: readonly Member[];
  /** Offset just behind the opening brace, where a first member can be inserted. */
  readonly bodyStart: number;
}

/** What is wrong with the text, for the caller to word; `offset` is in bytes. */
export class JsonScanError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.name = "JsonScanError";
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** Deeper than any request needs; re-serialising thousands of levels would block an event loop for seconds. */
const MAX_DEPTH = 1000;

/**
 * Scans a JSON object given as Latin-1 text of its UTF-8 bytes (`buffer.latin1Slice()`), so that offsets are bytes:
 * all structure is ASCII, and no byte of a multi-byte character is. The top level is checked whole; below it only
 * strings and the nesting of brackets are, and what stands between them is the receiver's to judge.
 *
 * @throws {JsonScanError} when the text is not one JSON object, or nested deeper than 1,000 levels
 */
export function scanTopLevel(text: string): TopLevel {
  const open = skipSpace(text, 0);
  if (text.charCodeAt(open) !== OPEN_BRACE) throw new JsonScanError("expected a JSON object", open);
  const members: Member[] = [];
  let at = skipSpace(text, open + 1);
  if (text.charCodeAt(at) === CLOSE_BRACE) {
    expectEnd(text, at + 1);
    return { members, bodyStart: open + 1 };
  }
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) throw new JsonScanError("expected a key in double quotes", at);
    const keyEnd = skipString(text, at);
    const key = decodeString(text, at, keyEnd);
    at = skipSpace(text, keyEnd);
    if (text.charCodeAt(at) !== COLON) throw new JsonScanError("expected a colon", at);
    const start = skipSpace(text, at + 1);
    const end = skipValue(text, start);
    members.push({ key, start, end });
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACE) break;
    if (code !== COMMA) throw new JsonScanError("expected a comma or a closing brace", at);
    at = skipSpace(text, at + 1);
  }
  expectEnd(text, at + 1);
  return { members, bodyStart: open + 1 };
}

/**
 * The text of a JSON string that stands at [start, end) of Latin-1 text made of UTF-8 bytes; undefined when another
 * kind of value stands there.
 *
 * @throws {JsonScanError} when its escapes are not JSON's
 */
export function stringAt(text: string, start: number, end: number): string | undefined {
  return text.charCodeAt(start) === QUOTE ? decodeString(text, start, end) : undefined;
}

function expectEnd(text: string, from: number): void {
  const at = skipSpace(text, from);
  if (at < text.length) throw new JsonScanError("unexpected text after the JSON object", at);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

/** From an opening quote to just behind the closing one. */
function skipString(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) throw new JsonScanError("unterminated string", open);
    let before = at - 1;
    // Bounded by the opening quote, so a run of backslashes is walked once per quote at most.
    while (before > open && text.charCodeAt(before) === BACKSLASH) before--;
    if (((at - 1 - before) & 1) === 0) return at + 1;
  }
}

function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  // Almost every key and model id is plain ASCII without escapes or control characters.
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(inner)) return inner;
  try {
    return JSON.parse(Buffer.from(text.slice(start, end), "latin1").toString("utf8")) as string;
  } catch {
    throw new JsonScanError("bad escape or control character in a string", start);
  }
}

function skipValue(text: string, start: number): number {
  switch (text.charCodeAt(start)) {
    case QUOTE:
      return skipString(text, start);
    case OPEN_BRACE:
    case OPEN_BRACKET:
      return skipContainer(text, start);
    default:
      return skipScalar(text, start);
  }
}

const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[\s,}\]]|$)/y;

function skipScalar(text: string, start: number): number {
  SCALAR.lastIndex = start;
  if (!SCALAR.test(text)) throw new JsonScanError("expected a value", start);
  return SCALAR.lastIndex;
}

function skipContainer(text: string, start: number): number {
  // One bit of nesting per level: which bracket closes it.
  const closers: number[] = [];
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      continue;
    }
    if (code === OPEN_BRACE) closers.push(CLOSE_BRACE);
    else if (code === OPEN_BRACKET) closers.push(CLOSE_BRACKET);
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (closers.pop() !== code) throw new JsonScanError("mismatched bracket", at);
      if (closers.length === 0) return at + 1;
    }
    if (closers.length > MAX_DEPTH) throw new JsonScanError(`nested deeper than ${MAX_DEPTH} levels`, at);
    at++;
  }
  throw new JsonScanError("unterminated object or array", start);
}
