// The kinds of settings there are: thin builders over TypeBox that add what messages and docs need.

import { KindGuard, type SchemaOptions, type TLiteral, type TSchema, Type } from "@sinclair/typebox";
import { DURATION_PATTERN } from "../../lib/duration.ts";
import { SIZE_PATTERN } from "../../lib/size.ts";

/** What a schema says beyond JSON Schema; every key here is dropped or rewritten when a schema is emitted. */
export interface Traits {
  /** What is wanted, for messages (`must be …`): `a duration such as 30s`. */
  readonly wants?: string;
  /** The type in a word or two, for the docs: `duration`. */
  readonly kind?: string;
  /** A change takes effect only after a restart. */
  readonly restart?: true;
  /** Filled while loading when absent, as this text says: required in the value, not in the file. */
  readonly filled?: string;
  /** A file's path, made absolute from the folder of the file that names it. */
  readonly path?: true;
  /** The one text of a `path` that is no path, and stays as it is. */
  readonly notPath?: string;
  /** A listen address, whose `unix:` path is made absolute likewise. */
  readonly listen?: true;
}

export type FieldOptions = SchemaOptions & Traits;

/** The traits of a schema, whatever its kind. */
export function traitsOf(schema: TSchema): FieldOptions {
  return schema;
}

/** Whether the file itself must have a setting: it is neither optional nor filled. */
export function isNeeded(schema: TSchema | undefined): boolean {
  if (schema === undefined || schema.default !== undefined || KindGuard.IsOptional(schema)) return false;
  return traitsOf(schema).filled === undefined;
}

export function text(options: FieldOptions) {
  return Type.String({ wants: "text", ...options });
}

/** A string that is used as a name of something: never empty. */
export function filledText(options: FieldOptions) {
  return Type.String({ minLength: 1, wants: "text that is not empty", ...options });
}

export function flag(options: FieldOptions) {
  return Type.Boolean({ wants: "true or false", ...options });
}

export function count(options: FieldOptions & { minimum?: number; maximum?: number }) {
  const { minimum = 0, maximum } = options;
  const range = maximum === undefined ? `${minimum} or more` : `from ${minimum} to ${maximum}`;
  return Type.Integer({ wants: `a whole number, ${range}`, ...options, minimum });
}

/** An amount in US dollars, fractions allowed. */
export function usd(options: FieldOptions & { maximum: number }) {
  const wants = `an amount in US dollars, from 0 to ${options.maximum}`;
  return Type.Number({ wants, ...options, minimum: 0 });
}

export function duration(options: FieldOptions) {
  const wants = "a duration such as 250ms, 30s, 5m, 24h, 7d, or 0";
  return Type.Union([Type.String({ pattern: DURATION_PATTERN }), Type.Literal(0)], {
    wants,
    kind: "duration",
    ...options,
  });
}

export function size(options: FieldOptions) {
  const wants = "a size such as 64KiB, 32MiB, 1GiB, or 0";
  return Type.Union([Type.String({ pattern: SIZE_PATTERN }), Type.Literal(0)], {
    wants,
    kind: "size",
    ...options,
  });
}

/** One of a fixed list of words: the only kind whose accepted values messages print. */
export function oneOf<const T extends readonly string[]>(words: T, options: FieldOptions) {
  const literals: TLiteral<T[number]>[] = words.map((word: T[number]) => Type.Literal(word));
  return Type.Union(literals, { wants: `one of ${words.join(", ")}`, ...options });
}

export function list<T extends TSchema>(items: T, options: FieldOptions) {
  return Type.Array(items, { wants: "a list", ...options });
}

/** Names chosen by the user, each with the same kind of value. */
export function named<T extends TSchema>(value: T, options: FieldOptions) {
  return Type.Record(Type.String(), value, { wants: "a map of names and settings", ...options });
}

/** A section with fixed settings; others are refused. */
export function section<T extends Record<string, TSchema>>(properties: T, options: FieldOptions) {
  return Type.Object(properties, { additionalProperties: false, wants: "a map of settings", ...options });
}

export function nullable<T extends TSchema>(schema: T, options: FieldOptions) {
  return Type.Union([schema, Type.Null()], options);
}

const PATTERNS =
  "`*` stands for any run of characters, `!` excludes, the last match wins; absent allows all, `[]` none.";

/** The allowlists that organization, workspaces, users and keys all have. */
export function allowlists() {
  const pattern = filledText({ wants: "a pattern that is not empty" });
  return {
    models_allowed: Type.Optional(
      list(pattern, {
        description: `Models that may be used, as \`provider/model\` or public name. ${PATTERNS}`,
        examples: [["internal-vllm/*", "fast"]],
      }),
    ),
    providers_allowed: Type.Optional(
      list(pattern, { description: `Providers that may be used. ${PATTERNS}`, examples: [["*"]] }),
    ),
  };
}
