// Makes one chat or completions answer of its repaired chunks.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";

/** Undefined when there is no chunk. */
export function assembleChat(chunks: readonly JsonRecord[]): JsonRecord | undefined {
  return assemble(chunks, "chat.completion");
}

export function assembleCompletion(chunks: readonly JsonRecord[]): JsonRecord | undefined {
  return assemble(chunks, "text_completion");
}

function assemble(chunks: readonly JsonRecord[], object: string): JsonRecord | undefined {
  if (chunks.length === 0) return undefined;
  const answer: JsonRecord = {};
  const choices = new Map<number, ChoiceAssembly>();
  for (const chunk of chunks) {
    for (const [key, value] of Object.entries(chunk))
      if (key !== "choices" && value !== null && value !== "") answer[key] = value;
    const list = Array.isArray(chunk["choices"]) ? chunk["choices"].filter(isRecord) : [];
    for (const piece of list) {
      const index = Number(piece["index"]);
      const choice = choices.get(index) ?? new ChoiceAssembly(index);
      choices.set(index, choice);
      choice.add(piece);
    }
  }
  const inOrder = [...choices.values()].toSorted((a, b) => a.index - b.index);
  return { ...answer, object, choices: inOrder.map((choice) => choice.toJson()) };
}

class ChoiceAssembly {
  readonly index: number;
  #message: JsonRecord | undefined;
  #text: string | undefined;
  #finishReason: unknown = null;
  #logprobs: unknown = null;
  readonly #calls = new Map<unknown, JsonRecord>();

  constructor(index: number) {
    this.index = index;
  }

  add(piece: JsonRecord): void {
    const { delta, text, finish_reason, logprobs } = piece;
    if (isRecord(delta)) this.#addDelta(delta);
    if (typeof text === "string") this.#text = (this.#text ?? "") + text;
    this.#finishReason = finish_reason ?? this.#finishReason;
    if (!isRecord(logprobs)) return;
    if (isRecord(this.#logprobs)) extend(this.#logprobs, logprobs);
    else this.#logprobs = logprobs;
  }

  toJson(): JsonRecord {
    const message = this.#message && { message: { ...this.#message, ...this.#toolCalls() } };
    const text = this.#text === undefined ? {} : { text: this.#text };
    return {
      index: this.index,
      ...message,
      ...text,
      logprobs: this.#logprobs,
      finish_reason: this.#finishReason,
    };
  }

  #toolCalls(): JsonRecord {
    return this.#calls.size === 0 ? {} : { tool_calls: [...this.#calls.values()] };
  }

  /** Texts grow, tool calls are put together by their index, anything else is what was said last. */
  #addDelta(delta: JsonRecord): void {
    this.#message ??= { role: "assistant", content: null };
    const message = this.#message;
    for (const [key, value] of Object.entries(delta)) {
      const before = message[key];
      if (key === "tool_calls" && Array.isArray(value)) for (const call of value) this.#addCall(call);
      else if (key !== "role" && typeof value === "string" && typeof before === "string")
        message[key] = before + value;
      else if (value !== null) message[key] = value;
    }
  }

  #addCall(piece: unknown): void {
    if (!isRecord(piece)) return;
    const { index, ...members } = piece;
    const call = this.#calls.get(index);
    if (call === undefined) this.#calls.set(index, members);
    else if (isRecord(call["function"]) && isRecord(members["function"])) {
      const { arguments: more } = members["function"];
      if (typeof more === "string") call["function"]["arguments"] = `${call["function"]["arguments"]}${more}`;
    }
  }
}

/** Lists grow (one entry per token), anything else is what was said last. */
function extend(logprobs: JsonRecord, more: JsonRecord): void {
  for (const [key, value] of Object.entries(more)) {
    const list = logprobs[key];
    if (Array.isArray(list) && Array.isArray(value)) for (const entry of value) list.push(entry);
    else logprobs[key] = value;
  }
}
