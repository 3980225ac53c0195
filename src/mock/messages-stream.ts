// Anthropic's Messages API as a stream: message_start, one content block piece by piece, message_delta, message_stop.

import type { Answer } from "./answer.ts";
import type { JsonObject } from "./body.ts";
import { ARGUMENTS_SLICE } from "./chat-stream.ts";
import { type Frame, namedFrame } from "./sse.ts";
import { slices, utf8Bytes, words } from "./tokens.ts";

/** A whole message, as the JSON answer has it. */
export interface Message {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: readonly JsonObject[];
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly usage: Readonly<Record<string, number>>;
}

export function* messageFrames(message: Message, answer: Answer): Generator<Frame> {
  const started = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...message.usage, output_tokens: 1 },
  };
  yield namedFrame({ type: "message_start", message: started });
  if (answer.kind === "text") {
    yield blockStart({ type: "text", text: "" });
    for (const text of words(answer.text)) yield blockDelta({ type: "text_delta", text }, text);
  } else {
    yield blockStart({ ...message.content[0], input: {} });
    for (const piece of slices(answer.argumentsJson, ARGUMENTS_SLICE)) {
      yield blockDelta({ type: "input_json_delta", partial_json: piece }, piece);
    }
  }
  yield namedFrame({ type: "content_block_stop", index: 0 });
  const { stop_reason, stop_sequence, usage } = message;
  yield namedFrame({ type: "message_delta", delta: { stop_reason, stop_sequence }, usage });
  yield namedFrame({ type: "message_stop" });
}

function blockStart(contentBlock: JsonObject): Frame {
  return namedFrame({ type: "content_block_start", index: 0, content_block: contentBlock });
}

function blockDelta(delta: JsonObject, text: string): Frame {
  return namedFrame({ type: "content_block_delta", index: 0, delta }, utf8Bytes(text));
}
