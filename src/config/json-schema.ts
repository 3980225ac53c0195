// The configuration's JSON Schema (draft-07), for editors and validators: the same source as the checks.

import { KindGuard, type TSchema } from "@sinclair/typebox";
import { isNeeded, traitsOf } from "./schema/fields.ts";
import { ConfigSchema } from "./schema.ts";
import { recordSchema } from "./shape.ts";

type Json = Record<string, unknown>;

const INTERPOLATED = { $ref: "#/definitions/interpolated" } as const;

/** The schema as text, as `postern schema` prints it. */
export function jsonSchemaText(): string {
  const { description: _, ...config } = emit(ConfigSchema);
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Postern configuration",
    ...config,
    patternProperties: { "^x-": { description: "Ignored: a place for anchors." } },
    definitions: {
      interpolated: {
        type: "string",
        pattern: "\\$\\{[^}]*\\}",
        description: `A value from outside: \${NAME}, \${NAME:-default} or \${file:PATH}.`,
      },
    },
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function emit(schema: TSchema): Json {
  return { ...notes(schema), ...shape(schema) };
}

/** What is said about a setting beside its type. */
function notes(schema: TSchema): Json {
  const { description, examples, default: fallback } = schema;
  const restart = traitsOf(schema).restart ? " A change takes effect after a restart." : "";
  const all = { description: description && description + restart, default: fallback, examples };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** What a value must look like. Whatever is no text may come from a variable, and is a text until then. */
function shape(schema: TSchema): Json {
  if (KindGuard.IsObject(schema)) return objectShape(schema.properties);
  if (KindGuard.IsRecord(schema)) return recordShape(recordSchema(schema));
  if (KindGuard.IsArray(schema))
    return { type: "array", items: emit(schema.items), ...pick(schema, "minItems") };
  if (KindGuard.IsString(schema)) return stringShape(schema);
  if (KindGuard.IsUnion(schema)) return unionShape(schema.anyOf);
  if (KindGuard.IsLiteral(schema)) return literalShape(schema.const);
  if (KindGuard.IsNull(schema)) return { type: "null" };
  if (KindGuard.IsUnknown(schema)) return {};
  const plain = { type: schema["type"], ...pick(schema, "minimum", "maximum") };
  return { anyOf: [plain, INTERPOLATED] };
}

function objectShape(properties: Readonly<Record<string, TSchema>>): Json {
  const needed = Object.keys(properties).filter((name) => isNeeded(properties[name]));
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, emit(member)])),
    ...(needed.length === 0 ? {} : { required: needed }),
  };
}

function recordShape(member: TSchema | undefined): Json {
  return { type: "object", additionalProperties: member === undefined ? true : emit(member) };
}

function stringShape(schema: TSchema): Json {
  const plain = { type: "string", ...pick(schema, "minLength", "pattern") };
  return schema["pattern"] === undefined ? plain : { anyOf: [plain, INTERPOLATED] };
}

function unionShape(alternatives: readonly TSchema[]): Json {
  const words = alternatives.flatMap((one) => (KindGuard.IsLiteral(one) ? [one.const] : []));
  if (words.length === alternatives.length) return { anyOf: [{ enum: words }, INTERPOLATED] };
  const shapes = alternatives
    .map(emit)
    .flatMap((one) => (isBare(one, "anyOf") ? (one["anyOf"] as Json[]) : [one]));
  const unique = shapes.filter((one, i) => one !== INTERPOLATED || shapes.indexOf(one) === i);
  return { anyOf: unique };
}

function literalShape(value: string | number | boolean): Json {
  return typeof value === "string" ? { const: value } : { anyOf: [{ const: value }, INTERPOLATED] };
}

function isBare(schema: Json, key: string): boolean {
  const keys = Object.keys(schema);
  return keys.length === 1 && keys[0] === key;
}

function pick(schema: TSchema, ...names: readonly string[]): Json {
  return Object.fromEntries(
    names.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])),
  );
}
