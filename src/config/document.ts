// First stage: the text of one file becomes a tree with positions; YAML 1.2, one document.

import { Composer, type Document, isScalar, LineCounter, Parser } from "yaml";
import { buildTree } from "./build-tree.ts";
import type { Report } from "./problem.ts";
import { syntaxMessage } from "./syntax.ts";
import type { Node, Source } from "./tree.ts";

/** One slip in indentation makes the parser stumble over many lines: what follows helps nobody. */
const MAX_SYNTAX_PROBLEMS = 20;

/** The file a text comes from. */
export type Origin = Omit<Source, "position">;

/** What a file holds: its tree, `empty` without any content, or `broken` when that was reported. */
export interface Parsed {
  readonly source: Source;
  readonly root: Node | "empty" | "broken";
}

/** Parses the text of one file, reporting all syntax errors. */
export function parseDocument(text: string, origin: Origin, report: Report): Parsed {
  const lines = new LineCounter();
  const source = createSource(origin, lines);
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    // Checked while building the tree: the library's own check takes quadratic time.
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: "silent",
  });
  const [document, second] = composer.compose(new Parser(lines.addNewLine).parse(text), true, text.length);
  if (document === undefined) return { source, root: "empty" };
  const before = report.errorCount();
  reportSyntax(document, text, source, report);
  if (second !== undefined) {
    const place = { source, offset: second.range[0] };
    report.error(place, [], "a second YAML document begins here: one file holds one");
  }
  if (report.errorCount() > before) return { source, root: "broken" };
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { source, root: "empty" };
  return { source, root: buildTree(contents, text.length, source, report) ?? "broken" };
}

function createSource(origin: Origin, lines: LineCounter): Source {
  return {
    ...origin,
    position(offset) {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
}

function reportSyntax(document: Document.Parsed, text: string, source: Source, report: Report): void {
  const lines = new Set<number>();
  for (const error of [...document.errors, ...document.warnings]) {
    const offset = error.pos[0];
    const { line } = source.position(offset);
    if (lines.has(line)) continue;
    lines.add(line);
    report.error({ source, offset }, [], syntaxMessage(error, text));
    // Once the parser has given up, the rest is about its own confusion.
    if (lines.size === MAX_SYNTAX_PROBLEMS || error.code === "RESOURCE_EXHAUSTION") return;
  }
}
