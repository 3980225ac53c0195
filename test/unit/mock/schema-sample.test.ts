// Values made up for JSON Schemas.

import { describe, expect, test } from "bun:test";
import { sampleOf } from "../../../src/mock/schema-sample.ts";

const string = { type: "string" };

test.each<[string, unknown, unknown]>([
  ["a text", string, "string"],
  ["a text of some length", { type: "string", minLength: 8 }, "stringxx"],
  ["a short text", { type: "string", maxLength: 3 }, "str"],
  ["a text in a format", { type: "string", format: "date" }, "2026-01-01"],
  ["a text in an unknown format", { type: "string", format: "toString" }, "string"],
  ["a whole number", { type: "integer" }, 0],
  ["a number above a least one", { type: "number", minimum: 2.5 }, 2.5],
  ["a whole number above a broken one", { type: "integer", minimum: 2.5 }, 3],
  ["a number above one that is excluded", { type: "integer", exclusiveMinimum: 4 }, 5],
  ["a number below zero", { type: "integer", maximum: -3 }, -3],
  ["a number below one that is excluded", { type: "integer", exclusiveMaximum: 0 }, -1],
  ["a flag", { type: "boolean" }, false],
  ["null", { type: "null" }, null],
  ["the first of several types", { type: ["integer", "null"] }, 0],
  ["a constant", { const: { a: 1 } }, { a: 1 }],
  ["the first choice", { type: "string", enum: ["ok", "no"] }, "ok"],
  ["an empty list", { type: "array", items: string }, []],
  ["a list of some length", { type: "array", items: string, minItems: 2 }, ["string", "string"]],
  ["a tuple", { type: "array", prefixItems: [string, { type: "integer" }] }, ["string", 0]],
  [
    "only required members",
    { type: "object", properties: { a: string, b: string }, required: ["b"] },
    { b: "string" },
  ],
  ["an object without saying so", { properties: { a: string }, required: ["a"] }, { a: "string" }],
  ["a required member that is not described", { type: "object", required: ["a"] }, { a: "string" }],
  ["the first variant", { anyOf: [{ type: "integer" }, string] }, 0],
  ["the first of one", { oneOf: [string, { type: "null" }] }, "string"],
  [
    "all parts together",
    {
      allOf: [
        { type: "object", properties: { a: string }, required: ["a"] },
        { type: "object", properties: { b: { type: "null" } }, required: ["b"] },
      ],
    },
    { a: "string", b: null },
  ],
  ["a reference", { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "integer" } } }, 0],
  ["a reference to nothing", { $ref: "#/$defs/toString", $defs: {} }, "string"],
  ["anything", {}, "string"],
  ["true", true, "string"],
])("%s", (_what, schema, value) => {
  expect(sampleOf(schema)).toEqual(value);
});

describe("schemas without end yield a value of bounded size", () => {
  const twice = (member: object) => ({
    type: "object",
    properties: { a: member, b: member },
    required: ["a", "b"],
  });

  test.each<[string, unknown]>([
    ["one that refers to itself", { ...twice({ $ref: "#" }) }],
    ["a list of lists", { type: "array", minItems: 10, items: { $ref: "#" } }],
    ["a list that is too long", { type: "array", minItems: 1e9, items: string }],
    ["a reference in a circle", { $ref: "#" }],
    ["a text that is too long", { type: "string", minLength: 1e9 }],
    [
      "a list of more required members than there are values",
      { type: "object", required: Array.from({ length: 1e5 }, (_, n) => `m${n}`) },
    ],
  ])("%s", (_what, schema) => {
    expect(JSON.stringify(sampleOf(schema)).length).toBeLessThan(100_000);
  });
});
