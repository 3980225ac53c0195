// Counts tokens by the mock's one rule, a quarter of the UTF-8 bytes, and cuts texts into the pieces of a stream.

export const BYTES_PER_TOKEN = 4;

const LONGEST_UTF8_BYTES_PER_UNIT = 3;

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

export function tokensOf(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** The text's longest beginning of at most `maxTokens` tokens; no character is split. */
export function cutToTokens(text: string, maxTokens: number): string {
  const maxBytes = maxTokens * BYTES_PER_TOKEN;
  if (text.length * LONGEST_UTF8_BYTES_PER_UNIT <= maxBytes || utf8Bytes(text) <= maxBytes) return text;
  const bytes = Buffer.from(text, "utf8");
  let end = maxBytes;
  while (isContinuation(bytes[end])) end--;
  return bytes.toString("utf8", 0, end);
}

/** The text word by word, each with the white space before it; joined they are the text again. */
export function words(text: string): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let at = 1; at < text.length; at++) {
    if (isSpace(text.charCodeAt(at)) && !isSpace(text.charCodeAt(at - 1))) {
      pieces.push(text.slice(start, at));
      start = at;
    }
  }
  if (start < text.length) pieces.push(text.slice(start));
  return pieces;
}

/** The text in pieces of about `size` UTF-16 units; no character is split. */
export function slices(text: string, size: number): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = start + size;
    if (isHighSurrogate(text.charCodeAt(end - 1))) end++;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
