// Decodes text files strictly, saying where and why a file is none.

export type Decoded =
  | { readonly ok: true; readonly text: string }
  /** 1-based place of the first byte that is no text, and what the file seems to be. */
  | { readonly ok: false; readonly reason: string; readonly line: number; readonly column: number };

/** UTF-8 to text, without a byte order mark. NUL counts as binary. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { ok: false, reason: "the file is UTF-16: save it as UTF-8", line: 1, column: 1 };
  const nul = bytes.indexOf(0);
  if (nul >= 0) return { ok: false, reason: "the file is binary, not text", ...placeOf(bytes, nul) };
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { ok: false, reason: "the file is not valid UTF-8", ...placeOf(bytes, firstInvalid(bytes)) };
  }
}

function placeOf(bytes: Uint8Array, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = bytes.indexOf(10); at >= 0 && at < offset; at = bytes.indexOf(10, at + 1)) {
    line += 1;
    start = at + 1;
  }
  return { line, column: new TextDecoder().decode(bytes.subarray(start, offset)).length + 1 };
}

/** Offset of the first character that is none: the longest valid beginning, found by halving. */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValid(bytes.subarray(0, middle), true)) valid = middle;
    else invalid = middle;
  }
  // A character that was begun may be what is wrong.
  while (valid > 0 && !isValid(bytes.subarray(0, valid), false)) valid -= 1;
  return valid;
}

/** `stream`: the last character may be incomplete. */
function isValid(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}
