// Brings the answer of an embeddings endpoint into the specified shape, in the encoding that the client asked for.

import { asBuffer } from "../lib/as-buffer.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import { findVectors, type Vector } from "./embedding-vectors.ts";
import { readOpenAiUsage } from "./openai-usage.ts";
import { readCount, type Usage } from "./usage.ts";

export type EmbeddingEncoding = "float" | "base64";

export interface SpecifiedEmbeddings {
  /** As the specification has it; the upstream's own bytes when they are so already. */
  readonly body: Uint8Array;
  /** What the upstream reported, in whatever place; undefined = nothing, though the body then says 0. */
  readonly usage: Usage | undefined;
}

/**
 * Undefined when no vectors are found: not the answer of an embeddings endpoint.
 *
 * @param encoding what the request asked for; absent in the request means float
 * @param model for answers that name none
 */
export function toSpecifiedEmbeddings(
  body: Uint8Array,
  encoding: EmbeddingEncoding,
  model: string | undefined,
): SpecifiedEmbeddings | undefined {
  const value = parseJson(asBuffer(body).toString("utf8"));
  const answer = isRecord(value) ? value : {};
  const counts = usageOf(answer);
  const usage = readOpenAiUsage(counts);
  if (isSpecified(value, encoding)) return { body, usage };
  const vectors = findVectors(value);
  if (vectors === undefined) return undefined;
  const data = vectors.map(({ vector, entry }, place) => ({
    ...entry,
    object: "embedding",
    index: place,
    embedding: encode(vector, encoding),
  }));
  const specified = {
    object: "list",
    data,
    model: typeof answer["model"] === "string" ? answer["model"] : (model ?? ""),
    usage: { prompt_tokens: 0, total_tokens: 0, ...counts },
  };
  return { body: Buffer.from(JSON.stringify(specified), "utf8"), usage };
}

function isSpecified(value: unknown, encoding: EmbeddingEncoding): boolean {
  if (!isRecord(value) || value["object"] !== "list" || typeof value["model"] !== "string") return false;
  const { data, usage } = value;
  if (
    !isRecord(usage) ||
    !Number.isInteger(usage["prompt_tokens"]) ||
    !Number.isInteger(usage["total_tokens"])
  )
    return false;
  return Array.isArray(data) && data.every((entry, place) => isSpecifiedEntry(entry, place, encoding));
}

function isSpecifiedEntry(entry: unknown, place: number, encoding: EmbeddingEncoding): boolean {
  if (!isRecord(entry) || entry["index"] !== place || entry["object"] !== "embedding") return false;
  const { embedding } = entry;
  if (encoding === "base64") return typeof embedding === "string";
  return Array.isArray(embedding) && embedding.every((number) => typeof number === "number");
}

/** base64 stands for the little-endian bytes of 32-bit floats. */
function encode(vector: Vector, encoding: EmbeddingEncoding): Vector {
  if (encoding === "base64") return typeof vector === "string" ? vector : toBase64(vector);
  return typeof vector === "string" ? fromBase64(vector) : vector;
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [place, number] of vector.entries()) bytes.writeFloatLE(number, place * 4);
  return bytes.toString("base64");
}

function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  const vector: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) vector.push(bytes.readFloatLE(at));
  return vector;
}

/** The specified two counts, and whatever else the upstream's object says; empty when it says nothing. */
function usageOf(answer: JsonRecord): JsonRecord {
  const usage = isRecord(answer["usage"]) ? answer["usage"] : {};
  const reported = [
    usage["prompt_tokens"],
    usage["input_tokens"],
    answer["prompt_eval_count"],
    billed(answer),
  ];
  const total = readCount(usage["total_tokens"], ...reported);
  const input = readCount(...reported) ?? total;
  return input === undefined ? usage : { ...usage, prompt_tokens: input, total_tokens: total };
}

/** Cohere's count. */
function billed(answer: JsonRecord): unknown {
  const { meta } = answer;
  const units = isRecord(meta) ? meta["billed_units"] : undefined;
  return isRecord(units) ? units["input_tokens"] : undefined;
}
