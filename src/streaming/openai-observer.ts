// Watches a chat or completions stream.

import { hasContent, isDone, isUsageChunk, readChunkUsage } from "../formats/openai-chunk.ts";
import { openAiTerminal, type StreamError } from "../formats/terminal-event.ts";
import { isErrorAnswer, NAMELESS_ERROR, readUpstreamError } from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import { hasObject } from "../lib/json-find.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { StreamObserver } from "./observer.ts";
import { quotedKeys, TextMeter } from "./text-meter.ts";
import type { StreamFailure } from "./transform.ts";

const USAGE = Buffer.from('"usage"');
const ERROR = Buffer.from('"error"');
const FINISH = Buffer.from('"finish_reason"');
const QUOTE = 0x22;

/** Members of a delta, or of a choice, that hold text. */
const TEXTS = quotedKeys("content", "text", "reasoning_content", "reasoning", "arguments", "refusal");

export class OpenAiObserver implements StreamObserver {
  started = false;
  whole = false;
  /** `[DONE]` has come; until then, further choices may go on. */
  finished = false;
  usage: Usage | undefined;
  failure: StreamFailure | undefined;
  answerModel: string | undefined;
  readonly #meter = new TextMeter(TEXTS);

  get textBytes(): number {
    return this.#meter.bytes;
  }

  get ended(): boolean {
    return this.whole || this.failure !== undefined;
  }

  /** Once the answer has begun, only events that bytes show to be special are parsed. */
  see(event: SseEvent): boolean {
    const { data, name } = event;
    if (data.length < 16 && isDone(data.toString("latin1"))) {
      this.started = true;
      this.finished = true;
      this.whole ||= this.failure === undefined;
      return false;
    }
    this.whole ||= this.failure === undefined && hasFinishReason(data);
    this.#meter.see(data);
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
    this.usage = readChunkUsage(value) ?? this.usage;
    if (typeof value["model"] === "string") this.answerModel ??= value["model"] || undefined;
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
