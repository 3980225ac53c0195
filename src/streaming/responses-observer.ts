// Watches a Responses stream.

import { readOpenAiUsage } from "../formats/openai-usage.ts";
import { responsesTerminal, type StreamError } from "../formats/terminal-event.ts";
import { NAMELESS_ERROR, readUpstreamError } from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { StreamObserver } from "./observer.ts";
import { quotedKeys, TextMeter } from "./text-meter.ts";
import type { StreamFailure } from "./transform.ts";

const SEQUENCE_NUMBER = Buffer.from('"sequence_number"');

/** Events that announce something without carrying any of the answer. */
const ANNOUNCEMENTS = new Set([
  "response.created",
  "response.queued",
  "response.in_progress",
  "response.content_part.added",
  "response.reasoning_summary_part.added",
  "keepalive",
  "ping",
]);

/** Types of output items that are only filled later; any other item is a call of some tool. */
const EMPTY_ITEMS = new Set(["message", "reasoning"]);

/** What events that end in `.delta` add; the events behind them repeat it all. */
const TEXTS = quotedKeys("delta");

const ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

export class ResponsesObserver implements StreamObserver {
  started = false;
  whole = false;
  ended = false;
  usage: Usage | undefined;
  failure: StreamFailure | undefined;
  readonly #requestId: string;
  readonly #model: string | undefined;
  /** Data of the latest event with a whole response object, and of the latest event: read only if we must end it. */
  #response: Buffer | undefined;
  #latest: Buffer | undefined;
  #failureCode: string | undefined;
  #answerModel: string | undefined;
  readonly #meter = new TextMeter(TEXTS);

  constructor(requestId: string, model: string | undefined) {
    this.#requestId = requestId;
    this.#model = model;
  }

  get textBytes(): number {
    return this.#meter.bytes;
  }

  get answerModel(): string | undefined {
    return this.#answerModel ?? modelOf(this.#begun());
  }

  see(event: SseEvent): boolean {
    const { data } = event;
    const type = event.name ?? typeOf(data);
    if (type === undefined) return false;
    this.#latest = data;
    if (type === "response.created" || type === "response.in_progress") this.#response = Buffer.from(data);
    if (type.endsWith(".delta")) this.#meter.see(data);
    if (ENDS.has(type)) this.#end(type, parseJson(data.toString("utf8")));
    else if (type === "error") this.#fail(parseJson(data.toString("utf8")));
    this.started ||= !ANNOUNCEMENTS.has(type) && !isEmptyItem(type, data);
    return false;
  }

  terminal(error: StreamError): string {
    const { failure } = this;
    return failure === undefined
      ? this.failed(error.code, error.message)
      : this.failed(this.#failureCode ?? "server_error", failure.message);
  }

  /** `response.failed` for this stream, numbered behind the latest event. */
  failed(code: string, message: string): string {
    const response = this.#begun();
    const sequence = this.#latest === undefined ? undefined : sequenceNumber(this.#latest);
    const progress = { response, sequenceNumber: sequence, model: this.#model, requestId: this.#requestId };
    return responsesTerminal({ code, message }, progress);
  }

  /** The response as it stood when it was last told before its end. */
  #begun(): JsonRecord | undefined {
    const value = this.#response === undefined ? undefined : parseJson(this.#response.toString("utf8"));
    return isRecord(value) && isRecord(value["response"]) ? value["response"] : undefined;
  }

  #end(type: string, value: unknown): void {
    const response = isRecord(value) && isRecord(value["response"]) ? value["response"] : {};
    this.usage = readOpenAiUsage(response["usage"]) ?? this.usage;
    this.#answerModel = modelOf(response);
    this.ended = true;
    if (type === "response.failed") this.#fail(response);
    else this.whole = this.failure === undefined;
  }

  #fail(value: unknown): void {
    const error = readUpstreamError(value) ?? NAMELESS_ERROR;
    this.failure ??= { message: error.message, beforeContent: !this.started, status: error.status };
    this.#failureCode ??= error.code ?? undefined;
    this.whole = false;
  }
}

function modelOf(response: JsonRecord | undefined): string | undefined {
  const model = response?.["model"];
  return typeof model === "string" && model !== "" ? model : undefined;
}

function typeOf(data: Buffer): string | undefined {
  const value = parseJson(data.toString("utf8"));
  if (!isRecord(value)) return undefined;
  const { type } = value;
  if (typeof type === "string") return type;
  return value["error"] === undefined ? undefined : "error";
}

function isEmptyItem(type: string, data: Buffer): boolean {
  if (type !== "response.output_item.added") return false;
  const value = parseJson(data.toString("utf8")) as JsonRecord | undefined;
  const item = value?.["item"];
  return isRecord(item) && typeof item["type"] === "string" && EMPTY_ITEMS.has(item["type"]);
}

/** The number is a top-level member, and no event has another of that name. */
function sequenceNumber(data: Buffer): number | undefined {
  const at = data.lastIndexOf(SEQUENCE_NUMBER);
  if (at < 0) return undefined;
  const text = data.toString("latin1", at + SEQUENCE_NUMBER.length, at + SEQUENCE_NUMBER.length + 24);
  const digits = /^\s*:\s*(\d{1,15})/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
