// Between interpolation and defaults: the tree becomes a plain value, with the types and paths the schema asks for.

import { resolve } from "node:path";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { traitsOf } from "./schema/fields.ts";
import {
  alternatives,
  emptyValues,
  itemSchema,
  memberSchema,
  narrow,
  type ValueKind,
  type Values,
} from "./shape.ts";
import type { ListNode, MapNode, Node, Path, ScalarNode } from "./tree.ts";

/**
 * The tree as a plain value. What came from `${…}` gets the type of its field; relative paths become absolute. A value
 * that is not known (its variable is missing, which was reported) counts as not written, and so does the list it
 * stands in; their paths are added to `unknown`.
 */
export function toValue(schema: TSchema, root: MapNode, unknown: Path[]): Values {
  return mapValue(schema, root, [], unknown);
}

function convertNode(schema: TSchema | undefined, node: Node, path: Path, unknown: Path[]): unknown {
  if (node.kind === "map") return mapValue(schema, node, path, unknown);
  const value = node.kind === "list" ? listValue(schema, node, path, unknown) : scalarValue(schema, node);
  if (value === undefined) unknown.push(path);
  return value;
}

function mapValue(schema: TSchema | undefined, node: MapNode, path: Path, unknown: Path[]): Values {
  const own = narrowed(schema, "map", [...node.entries.keys()]);
  const values = emptyValues();
  for (const [name, { value }] of node.entries) {
    const converted = convertNode(memberSchema(own, name), value, [...path, name], unknown);
    if (converted !== undefined) values[name] = converted;
  }
  return values;
}

function listValue(
  schema: TSchema | undefined,
  node: ListNode,
  path: Path,
  unknown: Path[],
): unknown[] | undefined {
  const items = itemSchema(narrowed(schema, "list"));
  const values = node.items.map((item, i) => convertNode(items, item, [...path, i], unknown));
  return values.includes(undefined) ? undefined : values;
}

function narrowed(
  schema: TSchema | undefined,
  kind: ValueKind,
  keys?: readonly string[],
): TSchema | undefined {
  return schema === undefined ? undefined : narrow(schema, kind, keys);
}

function scalarValue(schema: TSchema | undefined, node: ScalarNode): unknown {
  if (node.origin === "missing") return undefined;
  const value =
    node.origin === "whole" && schema !== undefined ? typed(schema, String(node.value)) : node.value;
  return typeof value === "string" && schema !== undefined
    ? located(schema, value, node.place.source.folder)
    : value;
}

/** A text in the type of its field: a number or true/false where that is wanted, null where empty text means none. */
function typed(schema: TSchema, text: string): string | number | boolean | null {
  const kinds = alternatives(schema);
  if ((text === "" || text === "null") && kinds.some(KindGuard.IsNull)) return null;
  const isNumber = kinds.some((kind) => KindGuard.IsNumber(kind) || KindGuard.IsInteger(kind));
  if (isNumber && /^[-+]?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  const literal = kinds.find((kind) => KindGuard.IsLiteral(kind) && String(kind.const) === text);
  if (literal !== undefined) return literal["const"];
  if (kinds.some(KindGuard.IsBoolean) && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

const UNIX = "unix:";

function located(schema: TSchema, value: string, folder: string): string {
  const { path, notPath, listen } = traitsOf(schema);
  if (path && value !== "" && value !== notPath) return resolve(folder, value);
  if (listen && value.startsWith(UNIX) && value !== UNIX)
    return UNIX + resolve(folder, value.slice(UNIX.length));
  return value;
}
