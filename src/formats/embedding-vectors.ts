// Finds the vectors in an embeddings answer, whatever shape the server gives it.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";

/** Numbers, or base64 of little-endian 32-bit floats. */
export type Vector = readonly number[] | string;

export interface FoundVector {
  readonly vector: Vector;
  /** Further members of the entry it stood in. */
  readonly entry: JsonRecord;
}

/**
 * In the order of the inputs. Known shapes: `data` of objects (spec), of numbers, or of arrays; a bare array of either,
 * or of `{index, embedding}` (llama.cpp); `embedding` (Ollama); `embeddings` as arrays (Ollama) or under a type's name
 * (Cohere); a vector one level too deep (llama.cpp without pooling).
 */
export function findVectors(answer: unknown): readonly FoundVector[] | undefined {
  if (Array.isArray(answer)) return fromList(answer);
  if (!isRecord(answer)) return undefined;
  const { data, embedding, embeddings } = answer;
  if (Array.isArray(data)) return fromList(data);
  if (Array.isArray(embeddings)) return fromList(embeddings);
  if (isRecord(embeddings)) return fromTypes(embeddings);
  const vector = toVector(embedding);
  return vector === undefined ? undefined : [{ vector, entry: {} }];
}

function fromList(list: readonly unknown[]): readonly FoundVector[] | undefined {
  if (list.length === 0) return [];
  if (isNumbers(list)) return [{ vector: list, entry: {} }];
  const found: { vector: FoundVector; index: number }[] = [];
  for (const [place, entry] of list.entries()) {
    const vector = toVector(isRecord(entry) ? entry["embedding"] : entry);
    if (vector === undefined) return undefined;
    const members = isRecord(entry) ? entry : {};
    const index = typeof members["index"] === "number" ? members["index"] : place;
    found.push({ vector: { vector, entry: members }, index });
  }
  return found.toSorted((a, b) => a.index - b.index).map(({ vector }) => vector);
}

/** Cohere can answer several types at once; only these two are embeddings as OpenAI means them. */
function fromTypes(types: JsonRecord): readonly FoundVector[] | undefined {
  for (const type of ["float", "base64"]) {
    const list = types[type];
    if (Array.isArray(list)) return fromList(list);
  }
  return undefined;
}

function toVector(value: unknown): Vector | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const list: readonly unknown[] = value;
  if (isNumbers(list)) return list;
  const [inner] = list;
  return list.length === 1 && Array.isArray(inner) && isNumbers(inner) ? inner : undefined;
}

function isNumbers(list: readonly unknown[]): list is readonly number[] {
  return list.length > 0 && list.every((number) => typeof number === "number");
}
