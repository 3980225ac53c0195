// Watches a stream of Anthropic's Messages API.

import { AnthropicUsage } from "../formats/anthropic-usage.ts";
import { anthropicTerminal, type StreamError } from "../formats/terminal-event.ts";
import { NAMELESS_ERROR, readUpstreamError } from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import { hasObject } from "../lib/json-find.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { StreamObserver } from "./observer.ts";
import { quotedKeys, TextMeter } from "./text-meter.ts";
import type { StreamFailure } from "./transform.ts";

const USAGE = Buffer.from('"usage"');

/** Members of a delta that hold text. */
const TEXTS = quotedKeys("text", "partial_json", "thinking");

export class MessagesObserver implements StreamObserver {
  started = false;
  whole = false;
  failure: StreamFailure | undefined;
  /** A reason why the answer stopped has come, if not yet the last event. */
  stopped = false;
  answerModel: string | undefined;
  readonly #meter = new TextMeter(TEXTS);
  readonly #usage = new AnthropicUsage();
  readonly #requestId: string;

  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  get usage(): Usage | undefined {
    return this.#usage.usage;
  }

  get textBytes(): number {
    return this.#meter.bytes;
  }

  get ended(): boolean {
    return this.whole || this.failure !== undefined;
  }

  see(event: SseEvent): boolean {
    const { data } = event;
    const special = event.name === undefined || !this.started || event.name === "error";
    const value = special || hasObject(data, USAGE) ? parseJson(data.toString("utf8")) : undefined;
    const type = event.name ?? typeOf(value);
    if (type === "message_stop") this.whole = this.failure === undefined;
    if (type === "error") this.#fail(value);
    if (type === "content_block_delta") this.#meter.see(data);
    if (isRecord(value)) this.#read(type, value);
    return false;
  }

  terminal(error: StreamError): string {
    return anthropicTerminal(error, this.#requestId);
  }

  #read(type: string | undefined, value: Record<string, unknown>): void {
    const { message, usage, delta, content_block: block } = value;
    if (isRecord(message)) {
      this.#usage.see(message["usage"], true);
      if (typeof message["model"] === "string") this.answerModel ??= message["model"] || undefined;
    } else this.#usage.see(usage);
    if (type === "message_delta" && isRecord(delta) && typeof delta["stop_reason"] === "string")
      this.stopped = true;
    const opensTool = isRecord(block) && block["type"] !== "text" && block["type"] !== "thinking";
    this.started ||=
      type === "content_block_delta" || type === "message_delta" || type === "message_stop" || opensTool;
  }

  #fail(value: unknown): void {
    const error = readUpstreamError(value) ?? NAMELESS_ERROR;
    this.failure ??= { message: error.message, beforeContent: !this.started, status: error.status };
    this.started = true;
    this.whole = false;
  }
}

function typeOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const { type } = value;
  if (typeof type === "string") return type;
  return value["error"] === undefined ? undefined : "error";
}
