// Changes single members of a JSON object in its bytes; every byte that is not replaced stays as it was.

import type { Member, TopLevel } from "./json-scan.ts";

/** Puts `text` in place of the bytes [start, end); start = end inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Sets a member to a JSON value: in place when it is there, as the first member when not. Only one member at a time can
 * be put into an object that has none.
 */
export function setMember(top: TopLevel, key: string, json: string): Edit {
  const member = memberOf(top, key);
  if (member !== undefined) return { start: member.start, end: member.end, text: json };
  const comma = top.members.length > 0 ? "," : "";
  return { start: top.bodyStart, end: top.bodyStart, text: `${JSON.stringify(key)}:${json}${comma}` };
}

/** The member of that name at the top level. */
export function memberOf(top: TopLevel, key: string): Member | undefined {
  return top.members.find((member) => member.key === key);
}

/** The bytes with all edits made. Edits must not overlap; two insertions at one place keep their order. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(from, edit.start), Buffer.from(edit.text, "utf8"));
    from = edit.end;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}
