import { describe, expect, test } from "bun:test";
import { readAnswerModel, readAnswerText } from "../../../src/formats/answer-text.ts";
import type { EndpointName } from "../../../src/formats/table.ts";

const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

describe("bytes of text in", () => {
  test.each<[string, EndpointName, unknown, number]>([
    [
      "chat: content, reasoning, refusal and arguments, of all choices",
      "chat",
      {
        model: "12345",
        choices: [
          { message: { role: "assistant", content: "Grüße", reasoning_content: "abc", refusal: "no" } },
          {
            message: {
              content: null,
              tool_calls: [{ id: "x", function: { name: "f", arguments: '{"a":1}' } }],
            },
          },
        ],
      },
      7 + 3 + 2 + 7,
    ],
    [
      "content in parts",
      "chat",
      { choices: [{ message: { content: [{ type: "text", text: "abcd" }] } }] },
      4,
    ],
    [
      "audio: its transcript",
      "chat",
      { choices: [{ message: { audio: { data: "QUJD", transcript: "hi" } } }] },
      2,
    ],
    ["completions", "completions", { choices: [{ text: "ab" }, { text: "cd" }] }, 4],
    [
      "Responses: text, summaries and arguments",
      "responses",
      {
        instructions: "be kind",
        output: [
          { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: "xxxx" },
          { type: "message", content: [{ type: "output_text", text: "abc" }] },
          { type: "function_call", name: "f", arguments: "{}" },
        ],
      },
      7,
    ],
    [
      "Messages: text, thinking and the input of tools",
      "messages",
      {
        content: [
          { type: "thinking", thinking: "hm", signature: "xxxx" },
          { type: "text", text: "abc" },
          { type: "tool_use", name: "f", input: { text: "q" } },
        ],
      },
      2 + 3 + '{"text":"q"}'.length,
    ],
    ["embeddings: none", "embeddings", { data: [{ embedding: [0.1], text: "x" }] }, 0],
    ["an error", "chat", { error: { message: "no" } }, 0],
    ["what is no JSON", "chat", "<html>", 0],
    ["nothing", "chat", "", 0],
  ])("%s", (_, endpoint, body, expected) => {
    expect(readAnswerText(endpoint, bytes(body))).toBe(expected);
  });
});

describe("the model that an answer names", () => {
  test.each<[unknown, string | undefined]>([
    [{ id: "a", model: "gpt-4o-2024-08-06", choices: [{ model: "other" }] }, "gpt-4o-2024-08-06"],
    [{ model: "模型" }, "模型"],
    [{ model: "" }, undefined],
    [{ model: null }, undefined],
    [{ choices: [{ model: "other" }] }, undefined],
    ['{"model":"cut', undefined],
    ['{"model":"\\x"}', undefined],
    ["[]", undefined],
  ])("%j: %p", (body, expected) => {
    expect(readAnswerModel(bytes(body))).toBe(expected);
  });
});
