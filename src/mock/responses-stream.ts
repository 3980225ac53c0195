// The Responses API as a stream: every event of a response's life, numbered, from created to completed.

import type { Answer } from "./answer.ts";
import type { JsonObject } from "./body.ts";
import { ARGUMENTS_SLICE } from "./chat-stream.ts";
import { type OutputItem, textPart } from "./responses-item.ts";
import { type Frame, namedFrame } from "./sse.ts";
import { slices, utf8Bytes, words } from "./tokens.ts";

/** One response at its beginning and at its end. */
export interface ResponseParts {
  readonly started: JsonObject;
  readonly startedItem: OutputItem;
  readonly item: OutputItem;
  readonly finished: JsonObject;
}

interface Event {
  readonly type: string;
  readonly fields: JsonObject;
  readonly textBytes?: number;
}

export function* responseFrames(parts: ResponseParts, answer: Answer): Generator<Frame> {
  let sequence = 0;
  for (const { type, fields, textBytes } of responseEvents(parts, answer)) {
    yield namedFrame({ type, sequence_number: sequence++, ...fields }, textBytes);
  }
}

function* responseEvents(parts: ResponseParts, answer: Answer): Generator<Event> {
  yield { type: "response.created", fields: { response: parts.started } };
  yield { type: "response.in_progress", fields: { response: parts.started } };
  yield { type: "response.output_item.added", fields: { output_index: 0, item: parts.startedItem } };
  const place = { item_id: parts.item.id, output_index: 0 };
  if (answer.kind === "text") yield* textEvents({ ...place, content_index: 0 }, answer.text);
  else yield* argumentEvents(place, answer.name, answer.argumentsJson);
  yield { type: "response.output_item.done", fields: { output_index: 0, item: parts.item } };
  const ending = parts.finished["status"] === "incomplete" ? "response.incomplete" : "response.completed";
  yield { type: ending, fields: { response: parts.finished } };
}

function* textEvents(place: JsonObject, text: string): Generator<Event> {
  yield { type: "response.content_part.added", fields: { ...place, part: textPart("") } };
  for (const delta of words(text)) {
    const fields = { ...place, delta, logprobs: [] };
    yield { type: "response.output_text.delta", fields, textBytes: utf8Bytes(delta) };
  }
  yield { type: "response.output_text.done", fields: { ...place, text, logprobs: [] } };
  yield { type: "response.content_part.done", fields: { ...place, part: textPart(text) } };
}

function* argumentEvents(place: JsonObject, name: string, argumentsJson: string): Generator<Event> {
  for (const delta of slices(argumentsJson, ARGUMENTS_SLICE)) {
    const fields = { ...place, delta };
    yield { type: "response.function_call_arguments.delta", fields, textBytes: utf8Bytes(delta) };
  }
  const fields = { ...place, name, arguments: argumentsJson };
  yield { type: "response.function_call_arguments.done", fields };
}
