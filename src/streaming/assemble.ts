// Makes one JSON answer of a stream that came although none was asked for.

import type { EndpointName } from "../formats/table.ts";
import { asBuffer } from "../lib/as-buffer.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import { EventScanner } from "../lib/sse.ts";
import { assembleChat, assembleCompletion } from "./assemble-chat.ts";
import { assembleMessage, assembleResponse } from "./assemble-named.ts";
import { createStreamTransform } from "./create-transform.ts";
import { LenientFrames } from "./lenient-frames.ts";
import { CUT_MESSAGE } from "./observer.ts";
import { MAX_EVENT_BYTES, type StreamFailure } from "./transform.ts";

export type Assembled =
  | { readonly kind: "answer"; readonly body: Uint8Array }
  | { readonly kind: "error"; readonly failure: StreamFailure };

export interface AssembleOptions {
  readonly endpoint: EndpointName;
  readonly requestId: string;
  readonly model: string | undefined;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const FIELD = /^\s*(?:data|event|id|retry|error)?:/;
/** What stands between the parts of a stream that begins with JSON, and never within one JSON value. */
const SEAMS = ["\ndata:", "\rdata:", "}\n{", "}\r\n{", "}\r{"].map((seam) => Buffer.from(seam));

/** Whether a body that should be JSON is a stream: events, JSON lines, or JSON with `data: [DONE]` behind it. */
export function isStreamLike(body: Uint8Array): boolean {
  const bytes = asBuffer(body);
  const start = bytes.toString("utf8", 0, 64).replace(/^\uFEFF/, "");
  const first = start.trimStart().charCodeAt(0);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return FIELD.test(start);
  return SEAMS.some((seam) => bytes.includes(seam));
}

/** The answer that a whole stream tells, or the error it ends in. Call it for what {@link isStreamLike}. */
export function assembleAnswer(body: Uint8Array, options: AssembleOptions): Assembled {
  const given = givenAnswer(body, options.endpoint);
  if (given !== undefined) return answer(given);
  const transform = createStreamTransform({ ...options, repair: true, hideUsage: false });
  const parts = [transform.push(body), transform.end({ kind: "eof" })];
  const failure = transform.failure ?? { message: CUT_MESSAGE, beforeContent: false, status: undefined };
  if (!transform.whole) return { kind: "error", failure };
  const events = readEvents(parts.filter((part) => part !== undefined));
  const assembled = ASSEMBLERS[options.endpoint]?.(events);
  return assembled === undefined ? { kind: "error", failure } : answer(JSON.stringify(assembled));
}

const ASSEMBLERS: Partial<Record<EndpointName, (events: readonly JsonRecord[]) => JsonRecord | undefined>> = {
  chat: assembleChat,
  completions: assembleCompletion,
  responses: assembleResponse,
  messages: assembleMessage,
};

/** An answer that is complete already, with only an end mark behind it. */
function givenAnswer(body: Uint8Array, endpoint: EndpointName): string | undefined {
  const frames = new LenientFrames(MAX_EVENT_BYTES);
  frames.push(body);
  const frame = frames.next();
  if (frame?.kind !== "json" || !isRecord(frame.value)) return undefined;
  return isWholeAnswer(frame.value, endpoint) ? frame.text : undefined;
}

function isWholeAnswer(value: JsonRecord, endpoint: EndpointName): boolean {
  if (endpoint === "responses") return value["object"] === "response";
  if (endpoint === "messages") return value["type"] === "message";
  const { choices } = value;
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isRecord(choice) && isRecord(choice["message"]) && choice["delta"] === undefined;
}

function readEvents(parts: readonly Uint8Array[]): readonly JsonRecord[] {
  const scanner = new EventScanner({ maxBytes: Number.POSITIVE_INFINITY, keepRaw: false });
  const events: JsonRecord[] = [];
  for (const part of parts) {
    scanner.push(part);
    while (scanner.next()) {
      const value = parseJson(scanner.event?.data.toString("utf8") ?? "");
      if (isRecord(value)) events.push(value);
    }
  }
  return events;
}

function answer(json: string): Assembled {
  return { kind: "answer", body: Buffer.from(json, "utf8") };
}
