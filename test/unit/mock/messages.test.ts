// Anthropic's Messages API of the mock: message, stream and token count.

import { describe, expect, test } from "bun:test";
import type { MockSettings } from "../../../src/mock/settings.ts";
import { mockUnderTest, readNamed } from "./mock-under-test.ts";

const BODY = { model: "m", max_tokens: 100, messages: [{ role: "user", content: "héllo" }] };
const USAGE = {
  input_tokens: 2,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 4,
};
const MESSAGE = { id: "msg_1", type: "message", role: "assistant", model: "m" };
const TOOL = {
  name: "look",
  input_schema: { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
};
const SCRIPTED_CALL: MockSettings = {
  script: [{ toolCall: { name: "look", arguments: { at: "the stars above" } } }],
};

async function send(body: object, settings: MockSettings = {}): Promise<Record<string, unknown>> {
  const response = await mockUnderTest(settings).send("messages", { ...BODY, ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

describe("the JSON answer", () => {
  test("is a whole message", async () => {
    expect(await send({})).toEqual({
      ...MESSAGE,
      content: [{ type: "text", text: "You said: héllo" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: USAGE,
    });
  });

  test.each([
    ["max_tokens", { max_tokens: 1 }, "You ", "max_tokens", null],
    ["a stop sequence", { stop_sequences: ["zz", " said"] }, "You", "stop_sequence", " said"],
  ])("says that %s ended it", async (_what, limits, text, reason, sequence) => {
    expect(await send(limits)).toMatchObject({
      content: [{ type: "text", text }],
      stop_reason: reason,
      stop_sequence: sequence,
    });
  });

  test("carries a scripted tool call", async () => {
    expect(await send({}, SCRIPTED_CALL)).toMatchObject({
      content: [{ type: "tool_use", id: "toolu_2", name: "look", input: { at: "the stars above" } }],
      stop_reason: "tool_use",
    });
  });

  test("a text as arguments is an empty input where it is not an object", async () => {
    const answer = await send({}, { script: [{ toolCall: { name: "f", arguments: "{oops" } }] });
    expect(answer["content"]).toMatchObject([{ input: {} }]);
  });

  test.each([{ type: "any" }, { type: "tool", name: "look" }])(
    "makes up a call for tool_choice %j",
    async (choice) => {
      const answer = await send({ tools: [TOOL], tool_choice: choice });
      expect(answer["content"]).toMatchObject([{ type: "tool_use", name: "look", input: { at: "string" } }]);
    },
  );

  test.each([
    ["output_config.format", (format: object) => ({ output_config: { format } })],
    ["output_format", (format: object) => ({ output_format: format })],
  ])("satisfies a schema in %s", async (_what, place) => {
    const answer = await send(place({ type: "json_schema", schema: { type: "object" } }));
    expect(answer["content"]).toEqual([{ type: "text", text: "{}" }]);
  });

  test.each([
    [
      "text blocks, images ignored",
      [
        { type: "text", text: "hi" },
        { type: "image", source: {} },
      ],
      "hi",
      1,
    ],
    [
      "tool results, which are not the user's words",
      [{ type: "tool_result", content: "12345" }],
      "before",
      3,
    ],
    [
      "results in blocks with words after them",
      [
        { type: "tool_result", content: [{ type: "text", text: "1234" }] },
        { type: "text", text: "and now?" },
      ],
      "and now?",
      5,
    ],
  ])("understands %s", async (_what, content, said, tokens) => {
    const messages = said === "hi" ? [] : [{ role: "user", content: "before" }];
    const answer = await send({ messages: [...messages, { role: "user", content }] });
    expect(answer).toMatchObject({
      content: [{ text: `You said: ${said}` }],
      usage: { input_tokens: tokens },
    });
  });

  test.each([
    ["a text", "1234"],
    ["blocks", [{ type: "text", text: "1234" }]],
  ])("counts a system prompt that is %s", async (_what, system) => {
    expect(await send({ system })).toMatchObject({ usage: { input_tokens: 3 } });
  });
});

describe("the stream", () => {
  test("has named events from message_start to message_stop", async () => {
    const response = await mockUnderTest().send("messages", { ...BODY, stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const delta = (text: string) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text },
    });
    expect(await readNamed(response)).toEqual([
      {
        type: "message_start",
        message: {
          ...MESSAGE,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...USAGE, output_tokens: 1 },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      delta("You"),
      delta(" said:"),
      delta(" héllo"),
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: USAGE },
      { type: "message_stop" },
    ] as never);
  });

  test("has a tool call whose input comes in pieces", async () => {
    const response = await mockUnderTest(SCRIPTED_CALL).send("messages", { ...BODY, stream: true });
    const events = await readNamed(response);
    expect(events.slice(1, -2)).toEqual([
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "toolu_2", name: "look", input: {} },
      },
      ...['{"at":"the s', 'tars above"}'].map((piece) => ({
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: piece },
      })),
      { type: "content_block_stop", index: 0 },
    ] as never);
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "tool_use" } });
  });
});

describe("count_tokens", () => {
  test("counts what messages would count, and needs no max_tokens", async () => {
    const { max_tokens: _, ...body } = { ...BODY, system: "1234" };
    const response = await mockUnderTest().send("count_tokens", body);
    expect(await response.json()).toEqual({ input_tokens: 3 });
  });
});
