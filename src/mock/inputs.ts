// Reads what completions call `prompt` and embeddings call `input`: a text, texts, tokens, or lists of tokens.

import { type JsonObject, requiredList } from "./body.ts";
import { badRequest } from "./refusal.ts";
import { BYTES_PER_TOKEN, utf8Bytes } from "./tokens.ts";

export interface InputText {
  /** Token lists are written out as numbers. */
  readonly text: string;
  /** UTF-8 bytes of a text; of tokens, as many as count for them. */
  readonly bytes: number;
}

/** The inputs in their order; throws for anything else, and for an empty list. */
export function readInputs(body: JsonObject, name: string): readonly InputText[] {
  const value = body[name];
  if (typeof value === "string") return [{ text: value, bytes: utf8Bytes(value) }];
  const list = requiredList(body, name);
  if (isTokens(list)) return [tokenInput(list)];
  return list.map((item) => {
    if (typeof item === "string") return { text: item, bytes: utf8Bytes(item) };
    if (isTokens(item)) return tokenInput(item);
    throw badRequest(`\`${name}\` must be a string, a list of strings, or lists of token numbers.`, name);
  });
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(Number.isInteger);
}

function tokenInput(tokens: readonly number[]): InputText {
  return { text: tokens.join(" "), bytes: tokens.length * BYTES_PER_TOKEN };
}
