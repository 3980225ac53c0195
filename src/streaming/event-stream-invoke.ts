// Watches an event stream of Bedrock's InvokeModel, whose chunks carry events in the model maker's own format.

import { AnthropicUsage } from "../formats/anthropic-usage.ts";
import { readException } from "../formats/bedrock-error.ts";
import { readInvokeUsage } from "../formats/bedrock-invoke-usage.ts";
import { INVOCATION_METRICS, readConverseUsage, readInvocationMetrics } from "../formats/bedrock-usage.ts";
import { NAMELESS_ERROR, readUpstreamError } from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import type { EventStreamMessage } from "../lib/event-stream.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import { converseTextBytes, textBytesOf } from "./event-stream-converse.ts";
import type { StreamFailure } from "./transform.ts";
import type { FrameObserver } from "./whole-frames.ts";

/** Members that say why an answer ended, by model maker. */
const REASONS = ["stop_reason", "completionReason", "finish_reason", "stopReason"];

export class InvokeObserver implements FrameObserver<EventStreamMessage> {
  started = false;
  failure: StreamFailure | undefined;
  textBytes = 0;
  answerModel: string | undefined;
  readonly #anthropic = new AnthropicUsage();
  #metrics: Usage | undefined;
  /** The last that a chunk of another format told. */
  #told: Usage | undefined;
  #hasStopped = false;

  get whole(): boolean {
    return this.#hasStopped && this.failure === undefined;
  }

  /** Anthropic's own counts know the lifetimes of cache writes; for others the metrics have the last word. */
  get usage(): Usage | undefined {
    const own = this.#anthropic.usage;
    if (own !== undefined && own.doubt === undefined) return own;
    if (this.#metrics !== undefined) return this.#metrics;
    if (own !== undefined) return own;
    const isInterim = this.#told !== undefined && this.#told.doubt === undefined && !this.#hasStopped;
    return isInterim && this.#told !== undefined ? { ...this.#told, doubt: "interim" } : this.#told;
  }

  see(message: EventStreamMessage): void {
    const exception = readException(message);
    if (exception !== undefined) {
      this.#fail(exception.message, exception.status);
      return;
    }
    const wrapped = parseJson(message.payload.toString("utf8"));
    const bytes = isRecord(wrapped) ? wrapped["bytes"] : undefined;
    const value =
      typeof bytes === "string" ? parseJson(Buffer.from(bytes, "base64").toString("utf8")) : undefined;
    if (isRecord(value)) this.#read(value);
  }

  #read(value: JsonRecord): void {
    if (value["type"] === "error") {
      const error = readUpstreamError(value) ?? NAMELESS_ERROR;
      this.#fail(error.message, error.status);
      return;
    }
    const metrics = readInvocationMetrics(value[INVOCATION_METRICS]);
    this.#metrics = metrics ?? this.#metrics;
    if (metrics !== undefined || value["type"] === "message_stop") this.#hasStopped = true;
    const textBefore = this.textBytes;
    if (typeof value["type"] === "string") this.#readAnthropic(value);
    else this.#readOther(value);
    this.started ||= this.#hasStopped || this.textBytes > textBefore;
  }

  #readAnthropic(value: JsonRecord): void {
    const { type, message, usage, delta, content_block: block } = value;
    if (isRecord(message)) {
      this.#anthropic.see(message["usage"], true);
      if (typeof message["model"] === "string") this.answerModel ??= message["model"] || undefined;
    } else this.#anthropic.see(usage);
    if (isRecord(delta))
      this.textBytes += textBytesOf(delta["text"], delta["thinking"], delta["partial_json"]);
    const opensTool = isRecord(block) && block["type"] !== "text" && block["type"] !== "thinking";
    this.started ||= opensTool || type === "content_block_delta" || type === "message_delta";
  }

  #readOther(value: JsonRecord): void {
    const { generation, outputText, completion, contentBlockDelta, metadata, choices, outputs } = value;
    this.#told =
      (isRecord(metadata) ? readConverseUsage(metadata["usage"]) : undefined) ??
      readInvokeUsage(value) ??
      this.#told;
    this.textBytes += textBytesOf(generation, outputText, completion, value["text"]);
    if (isRecord(contentBlockDelta)) this.textBytes += converseTextBytes(contentBlockDelta["delta"]);
    const parts = [choices, outputs].flatMap((list) => (Array.isArray(list) ? list.filter(isRecord) : []));
    for (const part of parts) this.textBytes += partTextBytes(part);
    if ([value, value["messageStop"], ...parts].some(hasReason)) this.#hasStopped = true;
  }

  #fail(message: string, status: number | undefined): void {
    this.failure ??= { message, status, beforeContent: !this.started };
    this.started = true;
  }
}

/** One of OpenAI's choices, or of Mistral's outputs. */
function partTextBytes({ text, delta, message }: JsonRecord): number {
  const inner = isRecord(delta) ? delta : isRecord(message) ? message : {};
  return textBytesOf(text, inner["content"], inner["reasoning_content"], inner["reasoning"]);
}

function hasReason(value: unknown): boolean {
  return isRecord(value) && REASONS.some((key) => typeof value[key] === "string" && value[key] !== "");
}
