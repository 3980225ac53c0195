import { describe, expect, test } from "bun:test";
import type { EndpointName } from "../../../src/formats/table.ts";
import { assembleAnswer, isStreamLike } from "../../../src/streaming/assemble.ts";
import {
  ANSWER,
  chunk,
  events,
  GOOD,
  ROLE,
  stream,
  TOOL_STOP,
  textChunk,
  toolChunk,
  USAGE,
  usageChunk,
} from "../../support/wire-samples/chunks.ts";
import {
  MESSAGE,
  MESSAGE_EVENTS,
  namedStream,
  RESPONSE,
  RESPONSE_EVENTS,
} from "../../support/wire-samples/named.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");

function assemble(text: string, endpoint: EndpointName = "chat"): unknown {
  expect(isStreamLike(bytes(text))).toBe(true);
  const assembled = assembleAnswer(bytes(text), { endpoint, requestId: "req-1", model: "asked" });
  return assembled.kind === "answer"
    ? JSON.parse(Buffer.from(assembled.body).toString("utf8"))
    : assembled.failure;
}

const GREETING = {
  id: "chatcmpl-s1",
  object: "chat.completion",
  created: 1_790_000_000,
  model: "small-model",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Good morning" },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: USAGE,
};

describe("a stream is told from a JSON answer", () => {
  test.each([
    ["events", stream(...ANSWER), true],
    ["comments first", `: hi\n\n${stream(...ANSWER)}`, true],
    ["a byte order mark first", `\uFEFFdata: {}\n\n`, true],
    ["JSON lines", ANSWER.join("\n"), true],
    ["JSON with an end mark behind it", `${JSON.stringify(GREETING)}\n\ndata: [DONE]\n\n`, true],
    ["JSON", JSON.stringify(GREETING), false],
    ["JSON over many lines", JSON.stringify(GREETING, null, 2), false],
    ["JSON that talks of streams", JSON.stringify({ content: "\ndata: {}\n{" }), false],
    ["a page", "<html></html>", false],
    ["nothing", "", false],
  ])("%s: %p", (_, text, expected) => {
    expect(isStreamLike(bytes(text))).toBe(expected);
  });
});

describe("one JSON answer of a stream", () => {
  test("chat, with usage", () => {
    expect(assemble(stream(...ANSWER, usageChunk()))).toEqual(GREETING);
  });

  test("chat, from JSON lines without usage", () => {
    expect(assemble(ANSWER.join("\n"))).toEqual({ ...GREETING, usage: undefined });
  });

  test("JSON with an end mark behind it passes as it came", () => {
    for (const json of [JSON.stringify(GREETING), JSON.stringify(GREETING, null, 2)])
      expect(assemble(`${json}\n\ndata: [DONE]\n\n`)).toEqual(GREETING);
  });

  test("tool calls, reasoning and token probabilities are put together", () => {
    const text = stream(
      chunk({ role: "assistant", reasoning_content: "let me " }, { logprobs: { content: [{ token: "a" }] } }),
      chunk({ reasoning_content: "see" }, { logprobs: { content: [{ token: "b" }] } }),
      toolChunk({ index: 0, id: "call_a", type: "function", function: { name: "f", arguments: '{"x"' } }),
      toolChunk({ index: 0, function: { arguments: ":1}" } }),
      toolChunk({ id: "call_b", function: { name: "g", arguments: {} } }),
      TOOL_STOP,
    );
    expect(assemble(text)).toMatchObject({
      choices: [
        {
          message: {
            role: "assistant",
            content: null,
            reasoning_content: "let me see",
            tool_calls: [
              { id: "call_a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
              { id: "call_b", type: "function", function: { name: "g", arguments: "{}" } },
            ],
          },
          logprobs: { content: [{ token: "a" }, { token: "b" }] },
          finish_reason: "tool_calls",
        },
      ],
    });
  });

  test("several choices, in order", () => {
    const second = (content: string) =>
      chunk({ role: "assistant", content }, { index: 1, finish_reason: "stop" });
    expect(assemble(stream(second("two"), ...ANSWER))).toMatchObject({
      choices: [{ index: 0 }, { index: 1, message: { content: "two" } }],
    });
  });

  test("completions", () => {
    expect(assemble(stream(textChunk("Good "), textChunk("morning", "stop")), "completions")).toEqual({
      id: "cmpl-s1",
      object: "text_completion",
      created: 1_790_000_000,
      model: "small-model",
      choices: [{ index: 0, text: "Good morning", logprobs: null, finish_reason: "stop" }],
    });
  });

  test("messages", () => {
    expect(assemble(namedStream(MESSAGE_EVENTS), "messages")).toEqual(MESSAGE);
  });

  test("responses", () => {
    expect(assemble(namedStream(RESPONSE_EVENTS), "responses")).toEqual(RESPONSE);
  });
});

describe("no half answers", () => {
  test("a cut stream is an error", () => {
    expect(assemble(events(ROLE, GOOD))).toMatchObject({
      message: "The upstream's stream ended before the answer was complete.",
    });
  });

  test("an error in the stream is that error", () => {
    expect(assemble(stream(ROLE, '{"error":{"message":"engine died","code":503}}'))).toEqual({
      message: "engine died",
      beforeContent: true,
      status: 503,
    });
  });
});
