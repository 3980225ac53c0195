// Reads single members of native bodies by their place, so that nothing an answer says inside can pass for them.

import { asBuffer } from "../lib/as-buffer.ts";
import { scanTopLevel, type TopLevel } from "../lib/json-scan.ts";
import { type JsonRecord, parseJson } from "../lib/json-value.ts";

/** The named top-level members of a JSON object, parsed; an empty record when the bytes are no JSON object. */
export function topMembers(body: Uint8Array, names: readonly string[]): JsonRecord {
  const text = asBuffer(body).toString("latin1");
  const found: JsonRecord = {};
  for (const { key, start, end } of scan(text)?.members ?? [])
    if (names.includes(key)) found[key] = parseLatin1(text, start, end);
  return found;
}

/**
 * Every value that stands below these keys, outermost first, each with the spellings that count as the same; more than
 * one where a key is repeated. `text` is Latin-1 text of UTF-8 bytes, as for {@link scanTopLevel}.
 */
export function valuesBelow(text: string, top: TopLevel, path: readonly (readonly string[])[]): unknown[] {
  const [names = [], ...inner] = path;
  const members = top.members.filter(({ key }) => names.includes(key));
  if (inner.length === 0) return members.map(({ start, end }) => parseLatin1(text, start, end));
  return members.flatMap(({ start, end }) => {
    const nested = text.slice(start, end);
    const below = scan(nested);
    return below === undefined ? [] : valuesBelow(nested, below, inner);
  });
}

function scan(text: string): TopLevel | undefined {
  try {
    return scanTopLevel(text);
  } catch {
    return undefined;
  }
}

function parseLatin1(text: string, start: number, end: number): unknown {
  return parseJson(Buffer.from(text.slice(start, end), "latin1").toString("utf8"));
}
