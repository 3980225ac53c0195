// Counts the text of an answer whose usage nobody reports, and finds out which model gave it.

import { asBuffer } from "../lib/as-buffer.ts";
import { memberOf } from "../lib/json-edit.ts";
import { JsonScanError, scanTopLevel, stringAt } from "../lib/json-scan.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import type { EndpointName } from "./table.ts";

/** Where each format keeps what the model wrote. Vectors are no text. */
const PLACES: Partial<Record<EndpointName, string>> = {
  chat: "choices",
  completions: "choices",
  responses: "output",
  messages: "content",
};

/** Members of an answer that the model wrote, if they are text: the answer, its reasoning, arguments of tool calls. */
const TEXTS: ReadonlySet<string> = new Set([
  "content",
  "text",
  "reasoning",
  "reasoning_content",
  "thinking",
  "refusal",
  "arguments",
  "transcript",
]);

/** A member that the model wrote as a whole object: the call of a tool in the Messages API. */
const WRITTEN_OBJECT = "input";

/** Bytes of UTF-8 that the model wrote, in a whole JSON answer; 0 when there is none. Only used when usage is missing. */
export function readAnswerText(endpoint: EndpointName, body: Uint8Array): number {
  const place = PLACES[endpoint];
  if (place === undefined) return 0;
  const answer = parseJson(asBuffer(body).toString("utf8"));
  return isRecord(answer) ? textBytes(answer[place]) : 0;
}

/** The same for the choices of one chunk of a chat or completions stream. */
export function readChunkText({ choices }: JsonRecord): number {
  let bytes = 0;
  if (Array.isArray(choices))
    for (const choice of choices) if (isRecord(choice)) bytes += choiceBytes(choice);
  return bytes;
}

/** Looks at what there may be, instead of going through all that is there: it is done for every chunk. */
function choiceBytes(choice: JsonRecord): number {
  const { delta } = choice;
  if (!isRecord(delta)) return textBytes(choice);
  const { content, reasoning_content, reasoning, refusal, tool_calls } = delta;
  let bytes = typeof content === "string" ? Buffer.byteLength(content) : textBytes(content);
  if (typeof reasoning_content === "string") bytes += Buffer.byteLength(reasoning_content);
  else if (typeof reasoning === "string") bytes += Buffer.byteLength(reasoning);
  if (typeof refusal === "string") bytes += Buffer.byteLength(refusal);
  return tool_calls === undefined ? bytes : bytes + textBytes(tool_calls);
}

function textBytes(value: unknown): number {
  let bytes = 0;
  if (Array.isArray(value)) for (const item of value) bytes += textBytes(item);
  else if (isRecord(value)) for (const key in value) bytes += memberBytes(key, value[key]);
  return bytes;
}

function memberBytes(key: string, value: unknown): number {
  if (typeof value === "string") return TEXTS.has(key) ? Buffer.byteLength(value) : 0;
  if (typeof value !== "object" || value === null) return 0;
  return key === WRITTEN_OBJECT ? Buffer.byteLength(JSON.stringify(value)) : textBytes(value);
}

/** The `model` of a whole JSON answer; undefined when it names none. */
export function readAnswerModel(body: Uint8Array): string | undefined {
  try {
    const text = asBuffer(body).toString("latin1");
    const member = memberOf(scanTopLevel(text), "model");
    return member && (stringAt(text, member.start, member.end) || undefined);
  } catch (error) {
    if (error instanceof JsonScanError) return undefined;
    throw error;
  }
}
