// Reads a list of models in any of the shapes servers send, and brings it into the specified one.

import { asBuffer } from "../lib/as-buffer.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";

/**
 * Ids in the list's order, each once: OpenAI's, vLLM's and Anthropic's `data`, Together's bare array, llama-server's
 * and Ollama's `models`, Gemini's names without their `models/`. Undefined when the body is no list of models.
 */
export function readModelIds(body: Uint8Array): readonly string[] | undefined {
  const value = parseJson(asBuffer(body).toString("utf8"));
  const list = listOf(value);
  if (list === undefined) return undefined;
  const ids = list.map(filledId).filter((id) => id !== undefined);
  return [...new Set(ids as string[])];
}

/**
 * The list as the specification has it: the same bytes when it is so already, else with every model's further members
 * kept. Undefined when the body is no list of models.
 *
 * @param owner for models that name none
 */
export function toSpecifiedModels(body: Uint8Array, owner: string): Uint8Array | undefined {
  const value = parseJson(asBuffer(body).toString("utf8"));
  const list = listOf(value);
  if (list === undefined) return undefined;
  const { models, ...top } = isRecord(value) ? value : {};
  const entries = list.filter((entry) => filledId(entry) !== undefined);
  if (top["object"] === "list" && top["data"] === list && entries.every(isSpecified)) return body;
  const data = entries.map((entry) => ({
    ...(isRecord(entry) ? entry : {}),
    id: filledId(entry),
    object: "model",
    created: isRecord(entry) && Number.isInteger(entry["created"]) ? entry["created"] : 0,
    owned_by: isRecord(entry) && typeof entry["owned_by"] === "string" ? entry["owned_by"] : owner,
  }));
  return Buffer.from(JSON.stringify({ ...top, object: "list", data }), "utf8");
}

/** What clients rely on; many servers leave `created` and `owned_by` out, and nobody minds. */
function isSpecified(entry: unknown): boolean {
  return isRecord(entry) && typeof entry["id"] === "string";
}

function filledId(entry: unknown): string | undefined {
  const id = idOf(entry);
  return id === "" ? undefined : id;
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
