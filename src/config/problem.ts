// What can be wrong with a configuration: the value that says so, how it is collected and printed.

import type { Path, Place } from "./tree.ts";

/** One thing to say about the configuration, and the place it is about. */
export interface Problem {
  readonly level: "error" | "warning";
  /** The path as the user wrote it; an included file relative in the same manner. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** `a.b[0].c`; empty where the file could not be read that far. */
  readonly path: string;
  /** What is wrong and what to do; never a value of the file, which might be a secret. */
  readonly message: string;
}

/** `FILE:LINE:COL  PATH: MESSAGE`; a warning says so before its message. */
export function formatProblem(p: Problem): string {
  const place = `${p.file}:${p.line}:${p.column}`;
  const subject = p.path === "" ? "" : `${p.path}: `;
  const level = p.level === "warning" ? "warning: " : "";
  return `${place}  ${subject}${level}${p.message}`;
}

/** `a.b[0].c`; control characters escaped and very long names cut, so that a problem stays one readable line. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? shortName(step) : `.${shortName(step)}`;
  }
  return text;
}

const MAX_NAME = 100;

/** A name of the file as messages may print it. */
export function shortName(name: string): string {
  return oneLine(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name);
}

/** Control characters as escapes: a problem is one line, and no terminal acts on it. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escaped);
}

/** As JSON would write it; beyond what JSON escapes, by its number. */
function escaped(character: string): string {
  const json = JSON.stringify(character).slice(1, -1);
  return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : json;
}

/** `FILE:LINE:COL` of a place, for messages that name a second one. */
export function formatPlace(place: Place): string {
  const { line, column } = place.source.position(place.offset);
  return `${place.source.name}:${line}:${column}`;
}

/** Collects problems from all stages. */
export interface Report {
  error(place: Place, path: Path, message: string): void;
  warning(place: Place, path: Path, message: string): void;
  /** How many errors there are so far. */
  errorCount(): number;
  /** In file order; one per path and place, the first error said about it. */
  problems(): Problem[];
}

interface Entry {
  readonly problem: Problem;
  readonly order: number;
}

export function createReport(): Report {
  const byPath = new Map<string, Entry>();
  const texts = new Set<string>();
  let errors = 0;

  function add(level: Problem["level"], { source, offset }: Place, steps: Path, message: string): void {
    const { line, column } = source.position(offset);
    const path = formatPath(steps);
    // A value behind an alias is judged once per use: the same words about the same place are said once.
    const text = `${source.order}:${line}:${column} ${message}`;
    const key = path === "" ? text : `${source.order}:${line}:${column} ${path}`;
    const known = byPath.get(key);
    if (texts.has(text) || (known !== undefined && (level === "warning" || known.problem.level === "error")))
      return;
    texts.add(text);
    if (level === "error") errors += 1;
    byPath.set(key, {
      problem: { level, file: source.name, line, column, path, message: oneLine(message) },
      order: source.order,
    });
  }

  return {
    error: (place, path, message) => add("error", place, path, message),
    warning: (place, path, message) => add("warning", place, path, message),
    errorCount: () => errors,
    problems: () => [...byPath.values()].sort(inFileOrder).map((entry) => entry.problem),
  };
}

function inFileOrder(a: Entry, b: Entry): number {
  return a.order - b.order || a.problem.line - b.problem.line || a.problem.column - b.problem.column;
}
