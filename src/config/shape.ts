// What the stages that walk schema and value together need to know about a schema.

import { KindGuard, type TSchema } from "@sinclair/typebox";

/** The schema of a member of a map; undefined where any or none is known. */
export function memberSchema(schema: TSchema | undefined, name: string): TSchema | undefined {
  if (schema === undefined) return undefined;
  if (KindGuard.IsObject(schema))
    return Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  return KindGuard.IsRecord(schema) ? recordSchema(schema) : undefined;
}

/** The one schema of all values of a record. */
export function recordSchema(schema: TSchema): TSchema | undefined {
  const patterns: Record<string, TSchema> = schema["patternProperties"] ?? {};
  return Object.values(patterns)[0];
}

export function itemSchema(schema: TSchema | undefined): TSchema | undefined {
  return schema !== undefined && KindGuard.IsArray(schema) ? schema.items : undefined;
}

export type ValueKind = "map" | "list" | "string" | "number" | "boolean" | "null";

/** Whether a schema of its own (no union) is of the kind that a value is of. */
function accepts(schema: TSchema, kind: ValueKind): boolean {
  if (KindGuard.IsObject(schema) || KindGuard.IsRecord(schema)) return kind === "map";
  if (KindGuard.IsArray(schema)) return kind === "list";
  if (KindGuard.IsString(schema)) return kind === "string";
  if (KindGuard.IsNumber(schema) || KindGuard.IsInteger(schema)) return kind === "number";
  if (KindGuard.IsBoolean(schema)) return kind === "boolean";
  if (KindGuard.IsNull(schema)) return kind === "null";
  return KindGuard.IsLiteral(schema) && typeof schema.const === kind;
}

/** All schemas that a union comes down to; the schema itself when it is none. */
export function alternatives(schema: TSchema): TSchema[] {
  return KindGuard.IsUnion(schema) ? schema.anyOf.flatMap(alternatives) : [schema];
}

/**
 * The one alternative a value is measured by: of its kind and, among several kinds of map, the one that knows most of
 * its keys. Undefined when none is of its kind, or several are (the words of an enumeration).
 */
export function narrow(schema: TSchema, kind: ValueKind, keys: readonly string[] = []): TSchema | undefined {
  if (!KindGuard.IsUnion(schema)) return schema;
  const fitting = alternatives(schema).filter((candidate) => accepts(candidate, kind));
  if (fitting.length < 2 || kind !== "map") return fitting.length === 1 ? fitting[0] : undefined;
  const known = (candidate: TSchema) =>
    keys.filter((key) => memberSchema(candidate, key) !== undefined).length;
  const best = fitting.reduce((a, b) => (known(b) > known(a) ? b : a));
  return known(best) > 0 ? best : undefined;
}

/** The words among a schema's alternatives: all of an enumeration. */
export function wordsOf(schema: TSchema): string[] {
  return alternatives(schema).flatMap((one) =>
    KindGuard.IsLiteral(one) && typeof one.const === "string" ? [one.const] : [],
  );
}

export function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "map";
}

/** A map of the configuration as a plain value: without a prototype, so that no name is special. */
export type Values = Record<string, unknown>;

export function emptyValues(): Values {
  return Object.create(null) as Values;
}

export function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
