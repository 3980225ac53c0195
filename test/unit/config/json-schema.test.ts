// The published JSON Schema says the same as the checks.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { jsonSchemaText } from "../../../src/config/json-schema.ts";

type Schema = Readonly<Record<string, unknown>>;

const SCHEMA = JSON.parse(jsonSchemaText()) as Schema;
const GOLDENS = join(import.meta.dir, "../../golden/config");

/** As much of draft-07 as the schema uses; anything else in it fails. */
function allows(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, operand]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`the test does not know ${keyword}`);
    return check(operand as never, value, schema);
  });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const always = () => true;

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isMap,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

const KEYWORDS: Record<string, (operand: never, value: unknown, schema: Schema) => boolean> = {
  $schema: always,
  title: always,
  description: always,
  default: always,
  examples: always,
  definitions: always,
  $ref: (ref: string, value) =>
    allows((SCHEMA["definitions"] as Record<string, Schema>)[ref.split("/")[2] ?? ""] ?? {}, value),
  type: (type: string, value) => TYPES[type]?.(value) === true,
  anyOf: (schemas: Schema[], value) => schemas.some((schema) => allows(schema, value)),
  enum: (values: unknown[], value) => values.includes(value),
  const: (expected: unknown, value) => value === expected,
  pattern: (pattern: string, value) => typeof value !== "string" || new RegExp(pattern).test(value),
  minLength: (length: number, value) => typeof value !== "string" || value.length >= length,
  minItems: (length: number, value) => !Array.isArray(value) || value.length >= length,
  minimum: (minimum: number, value) => typeof value !== "number" || value >= minimum,
  maximum: (maximum: number, value) => typeof value !== "number" || value <= maximum,
  items: (schema: Schema, value) => !Array.isArray(value) || value.every((item) => allows(schema, item)),
  required: (names: string[], value) => !isMap(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (schemas: Record<string, Schema>, value) =>
    !isMap(value) ||
    Object.entries(schemas).every(
      ([name, schema]) => !Object.hasOwn(value, name) || allows(schema, value[name]),
    ),
  patternProperties: always,
  additionalProperties: (allowed: Schema | boolean, value, schema) => {
    if (!isMap(value)) return true;
    const known = Object.keys((schema["properties"] as object | undefined) ?? {});
    const patterns = Object.keys((schema["patternProperties"] as object | undefined) ?? {});
    return Object.entries(value).every(([name, member]) => {
      if (known.includes(name) || patterns.some((pattern) => new RegExp(pattern).test(name))) return true;
      return typeof allowed === "boolean" ? allowed : allows(allowed, member);
    });
  },
};

function contentOf(name: string): unknown {
  return parse(readFileSync(join(GOLDENS, name), "utf8"), { merge: true });
}

const good = readdirSync(GOLDENS).filter(
  (name) =>
    name.endsWith(".yaml") &&
    readFileSync(join(GOLDENS, name.replace(/yaml$/, "expected.txt")), "utf8") === "",
);

describe("it allows", () => {
  test.each(good)("the good configuration %s", (name) => {
    expect(allows(SCHEMA, contentOf(name))).toBe(true);
  });

  test("a value from a variable wherever something else than text is wanted", () => {
    const v = `\${V}`;
    const value = {
      server: { max_connections: v, drain: v, max_body: v, keepalive: 0 },
      log: { level: v },
      keys: { a: { disabled: v, hash: v } },
      providers: { a: { stream_usage: v, type: v, endpoints: [v] } },
      store: { path: v, sync: v, retention: { requests: v } },
      spend_policies: { a: { limit_usd: v, window: v, status: v, warn_at: v, each: v, enabled: v } },
      rate_limits: { a: { requests: v, tokens: [v], concurrent: v, applies_to: { organization: v } } },
      pricing: { reserve_output: v, models: { a: { input: v, output: v } } },
    };
    expect(allows(SCHEMA, value)).toBe(true);
  });
});

test.each([
  "enumerations.yaml",
  "include-wrong-type.yaml",
  "key-hashes.yaml",
  "missing-settings.yaml",
  "not-in-this-version.yaml",
  "null-where-not-allowed.yaml",
  "numbers-out-of-range.yaml",
  "pricing-reserve.yaml",
  "rate-limits.yaml",
  "sizes.yaml",
  "unknown-key-at-the-top.yaml",
  "unknown-key-inside.yaml",
  "wrong-types.yaml",
])("it refuses %s", (name) => {
  expect(allows(SCHEMA, contentOf(name))).toBe(false);
});

test("nothing that has a default or is filled is required", () => {
  const text = jsonSchemaText();
  const required = [...text.matchAll(/"required": \[([^\]]*)\]/g)].map((match) =>
    match[1]?.replace(/\s/g, ""),
  );
  expect(required.sort()).toEqual([
    '"cert_file","key_file"',
    '"hash","role"',
    '"hash","until"',
    '"header"',
    '"header"',
    '"header"',
    '"input","output"',
    '"limit_usd","window"',
    '"name"',
    '"name"',
    '"prompt_tokens","completion_tokens"',
    '"query"',
  ]);
});

test("every setting is described", () => {
  const bare: string[] = [];
  const visit = (path: string, schema: Schema) => {
    for (const [name, member] of Object.entries(
      (schema["properties"] as Record<string, Schema> | undefined) ?? {},
    )) {
      if (typeof member["description"] !== "string") bare.push(`${path}.${name}`);
      visit(`${path}.${name}`, member);
    }
    for (const key of ["items", "additionalProperties"])
      if (isMap(schema[key])) visit(`${path}[]`, schema[key]);
    for (const one of (schema["anyOf"] as Schema[] | undefined) ?? []) visit(path, one);
  };
  visit("", SCHEMA);
  expect(bare).toEqual([]);
});

test("nothing depends on string formats that others may register", () => {
  expect(jsonSchemaText()).not.toContain('"format": "');
});
