// What a stream sample is, and how what comes out of it is read.

import type { EndpointName } from "../../../src/formats/table.ts";
import { isRecord, type JsonRecord } from "../../../src/lib/json-value.ts";
import { createStreamTransform } from "../../../src/streaming/create-transform.ts";
import type { StreamOptions, StreamTransform } from "../../../src/streaming/transform.ts";

/** What a client reads. */
export interface Reading {
  readonly text: string;
  readonly finish?: string;
  readonly reasoning?: string;
  /** Usage as [input, output] of the one usage chunk. */
  readonly usage?: readonly [number, number];
  /** `name(arguments)` of each call, in order. */
  readonly tools?: readonly string[];
  readonly error?: string;
}

export interface Sample {
  /** What the server does differently: the row of docs/drift.md. */
  readonly quirk: string;
  readonly endpoint?: EndpointName;
  readonly bytes: string | Uint8Array;
  readonly expect: Reading;
  /** Nothing is to be repaired: the bytes pass as they are. */
  readonly wellFormed?: true;
}

export const bytesOf = ({ bytes }: Sample): Uint8Array =>
  typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;

export interface Run {
  readonly output: string;
  readonly transform: StreamTransform;
}

export function run(chunks: readonly Uint8Array[], options: Partial<StreamOptions> = {}): Run {
  const transform = createStreamTransform({
    endpoint: "chat",
    repair: true,
    hideUsage: false,
    requestId: "0192-aaaa-bbbb",
    model: "asked-model",
    ...options,
  });
  const parts = chunks.map((chunk) => transform.push(chunk));
  parts.push(transform.end({ kind: "eof" }));
  const whole = Buffer.concat(parts.filter((part) => part !== undefined));
  return { output: whole.toString("latin1"), transform };
}

/** Reads a repaired chat or completions stream as strictly as the strictest SDK; throws at anything it would not take. */
export function readStrictly(latin1: string, endpoint: EndpointName = "chat"): Reading {
  const events = Buffer.from(latin1, "latin1").toString("utf8").split("\n\n");
  if (events.pop() !== "") throw new Error("the last event is not terminated");
  if (events.pop() !== "data: [DONE]") throw new Error("the stream does not end with [DONE]");
  const reader = new StrictReader(endpoint);
  for (const event of events) {
    if (!event.startsWith("data: {")) throw new Error(`not a data event: ${event}`);
    reader.chunk(JSON.parse(event.slice("data: ".length)));
  }
  return reader.reading();
}

class StrictReader {
  readonly #endpoint: EndpointName;
  #text = "";
  #reasoning = "";
  #finish: string | undefined;
  #usage: readonly [number, number] | undefined;
  #error: string | undefined;
  #roles = 0;
  readonly #tools: { id: string; name: string; json: string }[] = [];

  constructor(endpoint: EndpointName) {
    this.#endpoint = endpoint;
  }

  chunk(chunk: JsonRecord): void {
    if (this.#error !== undefined) throw new Error("an event follows the error");
    if (isRecord(chunk["error"])) {
      this.#error = text(chunk["error"], "message");
      text(chunk["error"], "type");
      return;
    }
    if (this.#usage !== undefined) throw new Error("an event follows the usage");
    if (!Array.isArray(chunk["choices"])) throw new Error("no choices");
    for (const choice of chunk["choices"]) this.#choice(choice);
    if (!isRecord(chunk["usage"])) {
      if (chunk["choices"].length > 0) this.#head(chunk);
      return;
    }
    if (chunk["choices"].length > 0) throw new Error("usage beside choices");
    this.#usage = [Number(chunk["usage"]["prompt_tokens"]), Number(chunk["usage"]["completion_tokens"])];
    this.#head(chunk);
  }

  reading(): Reading {
    const tools = this.#tools.map(({ name, json }) => `${name}(${json})`);
    if (new Set(this.#tools.map(({ id }) => id)).size < tools.length) throw new Error("tool ids repeat");
    if (this.#endpoint === "chat" && this.#roles !== 1 && this.#error === undefined)
      throw new Error(`${this.#roles} roles`);
    return {
      text: this.#text,
      ...(this.#finish === undefined ? {} : { finish: this.#finish }),
      ...(this.#reasoning === "" ? {} : { reasoning: this.#reasoning }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(tools.length === 0 ? {} : { tools }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  #head(chunk: JsonRecord): void {
    for (const key of ["id", "object", "model"]) text(chunk, key);
    if (!Number.isInteger(chunk["created"])) throw new Error("created is no integer");
  }

  #choice(choice: JsonRecord): void {
    if (!Number.isInteger(choice["index"])) throw new Error("a choice without index");
    const finish = choice["finish_reason"];
    if (finish !== null && (typeof finish !== "string" || finish === ""))
      throw new Error("bad finish_reason");
    if (finish !== null) this.#finish = finish;
    if (this.#endpoint === "completions") this.#text += text(choice, "text");
    else this.#delta(choice["delta"] as JsonRecord);
  }

  #delta(delta: JsonRecord): void {
    if ("role" in delta) {
      if (delta["role"] !== "assistant" || this.#roles > 0) throw new Error("a role out of place");
      this.#roles++;
    } else if (this.#roles === 0) throw new Error("the first delta has no role");
    const { content, reasoning, reasoning_content, tool_calls } = delta;
    if (typeof content === "string") this.#text += content;
    this.#reasoning += reasoning_content ?? reasoning ?? "";
    for (const call of (tool_calls as JsonRecord[]) ?? []) this.#call(call);
  }

  #call(call: JsonRecord): void {
    const part = call["function"] as JsonRecord;
    const known = this.#tools[Number(call["index"])];
    if (known === undefined) {
      if (call["index"] !== this.#tools.length || call["type"] !== "function")
        throw new Error("bad tool call");
      this.#tools.push({ id: text(call, "id"), name: text(part, "name"), json: text(part, "arguments") });
      return;
    }
    if ("id" in call || "name" in part) throw new Error("a continued call repeats its id or name");
    known.json += text(part, "arguments");
  }
}

function text(record: JsonRecord, key: string): string {
  const value = record[key];
  if (typeof value !== "string") throw new Error(`${key} is no string`);
  return value;
}
