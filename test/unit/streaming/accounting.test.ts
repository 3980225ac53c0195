// What every kind of stream tells about its cost, whether it passes verbatim or is repaired.

import { describe, expect, test } from "bun:test";
import type { EndpointName } from "../../../src/formats/table.ts";
import { createStreamTransform } from "../../../src/streaming/create-transform.ts";

interface NamedEvent {
  readonly type: string;
  readonly [member: string]: unknown;
}

interface Told {
  readonly textBytes: number;
  readonly answerModel: string | undefined;
  readonly doubt: string | undefined;
}

function tell(endpoint: EndpointName, repair: boolean, text: string): Told {
  const options = { endpoint, repair, hideUsage: false, requestId: "req-1", model: "asked" };
  const transform = createStreamTransform(options);
  transform.push(Buffer.from(text));
  const { textBytes, answerModel, usage } = transform;
  return { textBytes, answerModel, doubt: usage?.doubt };
}

const data = (...events: readonly object[]) =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const named = (...events: readonly NamedEvent[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const chunk = (delta: object, members: object = {}) => ({
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "real",
  choices: [{ index: 0, delta, finish_reason: null }],
  ...members,
});

const COUNTS = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };

describe.each([
  ["verbatim", false],
  ["repaired", true],
])("%s", (_, repair) => {
  test("chat: text, reasoning and arguments", () => {
    const call = { index: 0, id: "x", type: "function", function: { name: "f", arguments: "{}" } };
    const text = data(
      chunk({ role: "assistant", content: "" }),
      chunk({ reasoning_content: "hm" }),
      chunk({ content: "Grüße" }),
      chunk({ tool_calls: [call] }),
    );
    expect(tell("chat", repair, text)).toEqual({ textBytes: 11, answerModel: "real", doubt: undefined });
  });

  test("chat: usage on every chunk is interim, and the last is not", () => {
    const going = data(chunk({ content: "a" }, { usage: COUNTS }));
    expect(tell("chat", repair, going).doubt).toBe("interim");
    expect(
      tell("chat", repair, going + data(chunk({}, { choices: [], usage: COUNTS }))).doubt,
    ).toBeUndefined();
  });

  test("completions", () => {
    const choices = [{ index: 0, text: "abc", logprobs: null, finish_reason: null }];
    const text = data({ id: "c", object: "text_completion", created: 1, model: "real", choices });
    expect(tell("completions", repair, text)).toEqual({
      textBytes: 3,
      answerModel: "real",
      doubt: undefined,
    });
  });

  test("messages: deltas alone count, and usage is interim before the last", () => {
    const message = {
      id: "m",
      type: "message",
      role: "assistant",
      content: [],
      model: "real",
      usage: { input_tokens: 5, output_tokens: 1 },
    };
    const begun = named(
      { type: "message_start", message },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "abc" } },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
      { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{}" } },
      { type: "content_block_delta", index: 1, delta: { type: "signature_delta", signature: "xxxx" } },
    );
    expect(tell("messages", repair, begun)).toEqual({ textBytes: 7, answerModel: "real", doubt: "interim" });
    const last = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } };
    expect(tell("messages", repair, begun + named(last)).doubt).toBeUndefined();
  });

  test("responses: deltas alone count, not the events that repeat them", () => {
    const response = { id: "r", object: "response", status: "in_progress", model: "real", output: [] };
    const text = named(
      { type: "response.created", sequence_number: 0, response },
      { type: "response.output_text.delta", sequence_number: 1, delta: "abc" },
      { type: "response.output_text.done", sequence_number: 2, text: "abc" },
      { type: "response.function_call_arguments.delta", sequence_number: 3, delta: "{}" },
    );
    expect(tell("responses", repair, text)).toEqual({ textBytes: 5, answerModel: "real", doubt: undefined });
  });

  test("a stream that names no model", () => {
    expect(
      tell("chat", repair, data(chunk({ content: "a" }, { model: undefined }))).answerModel,
    ).toBeUndefined();
  });
});
