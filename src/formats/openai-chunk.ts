// Facts about one chunk of a chat or completions stream.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { readOpenAiUsage } from "./openai-usage.ts";
import type { Usage } from "./usage.ts";

/** `[DONE]` in the spellings servers send: any case, with or without brackets, spaces around it. */
export function isDone(text: string): boolean {
  return text.length < 16 && /^\s*(?:\[done\]|done)\s*$/i.test(text);
}

/** The object that tells a chunk's usage, wherever it stands: in the specified place, or in Groq's. */
export function usageObject(chunk: JsonRecord): JsonRecord | undefined {
  const { usage, x_groq: groq } = chunk;
  if (isRecord(usage) && readOpenAiUsage(usage) !== undefined) return usage;
  return isRecord(groq) && isRecord(groq["usage"]) ? groq["usage"] : undefined;
}

/** The usage that a chunk tells. Beside a choice that goes on it is interim: some servers count on every chunk. */
export function readChunkUsage(chunk: JsonRecord): Usage | undefined {
  const usage = readOpenAiUsage(usageObject(chunk));
  const { choices } = chunk;
  if (usage === undefined || usage.doubt !== undefined || !Array.isArray(choices)) return usage;
  const goesOn = choices.length > 0 && !choices.some(isFinished);
  return goesOn ? { ...usage, doubt: "interim" } : usage;
}

function isFinished(choice: unknown): boolean {
  return isRecord(choice) && typeof choice["finish_reason"] === "string" && choice["finish_reason"] !== "";
}

/** Takes usage out of Groq's place for it: it leaves in the specified place, or not at all. True when there was some. */
export function dropNestedUsage(chunk: JsonRecord): boolean {
  const { x_groq: groq } = chunk;
  if (!isRecord(groq) || !isRecord(groq["usage"])) return false;
  delete groq["usage"];
  return true;
}

/** The extra chunk of `include_usage`: it carries usage and no choice. */
export function isUsageChunk(chunk: JsonRecord): boolean {
  const { choices } = chunk;
  return Array.isArray(choices) && choices.length === 0 && isRecord(chunk["usage"]);
}

/** Whether a choice carries part of the answer, or ends it; a role or empty text alone does not. */
export function hasContent(choice: unknown): boolean {
  if (!isRecord(choice)) return false;
  const { delta, text, message, finish_reason: finish } = choice;
  if (typeof finish === "string" && finish !== "") return true;
  if (typeof text === "string" && text !== "") return true;
  return carries(delta) || carries(message);
}

function carries(part: unknown): boolean {
  if (!isRecord(part)) return false;
  for (const key in part) if (key !== "role" && isFilled(part[key])) return true;
  return false;
}

function isFilled(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return false;
  return !Array.isArray(value) || value.length > 0;
}
