// Repairs chat and completions streams.

import { readChunkText } from "../formats/answer-text.ts";
import { dropNestedUsage, hasContent } from "../formats/openai-chunk.ts";
import { DONE_EVENT, openAiTerminal, type StreamError } from "../formats/terminal-event.ts";
import {
  asOpenAiError,
  isErrorAnswer,
  isInEnvelope,
  NAMELESS_ERROR,
  readUpstreamError,
} from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import type { ByteOutput } from "../lib/byte-output.ts";
import { isRecord, type JsonRecord, setMember } from "../lib/json-value.ts";
import type { Stretch } from "../lib/sse.ts";
import { ChoiceRepair, choiceIndex } from "./choice-repair.ts";
import { ChunkIdentity } from "./chunk-identity.ts";
import { writeData, writeLine } from "./event-writer.ts";
import type { Frame, JsonFrame } from "./frame.ts";
import type { FrameRepair } from "./repair.ts";
import { StrayText } from "./stray-text.ts";
import type { StreamFailure, StreamOptions } from "./transform.ts";
import { UsageChunk } from "./usage-chunk.ts";

/** Further choices pass as they are, so that an endless stream of them takes no memory. */
const MAX_CHOICES = 1000;

/** Status to shape an error by that came with a 200 and names none itself. */
const UNKNOWN_STATUS = 500;

export class OpenAiRepair implements FrameRepair {
  started = false;
  whole = false;
  failure: StreamFailure | undefined;
  textBytes = 0;
  answerModel: string | undefined;

  readonly #chat: boolean;
  readonly #requestId: string;
  readonly #identity: ChunkIdentity;
  readonly #usage: UsageChunk;
  readonly #choices = new Map<number, ChoiceRepair>();
  readonly #stray = new StrayText();
  /** The client has its last event: what follows is only read for its usage. */
  #closed = false;
  /** Something needed repair already. */
  #drifted = false;

  constructor(options: StreamOptions) {
    this.#chat = options.endpoint === "chat";
    this.#requestId = options.requestId;
    this.#identity = new ChunkIdentity(this.#chat, options.requestId, options.model);
    this.#usage = new UsageChunk(options.hideUsage);
  }

  get usage(): Usage | undefined {
    return this.#usage.usage;
  }

  frame(frame: Frame, output: ByteOutput): void {
    if (this.#closed) {
      if (frame.kind === "json" && isRecord(frame.value)) this.#usage.see(frame.value);
      return;
    }
    switch (frame.kind) {
      case "json":
        this.#json(frame, output);
        break;
      case "done":
        this.#finish(frame.line, output);
        break;
      case "error":
        this.#fail(frame.value, undefined, output);
        break;
      case "broken":
        this.#fail({ message: "The upstream sent an event that is not JSON." }, undefined, output);
        break;
      case "text":
        if (frame.name === "error") this.#fail({ message: frame.text }, undefined, output);
        else this.#stray.add(frame.text);
        break;
    }
  }

  end(error: StreamError, output: ByteOutput): void {
    if (this.#closed) return;
    if (this.#choices.values().some((choice) => choice.finished)) {
      this.#finish(undefined, output);
      return;
    }
    if (this.#choices.size === 0 && !this.#stray.isEmpty) {
      this.#fail(this.#stray.error, undefined, output);
      return;
    }
    output.write(openAiTerminal(error));
    this.#closed = true;
  }

  #json(frame: JsonFrame, output: ByteOutput): void {
    const { value } = frame;
    if (isRecord(value)) this.#usage.see(value);
    if (frame.name === "error" || isErrorAnswer(value)) {
      this.#fail(value, frame.line, output);
      return;
    }
    if (!isRecord(value) || !isChunk(value)) return;
    this.started ||= Array.isArray(value["choices"]) && value["choices"].some(hasContent);
    this.textBytes += readChunkText(value);
    if (typeof value["model"] === "string") this.answerModel ??= value["model"] || undefined;
    const changed = this.#chunk(value);
    if (changed || frame.line === undefined) this.#drifted = true;
    if (isRecord(value["usage"])) this.#usage.hold(frame, value, changed);
    else if (frame.line !== undefined && !changed) writeLine(output, frame.line);
    else writeData(output, changed ? JSON.stringify(value) : frame.text);
  }

  /** Repairs a chunk in place; true when something had to be changed. Usage stays only on a chunk without choices. */
  #chunk(chunk: JsonRecord): boolean {
    let changed = dropNestedUsage(chunk);
    const { choices } = chunk;
    // Azure opens its streams with a chunk of empty members and no choice; clients know it.
    if (Array.isArray(choices) && choices.length === 0 && !isRecord(chunk["usage"])) return changed;
    const list =
      Array.isArray(choices) && choices.every(isRecord) ? choices : [choices].flat().filter(isRecord);
    if (list !== choices) changed = setMember(chunk, "choices", list);
    if (this.#identity.repair(chunk)) changed = true;
    if (list.length > 0 && isRecord(chunk["usage"])) {
      delete chunk["usage"];
      changed = true;
    }
    let place = 0;
    for (const choice of list) if (this.#choice(choice, place++)) changed = true;
    return changed;
  }

  #choice(choice: JsonRecord, place: number): boolean {
    const index = choiceIndex(choice, place);
    const known = this.#choices.get(index);
    if (known === undefined && this.#choices.size >= MAX_CHOICES) return false;
    const repair = known ?? new ChoiceRepair((call) => this.#callId(index, call));
    this.#choices.set(index, repair);
    const changed = setMember(choice, "index", index);
    return (this.#chat ? repair.chat(choice, this.#drifted) : repair.completion(choice)) || changed;
  }

  /** An id for a tool call that came without one; at most 64 characters, as OpenAI limits them. */
  #callId(choice: number, call: number): string {
    const unique = this.#requestId.replace(/[^A-Za-z0-9]/g, "").slice(-32);
    return `call_${unique}_${choice}_${call}`;
  }

  /** The end: reasons that never came, usage, and the mark that clients wait for. */
  #finish(line: Stretch | undefined, output: ByteOutput): void {
    const missing: JsonRecord[] = [];
    for (const [index, choice] of this.#choices) {
      if (choice.finished) continue;
      const content = this.#chat ? { delta: {} } : { text: "" };
      missing.push({ index, ...content, logprobs: null, finish_reason: choice.missingReason });
    }
    if (missing.length > 0) writeData(output, JSON.stringify(this.#identity.chunk({ choices: missing })));
    this.#usage.write(output, this.#identity);
    if (line === undefined) output.write(DONE_EVENT);
    else writeLine(output, line);
    this.#closed = true;
    this.started = true;
    this.whole = true;
  }

  /** The upstream's own error, in the envelope; nothing may follow it but the end. */
  #fail(value: unknown, line: Stretch | undefined, output: ByteOutput): void {
    const error = readUpstreamError(value) ?? NAMELESS_ERROR;
    this.failure = { message: error.message, beforeContent: !this.started, status: error.status };
    if (line !== undefined && isInEnvelope(value)) writeLine(output, line);
    else writeData(output, JSON.stringify({ error: asOpenAiError(error, UNKNOWN_STATUS) }));
    output.write(DONE_EVENT);
    this.#closed = true;
    this.started = true;
  }
}

/** As against a ping or a proxy's own message. */
function isChunk(value: JsonRecord): boolean {
  const { object } = value;
  return (
    "choices" in value ||
    isRecord(value["usage"]) ||
    (typeof object === "string" && object.includes("completion"))
  );
}
