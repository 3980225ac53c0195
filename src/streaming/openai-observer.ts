// Watches a chat or completions stream.

import { hasContent, isDone, isUsageChunk, usageObject } from "../formats/openai-chunk.ts";
import { readOpenAiUsage } from "../formats/openai-usage.ts";
import { openAiTerminal, type StreamError } from "../formats/terminal-event.ts";
import { isErrorAnswer, NAMELESS_ERROR, readUpstreamError } from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import { hasObject } from "../lib/json-find.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { StreamObserver } from "./observer.ts";
import type { StreamFailure } from "./transform.ts";

const USAGE = Buffer.from('"usage"');
const ERROR = Buffer.from('"error"');
const FINISH = Buffer.from('"finish_reason"');
const QUOTE = 0x22;

export class OpenAiObserver implements StreamObserver {
  started = false;
  whole = false;
  usage: Usage | undefined;
  failure: StreamFailure | undefined;

  get ended(): boolean {
    return this.whole || this.failure !== undefined;
  }

  /** Once the answer has begun, only events that bytes show to be special are parsed. */
  see(event: SseEvent): boolean {
    const { data, name } = event;
    if (data.length < 16 && isDone(data.toString("latin1"))) {
      this.started = true;
      this.whole ||= this.failure === undefined;
      return false;
    }
    this.whole ||= this.failure === undefined && hasFinishReason(data);
    if (this.started && name !== "error" && !hasObject(data, USAGE) && !data.includes(ERROR)) return false;
    return this.#read(parseJson(data.toString("utf8")), name);
  }

  terminal(error: StreamError): string {
    return openAiTerminal(error);
  }

  #read(value: unknown, name: string | undefined): boolean {
    if (name === "error" || isErrorAnswer(value)) {
      this.#fail(value);
      return false;
    }
    if (!isRecord(value)) return false;
    this.usage = readOpenAiUsage(usageObject(value)) ?? this.usage;
    const { choices } = value;
    this.started ||= Array.isArray(choices) && choices.some(hasContent);
    return isUsageChunk(value);
  }

  #fail(value: unknown): void {
    const error = readUpstreamError(value) ?? NAMELESS_ERROR;
    this.failure ??= { message: error.message, beforeContent: !this.started, status: error.status };
    this.started = true;
    this.whole = false;
  }
}

/** Whether a choice of this chunk has a reason, told from the bytes: `null` and `""` are none. */
function hasFinishReason(data: Buffer): boolean {
  for (let at = data.indexOf(FINISH); at >= 0; at = data.indexOf(FINISH, at + 1)) {
    let value = at + FINISH.length;
    while (data[value] === 0x20 || data[value] === 0x3a) value++;
    if (data[value] === QUOTE && data[value + 1] !== QUOTE) return true;
  }
  return false;
}
