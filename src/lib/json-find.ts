// Finds one object in JSON bytes by its key, without parsing the rest.

import { parseJson } from "./json-value.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Longer objects are not looked at: what is searched for here is small. */
const MAX_OBJECT_BYTES = 64 * 1024;

/**
 * Whether an object stands behind this key anywhere in the JSON. Inside a JSON string the quotes of such a key would
 * be escaped, so a hit is always structure.
 *
 * @param quotedKey the key with its quotes, as bytes: `Buffer.from('"usage"')`
 */
export function hasObject(json: Buffer, quotedKey: Buffer): boolean {
  for (let at = json.indexOf(quotedKey); at >= 0; at = json.indexOf(quotedKey, at + quotedKey.length)) {
    if (objectStart(json, at + quotedKey.length) >= 0) return true;
  }
  return false;
}

/** The object behind the last such key that has one, parsed; undefined when there is none of at most 64 KiB. */
export function findLastObject(json: Buffer, quotedKey: Buffer): unknown {
  let at = json.length;
  while (at > 0) {
    at = json.lastIndexOf(quotedKey, at - 1);
    if (at < 0) return undefined;
    const start = objectStart(json, at + quotedKey.length);
    const end = start < 0 ? -1 : objectEnd(json, start);
    const value = end < 0 ? undefined : parseJson(json.toString("utf8", start, end));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Offset of the brace behind a colon; -1 when something else stands there. */
function objectStart(json: Buffer, behindKey: number): number {
  const colon = skipSpace(json, behindKey);
  if (json[colon] !== COLON) return -1;
  const value = skipSpace(json, colon + 1);
  return json[value] === OPEN ? value : -1;
}

function objectEnd(json: Buffer, start: number): number {
  const limit = Math.min(json.length, start + MAX_OBJECT_BYTES);
  let depth = 0;
  let inString = false;
  for (let at = start; at < limit; at++) {
    const byte = json[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return at + 1;
  }
  return -1;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x09 || json[at] === 0x0a || json[at] === 0x0d) at++;
  return at;
}
