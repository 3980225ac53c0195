// Watches an event stream of Bedrock's Converse.

import { readException } from "../formats/bedrock-error.ts";
import { readConverseUsage } from "../formats/bedrock-usage.ts";
import type { Usage } from "../formats/usage.ts";
import type { EventStreamMessage } from "../lib/event-stream.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import type { StreamFailure } from "./transform.ts";
import type { FrameObserver } from "./whole-frames.ts";

export class ConverseObserver implements FrameObserver<EventStreamMessage> {
  started = false;
  failure: StreamFailure | undefined;
  usage: Usage | undefined;
  textBytes = 0;
  /** Such a stream names no model. */
  readonly answerModel = undefined;
  #hasStopped = false;

  get whole(): boolean {
    return this.#hasStopped && this.failure === undefined;
  }

  see(message: EventStreamMessage): void {
    const exception = readException(message);
    if (exception !== undefined) {
      this.failure ??= { ...exception, beforeContent: !this.started };
      this.started = true;
      return;
    }
    const type = message.headers.get(":event-type");
    const value = parseJson(message.payload.toString("utf8"));
    if (type === "messageStop" || type === "metadata") this.#hasStopped = true;
    if (isRecord(value)) this.#read(type, value);
    this.started ||= this.#hasStopped;
  }

  #read(type: string | undefined, value: JsonRecord): void {
    if (type === "metadata") this.usage = readConverseUsage(value["usage"]) ?? this.usage;
    if (type === "contentBlockDelta") {
      this.textBytes += converseTextBytes(value["delta"]);
      this.started = true;
    }
    if (type === "contentBlockStart" && isRecord(value["start"])) this.started = true;
  }
}

/** Bytes of text in a delta of Converse, which Nova's own streams have, too. */
export function converseTextBytes(delta: unknown): number {
  if (!isRecord(delta)) return 0;
  const { text, toolUse, reasoningContent } = delta;
  return textBytesOf(
    text,
    isRecord(toolUse) ? toolUse["input"] : undefined,
    isRecord(reasoningContent) ? reasoningContent["text"] : undefined,
  );
}

/** UTF-8 bytes of those that are strings. */
export function textBytesOf(...values: readonly unknown[]): number {
  return values.reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? Buffer.byteLength(value) : 0),
    0,
  );
}
