// Finds one's way in a text by offsets: where lines begin and end, how deep they are indented, how they are ended.

const BOM = "\ufeff";

/** One change: `text` in place of the characters from `start` up to `end`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with all changes made; they must not overlap. */
export function applyTextEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const edit of edits.toSorted((a, b) => b.start - a.start)) {
    result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  }
  return result;
}

/** The line end that the text uses: that of its first line. */
export function lineEndOf(text: string): "\n" | "\r\n" {
  const first = text.indexOf("\n");
  return first > 0 && text[first - 1] === "\r" ? "\r\n" : "\n";
}

/** Spaces at the beginning of the line that holds the offset. */
export function indentAt(text: string, offset: number): number {
  let start = text.lastIndexOf("\n", offset - 1) + 1;
  if (start === 0 && text.startsWith(BOM)) start = 1;
  let at = start;
  while (text[at] === " ") at++;
  return at - start;
}

/** Offset of the first character after the line that holds the offset; the text's length on the last line. */
export function nextLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

/**
 * Steps from the beginning of a line over comments that are indented by at least `indent`, and over blank lines
 * between them.
 */
export function afterComments(text: string, lineStart: number, indent: number): number {
  let after = lineStart;
  for (let at = lineStart; at < text.length; at = nextLine(text, at)) {
    const line = text.slice(at, nextLine(text, at));
    const depth = line.search(/\S/);
    if (depth < 0) continue;
    if (line[depth] !== "#" || depth < indent) break;
    after = nextLine(text, at);
  }
  return after;
}

/** The edit that puts whole lines at the beginning of a line, or after a last line that nothing ends. */
export function insertLines(text: string, at: number, lines: string): TextEdit {
  const eol = lineEndOf(text);
  const unended = at === text.length && at > 0 && !text.endsWith("\n") && text !== BOM;
  return { start: at, end: at, text: unended ? `${eol}${lines.slice(0, -eol.length)}` : lines };
}
