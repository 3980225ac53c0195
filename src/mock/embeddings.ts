// Embeddings: a unit vector made from a hash of each input, the same for the same input on every machine.

import { type JsonObject, optionalCount, optionalString } from "./body.ts";
import { readInputs } from "./inputs.ts";
import { badRequest } from "./refusal.ts";
import { jsonResponse } from "./respond.ts";
import { enterStep, modelOf, type Turn, usageOf } from "./turn.ts";

const DEFAULT_DIMENSIONS = 256;
const MAX_DIMENSIONS = 4096;
const MAX_INPUTS = 2048;
/** Numbers in one answer, so that no request makes a body of hundreds of megabytes. */
const MAX_NUMBERS = 2 ** 21;

export async function answerEmbeddings(turn: Turn, body: JsonObject): Promise<Response> {
  const model = modelOf(turn, optionalString(body, "model"));
  const inputs = readInputs(body, "input");
  const dimensions = optionalCount(body, "dimensions", MAX_DIMENSIONS) ?? DEFAULT_DIMENSIONS;
  const encoding = optionalString(body, "encoding_format") ?? "float";
  if (encoding !== "float" && encoding !== "base64") {
    throw badRequest("`encoding_format` must be `float` or `base64`.", "encoding_format");
  }
  if (inputs.length > MAX_INPUTS || inputs.length * dimensions > MAX_NUMBERS) {
    throw badRequest(`\`input\` may have ${MAX_INPUTS} entries, and ${MAX_NUMBERS} numbers in all.`, "input");
  }
  const promptBytes = inputs.reduce((sum, input) => sum + input.bytes, 0);
  const newest = inputs.map((input) => input.text).join("\n");
  await enterStep(turn, { ...NOTHING_ASKED, endpoint: turn.endpoint, model, newest, promptBytes });

  const data = inputs.map((input, index) => {
    const vector = vectorOf(input.text, dimensions);
    const embedding = encoding === "float" ? Array.from(vector) : base64(vector);
    return { object: "embedding", index, embedding };
  });
  const tokens = usageOf(turn, promptBytes, 0).inputTokens;
  return jsonResponse({
    object: "list",
    data,
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

const NOTHING_ASKED = {
  lastUserMessage: "",
  maxTokens: undefined,
  stop: [],
  forcedTool: undefined,
  schema: undefined,
} as const;

/** A vector of length 1 in single precision: equal texts give equal vectors, others unrelated ones. */
function vectorOf(text: string, dimensions: number): Float32Array {
  let state = hash(text);
  const vector = new Float32Array(dimensions);
  let squares = 0;
  for (let at = 0; at < dimensions; at++) {
    state = (state + 0x9e3779b9) | 0;
    const value = mix(state) / 2 ** 31;
    vector[at] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  for (let at = 0; at < dimensions; at++) vector[at] = (vector[at] ?? 0) / length;
  return vector;
}

/** FNV-1a over the UTF-8 bytes. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text, "utf8")) value = Math.imul(value ^ byte, 0x01000193);
  return value;
}

/** The finalizer of MurmurHash3: neighbouring numbers become unrelated ones, from -2^31 to 2^31 - 1. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Little-endian single-precision numbers, as the specification has it, whatever this machine's order. */
function base64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * Float32Array.BYTES_PER_ELEMENT);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * Float32Array.BYTES_PER_ELEMENT);
  return bytes.toString("base64");
}
