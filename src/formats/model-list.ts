// Reads the ids out of a list of models, in any of the shapes servers send.

import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";

/**
 * Ids in the list's order, each once: OpenAI's, vLLM's and Anthropic's `data`, Together's bare array, llama-server's
 * and Ollama's `models`, Gemini's names without their `models/`. Undefined when the body is no list of models.
 */
export function readModelIds(body: Uint8Array): readonly string[] | undefined {
  const value = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  const list = listOf(value);
  if (list === undefined) return undefined;
  const ids = list.map(idOf).filter((id) => id !== undefined && id !== "");
  return [...new Set(ids as string[])];
}

function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return undefined;
  for (const key of ["data", "models"]) if (Array.isArray(value[key])) return value[key];
  // Ollama says `data: null` when it has no models; some servers nest the list once more.
  if (isRecord(value["data"])) return listOf(value["data"]);
  return "data" in value && value["data"] === null ? [] : undefined;
}

function idOf(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (!isRecord(entry)) return undefined;
  const id = firstText(entry, ["id", "name", "model"]);
  return id?.startsWith("models/") ? id.slice("models/".length) : id;
}

function firstText(entry: JsonRecord, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = entry[key];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
