// Reads a request's JSON body and its fields; whatever is not as the endpoint needs it is a 400 that names the field.

import { badRequest } from "./refusal.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

const UTF8 = new TextDecoder("utf-8", { fatal: true });

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The body as an object; throws a {@link Refusal} for anything else. */
export function readBody(bytes: Uint8Array | undefined): JsonObject {
  if (bytes === undefined || bytes.length === 0) throw badRequest("The request has no body; send JSON.");
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch {
    throw badRequest("The request body is not valid JSON in UTF-8.");
  }
  if (!isObject(value)) throw badRequest("The request body must be a JSON object.");
  return value;
}

/** null counts as absent, here and below, as the official APIs have it. */
export function optionalString(body: JsonObject, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== "string")
    throw badRequest(`\`${name}\` must be a string.`, name);
  return value;
}

export function optionalBoolean(body: JsonObject, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== "boolean") throw badRequest(`\`${name}\` must be true or false.`, name);
  return value;
}

export function optionalObject(body: JsonObject, name: string): JsonObject | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && !isObject(value)) throw badRequest(`\`${name}\` must be an object.`, name);
  return value;
}

/** A whole number of at least 1 and at most `max`. */
export function optionalCount(
  body: JsonObject,
  name: string,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
    const limit = max === Number.MAX_SAFE_INTEGER ? "of at least 1" : `from 1 to ${max}`;
    throw badRequest(`\`${name}\` must be a whole number ${limit}.`, name);
  }
  return value;
}

/** A string, or a list of strings; empty texts are left out. */
export function optionalTexts(body: JsonObject, name: string): readonly string[] {
  const value = body[name] ?? [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((text): text is string => {
    if (typeof text !== "string")
      throw badRequest(`\`${name}\` must be a string or a list of strings.`, name);
    return text !== "";
  });
}

/** A list that is not empty. */
export function requiredList(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name];
  if (value === undefined || value === null) throw badRequest(`\`${name}\` is missing.`, name);
  if (!Array.isArray(value)) throw badRequest(`\`${name}\` must be a list.`, name);
  if (value.length === 0) throw badRequest(`\`${name}\` must not be empty.`, name);
  return value;
}
