// Makes up a value that satisfies a JSON Schema in the plainest way; what cannot be satisfied easily is left wrong.

import { isObject, type JsonObject } from "./body.ts";

/** Bounds for schemas that refer to themselves or ask for long lists. */
const MAX_VALUES = 2_000;
const MAX_DEPTH = 32;
const MAX_TEXT = 10_000;

const FORMATS: ReadonlyMap<string, string> = new Map([
  ["date-time", "2026-01-01T00:00:00Z"],
  ["date", "2026-01-01"],
  ["time", "00:00:00Z"],
  ["duration", "PT1S"],
  ["email", "user@example.com"],
  ["hostname", "example.com"],
  ["ipv4", "192.0.2.1"],
  ["ipv6", "2001:db8::1"],
  ["uri", "https://example.com/"],
  ["uuid", "00000000-0000-4000-8000-000000000000"],
]);

interface Walk {
  readonly root: unknown;
  valuesLeft: number;
}

/** A value for the schema: constants and first choices, required members only, least numbers, "string". */
export function sampleOf(schema: unknown): unknown {
  return sample(schema, { root: schema, valuesLeft: MAX_VALUES }, 0);
}

function sample(schema: unknown, walk: Walk, depth: number): unknown {
  if (depth > MAX_DEPTH || walk.valuesLeft-- <= 0) return null;
  if (!isObject(schema)) return "string";
  if ("const" in schema) return schema["const"];
  const choice = firstOf(schema["enum"]);
  if (choice !== undefined) return choice;
  const ref = schema["$ref"];
  if (typeof ref === "string") return sample(resolve(ref, walk.root), walk, depth + 1);
  const variant = firstOf(schema["anyOf"]) ?? firstOf(schema["oneOf"]);
  if (variant !== undefined) return sample(variant, walk, depth + 1);
  if (Array.isArray(schema["allOf"])) return sampleAll(schema["allOf"], walk, depth + 1);
  return sampleType(schema, walk, depth);
}

function sampleType(schema: JsonObject, walk: Walk, depth: number): unknown {
  const type = Array.isArray(schema["type"]) ? firstOf(schema["type"]) : schema["type"];
  switch (type) {
    case "null":
      return null;
    case "boolean":
      return false;
    case "integer":
    case "number":
      return sampleNumber(schema, type === "integer");
    case "array":
      return sampleList(schema, walk, depth);
    case "string":
      return sampleText(schema);
    default:
      return type === "object" || isObject(schema["properties"])
        ? sampleObject(schema, walk, depth)
        : "string";
  }
}

function sampleObject(schema: JsonObject, walk: Walk, depth: number): JsonObject {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const names = required.filter((name): name is string => typeof name === "string");
  const entries: [string, unknown][] = [];
  for (const name of names) {
    if (walk.valuesLeft <= 0) break;
    const member = Object.hasOwn(properties, name) ? properties[name] : true;
    entries.push([name, sample(member, walk, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

function sampleAll(schemas: readonly unknown[], walk: Walk, depth: number): unknown {
  const values = schemas.map((schema) => sample(schema, walk, depth));
  return values.every(isObject) ? Object.assign({}, ...values) : values[0];
}

function sampleList(schema: JsonObject, walk: Walk, depth: number): readonly unknown[] {
  const first: readonly unknown[] = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
  const length = Math.max(numberOr(schema["minItems"], 0), first.length);
  const values: unknown[] = [];
  while (values.length < length && walk.valuesLeft > 0) {
    values.push(sample(first[values.length] ?? schema["items"], walk, depth + 1));
  }
  return values;
}

function sampleNumber(schema: JsonObject, whole: boolean): number {
  const above = numberOr(schema["exclusiveMinimum"], Number.NEGATIVE_INFINITY);
  const least = Math.max(numberOr(schema["minimum"], Number.NEGATIVE_INFINITY), above + 1);
  const most = Math.min(
    numberOr(schema["maximum"], Number.POSITIVE_INFINITY),
    numberOr(schema["exclusiveMaximum"], Number.POSITIVE_INFINITY) - 1,
  );
  const value = Math.max(Math.min(0, most), least);
  return whole ? Math.ceil(value) : value;
}

function sampleText(schema: JsonObject): string {
  const format = schema["format"];
  const text = (typeof format === "string" ? FORMATS.get(format) : undefined) ?? "string";
  const least = Math.min(numberOr(schema["minLength"], 0), MAX_TEXT);
  return text.padEnd(least, "x").slice(0, numberOr(schema["maxLength"], MAX_TEXT));
}

/** What `#/…` points at; true, which allows everything, where it points nowhere. */
function resolve(ref: string, root: unknown): unknown {
  let at = root;
  for (const step of ref.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isObject(at) || !Object.hasOwn(at, name)) return true;
    at = at[name];
  }
  return at;
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}
