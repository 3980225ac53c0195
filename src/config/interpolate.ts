// Second stage: `${NAME}`, `${NAME:-default}` and `${file:PATH}` in the tree's texts become what they stand for.

import { resolve } from "node:path";
import { decodeUtf8 } from "../lib/utf8.ts";
import type { Files } from "./files.ts";
import { type Report, shortName } from "./problem.ts";
import type { Entry, MapNode, Node, Path, ScalarNode } from "./tree.ts";

export interface Interpolation {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allowMissingEnv: boolean;
  readonly files: Files;
  readonly report: Report;
}

export interface Interpolator {
  /** The tree with every text resolved. Keys are never touched. A node that aliases share is resolved once. */
  map(root: MapNode): MapNode;
  scalar(node: ScalarNode, path: Path): ScalarNode;
}

export function createInterpolator(options: Interpolation): Interpolator {
  const done = new Map<Node, Node>();

  function tree(node: Node, path: Path): Node {
    const known = done.get(node);
    if (known !== undefined) return known;
    const resolved = resolveNode(node, path);
    done.set(node, resolved);
    return resolved;
  }

  function resolveNode(node: Node, path: Path): Node {
    if (node.kind === "scalar") return interpolate(node, path, options);
    if (node.kind === "list")
      return { ...node, items: node.items.map((item, i) => tree(item, [...path, i])) };
    return resolveMap(node, path);
  }

  function resolveMap(node: MapNode, path: Path): MapNode {
    const entries = new Map<string, Entry>();
    for (const [name, { key, value }] of node.entries)
      entries.set(name, { key, value: tree(value, [...path, name]) });
    return { ...node, entries };
  }

  return { map: (root) => resolveMap(root, []), scalar: (node, path) => interpolate(node, path, options) };
}

/** What stands between `${` and `}`. */
type Reference =
  | { readonly kind: "variable"; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: "file"; readonly path: string };

/** `$${` is a literal `${`; otherwise everything up to the next `}`. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)(\}?)/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

function interpolate(node: ScalarNode, path: Path, options: Interpolation): ScalarNode {
  const text = node.value;
  if (typeof text !== "string" || !text.includes(`\${`)) return node;
  let missing = false;
  let from: string | undefined;
  const value = text.replace(PLACEHOLDER, (match: string, inner: string | undefined, close: string) => {
    if (inner === undefined) return `\${`;
    const reference = close === "" ? undefined : parseReference(inner);
    if (reference !== undefined) from = originOf(reference);
    const found =
      reference === undefined ? malformed(node, path, options) : lookUp(reference, node, path, options);
    missing ||= found === undefined;
    return found ?? match;
  });
  const source = from === undefined ? {} : { from };
  if (missing) return { ...node, ...source, origin: "missing" };
  const whole = /^\$\{[^}]*\}$/.test(text);
  return { ...node, ...source, value, origin: whole ? "whole" : node.origin };
}

function parseReference(inner: string): Reference | undefined {
  if (inner.startsWith("file:")) {
    const path = inner.slice("file:".length).trim();
    return path === "" ? undefined : { kind: "file", path };
  }
  const [, name, fallback] = VARIABLE.exec(inner) ?? [];
  return name === undefined || fallback?.includes(`\${`) ? undefined : { kind: "variable", name, fallback };
}

function originOf(reference: Reference): string {
  return reference.kind === "file" ? `the file ${reference.path}` : reference.name;
}

function lookUp(
  reference: Reference,
  node: ScalarNode,
  path: Path,
  options: Interpolation,
): string | undefined {
  if (reference.kind === "file") return readSecret(reference.path, node, path, options);
  const { name, fallback } = reference;
  const value = options.env[name];
  // As in a shell, an empty variable takes the default too.
  if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
  if (value !== undefined) return value;
  const { report, allowMissingEnv } = options;
  const shown = shortName(name);
  const message = `the environment variable ${shown} is not set: set it, or write a default as \${${shown}:-default}`;
  if (allowMissingEnv) report.warning(node.place, path, message);
  else report.error(node.place, path, message);
  return undefined;
}

function malformed(node: ScalarNode, path: Path, { report }: Interpolation): undefined {
  const forms = `\${NAME}, \${NAME:-default} or \${file:PATH}`;
  report.error(node.place, path, `a \${…} must be ${forms}; write $\${ for a literal \${`);
  return undefined;
}

function readSecret(name: string, node: ScalarNode, path: Path, options: Interpolation): string | undefined {
  const { files, report } = options;
  const result = files.read(resolve(node.place.source.folder, name));
  if (!result.ok) {
    report.error(node.place, path, `the file ${shortName(name)} cannot be read: ${result.reason}`);
    return undefined;
  }
  const decoded = decodeUtf8(result.bytes);
  if (decoded.ok) return decoded.text.trim();
  report.error(node.place, path, `the file ${shortName(name)} is no secret in text: ${decoded.reason}`);
  return undefined;
}
