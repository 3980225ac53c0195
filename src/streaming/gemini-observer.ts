// Watches a stream of Gemini's API, whichever way its pieces are framed.

import { geminiTerminal } from "../formats/gemini-error.ts";
import { GeminiUsage } from "../formats/gemini-usage.ts";
import type { StreamError } from "../formats/terminal-event.ts";
import { NAMELESS_ERROR, readUpstreamError } from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import type { StreamObserver } from "./observer.ts";
import type { StreamFailure } from "./transform.ts";

export class GeminiObserver implements StreamObserver {
  started = false;
  failure: StreamFailure | undefined;
  textBytes = 0;
  answerModel: string | undefined;
  readonly #usage = new GeminiUsage();
  readonly #requestId: string;
  /** Answers that go on, and those that have ended, by their index; a refused prompt stands among the ended. */
  readonly #open = new Set<number>();
  readonly #ended = new Set<number>();

  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  get usage(): Usage | undefined {
    return this.#usage.usage;
  }

  /** Every answer that began has its reason to end; a refused prompt has none, and a reason of its own. */
  get whole(): boolean {
    return this.#ended.size > 0 && this.#open.size === 0 && this.failure === undefined;
  }

  get ended(): boolean {
    return this.failure !== undefined;
  }

  /** Takes note of an event, or of one object of the array. */
  see({ data }: { readonly data: Buffer }): boolean {
    const value = parseJson(data.toString("utf8"));
    if (isRecord(value)) this.#read(value);
    return false;
  }

  terminal(error: StreamError): string {
    return geminiTerminal(error, this.#requestId);
  }

  #read(value: JsonRecord): void {
    if (value["error"] !== undefined && value["error"] !== null) {
      this.#fail(value);
      return;
    }
    const { candidates, promptFeedback, modelVersion } = value;
    if (typeof modelVersion === "string") this.answerModel ??= modelVersion || undefined;
    if (isRecord(promptFeedback) && typeof promptFeedback["blockReason"] === "string")
      this.#end(REFUSED_PROMPT);
    if (Array.isArray(candidates))
      for (const candidate of candidates) if (isRecord(candidate)) this.#seeCandidate(candidate);
    this.#usage.see(value["usageMetadata"], !this.whole);
  }

  #seeCandidate({ index, content, finishReason }: JsonRecord): void {
    const parts = isRecord(content) ? content["parts"] : undefined;
    if (Array.isArray(parts)) for (const part of parts) if (isRecord(part)) this.#seePart(part);
    const isEnd = typeof finishReason === "string" && !UNFINISHED.has(finishReason);
    // An index that is none is the first one's, which servers leave out.
    const place = typeof index === "number" && index > 0 && index <= MAX_INDEX ? index : 0;
    if (isEnd) this.#end(place);
    else if (!this.#ended.has(place)) this.#open.add(place);
  }

  #seePart(part: JsonRecord): void {
    const { text, functionCall, executableCode } = part;
    if (typeof text === "string") this.textBytes += Buffer.byteLength(text);
    if (isRecord(functionCall))
      this.textBytes += Buffer.byteLength(JSON.stringify(functionCall["args"] ?? ""));
    if (isRecord(executableCode) && typeof executableCode["code"] === "string")
      this.textBytes += Buffer.byteLength(executableCode["code"]);
    // A part with an empty text opens nothing; one with anything else is content.
    this.started ||= typeof text === "string" ? text !== "" : Object.keys(part).length > 0;
  }

  #end(index: number): void {
    this.#open.delete(index);
    this.#ended.add(index);
    this.started = true;
  }

  #fail(value: JsonRecord): void {
    const error = readUpstreamError(value) ?? NAMELESS_ERROR;
    this.failure ??= { message: error.message, beforeContent: !this.started, status: error.status };
    this.started = true;
  }
}

/** More answers than can be asked for. */
const MAX_INDEX = 255;

const REFUSED_PROMPT = -1;

/** Not reasons to end. */
const UNFINISHED = new Set(["", "FINISH_REASON_UNSPECIFIED"]);
