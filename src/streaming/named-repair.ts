// Repairs streams whose events are named by their type: Responses, Messages.

import type { StreamError } from "../formats/terminal-event.ts";
import {
  isErrorAnswer,
  NAMELESS_ERROR,
  readUpstreamError,
  type UpstreamError,
} from "../formats/upstream-error.ts";
import type { Usage } from "../formats/usage.ts";
import type { ByteOutput } from "../lib/byte-output.ts";
import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { writeData, writeLine } from "./event-writer.ts";
import type { Frame, JsonFrame } from "./frame.ts";
import type { StreamObserver } from "./observer.ts";
import type { FrameRepair } from "./repair.ts";
import { StrayText } from "./stray-text.ts";
import type { StreamFailure } from "./transform.ts";

/** What differs between the formats. */
export interface NamedRules {
  /** Watches what is sent, and writes the errors. */
  readonly observer: StreamObserver;
  /** Type of the event that a stream lacks which stopped properly otherwise; undefined when it does not. */
  readonly missingEnd: () => string | undefined;
  /** The events of a whole answer that came in place of a stream; undefined when the value is none. */
  readonly eventsOf: (value: JsonRecord) => readonly JsonRecord[] | undefined;
  /** Whether an error is in the format's own shape, and passes as it is. */
  readonly isOwnError: (value: JsonRecord) => boolean;
  /** The event that ends a stream with an upstream's error that is not in the format's own shape. */
  readonly failure: (error: UpstreamError) => string;
}

/** A type that can be the name of an event: above all, it is one line. */
const TYPE = /^[\w.:/-]+$/;
const NOT_JSON = "The upstream sent an event that is not JSON.";
const DATA_PREFIX_BYTES = "data: ".length;

export class NamedRepair implements FrameRepair {
  readonly #rules: NamedRules;
  readonly #stray = new StrayText();
  #failure: StreamFailure | undefined;

  constructor(rules: NamedRules) {
    this.#rules = rules;
  }

  get started(): boolean {
    return this.#failure !== undefined || this.#rules.observer.started;
  }

  get usage(): Usage | undefined {
    return this.#rules.observer.usage;
  }

  get textBytes(): number {
    return this.#rules.observer.textBytes;
  }

  get answerModel(): string | undefined {
    return this.#rules.observer.answerModel;
  }

  get failure(): StreamFailure | undefined {
    return this.#failure ?? this.#rules.observer.failure;
  }

  get whole(): boolean {
    return this.#failure === undefined && this.#rules.observer.whole;
  }

  frame(frame: Frame, output: ByteOutput): void {
    if (this.#failure !== undefined) return;
    switch (frame.kind) {
      case "json":
        this.#json(frame, output);
        break;
      case "done":
        // Belongs to another format; harmless as it should be, an error in any other spelling.
        if (frame.line !== undefined) writeLine(output, frame.line);
        break;
      case "error":
        this.#fail(frame.value, output);
        break;
      case "broken":
        this.#fail({ message: NOT_JSON }, output);
        break;
      case "text":
        if (frame.name === "error") this.#fail({ message: frame.text }, output);
        else this.#stray.add(frame.text);
        break;
    }
  }

  end(error: StreamError, output: ByteOutput): void {
    const { observer, missingEnd } = this.#rules;
    if (this.#failure !== undefined || observer.ended) return;
    const type = missingEnd();
    if (type !== undefined) this.#send(type, JSON.stringify({ type }), output);
    else if (!observer.started && observer.failure === undefined && !this.#stray.isEmpty)
      this.#fail(this.#stray.error, output);
    else output.write(observer.terminal(error));
  }

  #json(frame: JsonFrame, output: ByteOutput): void {
    const { value, line, nameLine, name } = frame;
    if (!isRecord(value)) {
      if (isErrorAnswer(value)) this.#fail(value, output);
      return;
    }
    if ((name === "error" || isErrorAnswer(value)) && !this.#rules.isOwnError(value)) {
      this.#fail(value, output);
      return;
    }
    const events = this.#rules.eventsOf(value);
    if (events !== undefined) {
      for (const event of events) this.#send(String(event["type"]), JSON.stringify(event), output);
      return;
    }
    const { type } = value;
    const event = typeof type === "string" && TYPE.test(type) ? type : name;
    if (event === undefined) return;
    if (line === undefined || nameLine === undefined || event !== name) {
      this.#send(event, frame.text, output);
      return;
    }
    const data = line.bytes.subarray(line.start + DATA_PREFIX_BYTES, line.end);
    this.#rules.observer.see({ name: event, data: Buffer.from(data.buffer, data.byteOffset, data.length) });
    output.keep(nameLine.bytes, nameLine.start, nameLine.end);
    writeLine(output, line);
  }

  #send(type: string, json: string, output: ByteOutput): void {
    this.#rules.observer.see({ name: type, data: Buffer.from(json, "utf8") });
    output.write(`event: ${type}\n`);
    writeData(output, json);
  }

  /** An error that is no event of this format: it becomes one, and ends the stream. */
  #fail(value: unknown, output: ByteOutput): void {
    const error = readUpstreamError(value) ?? NAMELESS_ERROR;
    this.#failure = { message: error.message, beforeContent: !this.started, status: error.status };
    output.write(this.#rules.failure(error));
  }
}
