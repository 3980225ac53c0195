// The words that the schemas of the admin API are made of.

import type { Schema } from "./endpoint.ts";

export const TEXT: Schema = { type: "string" };
export const NAME: Schema = { type: "string" };
export const NAMES: Schema = { type: "array", items: { type: "string" } };
export const COUNT: Schema = { type: "integer", minimum: 0 };
export const TIME: Schema = { type: "string", format: "date-time", description: "RFC 3339, UTC." };
export const USD: Schema = { type: "string", description: "US dollars, a plain decimal with every digit." };
export const INTEGER_MONEY: Schema = {
  type: ["integer", "string"],
  pattern: "^-?\\d+$",
  description: "US nano-dollars; beyond 2^53 its digits as a text, since few readers have such numbers.",
};

/** An object with these members, all of them always there but the optional ones. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", required, properties };
}

export function rows(items: Schema): Schema {
  return { type: "array", items };
}

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}

export function word(...words: readonly string[]): Schema {
  return { type: "string", enum: words };
}
