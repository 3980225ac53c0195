// The Responses API of the mock: the response object and its whole sequence of events.

import { describe, expect, test } from "bun:test";
import type { MockSettings } from "../../../src/mock/settings.ts";
import { mockUnderTest, NOW_SECONDS, readNamed } from "./mock-under-test.ts";

const USAGE = {
  input_tokens: 1,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 4,
};
const TOOL = { type: "function", name: "look", parameters: { type: "object" } };
const SCRIPTED_CALL: MockSettings = {
  script: [{ toolCall: { name: "look", arguments: { where: "under the bed" } } }],
};

function part(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

async function respond(body: object, settings: MockSettings = {}): Promise<Record<string, unknown>> {
  const response = await mockUnderTest(settings).send("responses", { model: "m", ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

describe("the JSON answer", () => {
  test("is a whole response", async () => {
    expect(await respond({ input: "x" })).toEqual({
      id: "resp_1",
      object: "response",
      created_at: NOW_SECONDS,
      completed_at: NOW_SECONDS,
      status: "completed",
      background: false,
      error: null,
      frequency_penalty: 0,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: {},
      model: "m",
      output: [
        {
          id: "msg_2",
          type: "message",
          status: "completed",
          role: "assistant",
          content: [part("You said: x")],
        },
      ],
      parallel_tool_calls: true,
      presence_penalty: 0,
      previous_response_id: null,
      prompt_cache_key: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: "default",
      store: true,
      temperature: 1,
      text: { format: { type: "text" } },
      tool_choice: "auto",
      tools: [],
      top_logprobs: 0,
      top_p: 1,
      truncation: "disabled",
      usage: USAGE,
      user: null,
    });
  });

  test("cut by max_output_tokens is incomplete", async () => {
    expect(await respond({ input: "x", max_output_tokens: 1 })).toMatchObject({
      status: "incomplete",
      completed_at: null,
      incomplete_details: { reason: "max_output_tokens" },
      max_output_tokens: 1,
      output: [{ status: "incomplete", content: [part("You ")] }],
      usage: { output_tokens: 1 },
    });
  });

  test("carries a scripted function call", async () => {
    expect(await respond({ input: "x" }, SCRIPTED_CALL)).toMatchObject({
      status: "completed",
      output: [
        {
          id: "fc_2",
          type: "function_call",
          status: "completed",
          call_id: "call_3",
          name: "look",
          arguments: '{"where":"under the bed"}',
        },
      ],
    });
  });

  test.each(["required", { type: "function", name: "look" }])(
    "makes up a call for tool_choice %j",
    async (choice) => {
      const answer = await respond({ input: "x", tools: [TOOL], tool_choice: choice });
      expect(answer["output"]).toMatchObject([{ type: "function_call", name: "look", arguments: "{}" }]);
    },
  );

  test("satisfies a schema in text.format", async () => {
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const answer = await respond({
      input: "x",
      text: { format: { type: "json_schema", name: "s", schema } },
    });
    expect(answer["output"]).toMatchObject([{ content: [part('{"n":0}')] }]);
  });

  test.each([
    ["a text", "hi", "hi", 1],
    ["items with a text", [{ role: "user", content: "hi" }], "hi", 1],
    [
      "items with parts",
      [
        {
          type: "message",
          role: "user",
          content: [{ type: "input_text", text: "hi" }, { type: "input_image" }],
        },
      ],
      "hi",
      1,
    ],
    [
      "a conversation with results of tools",
      [
        { role: "developer", content: "abcd" },
        { role: "user", content: "look" },
        { type: "reasoning", summary: [] },
        { type: "function_call", call_id: "c", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "dust" },
      ],
      "look",
      3,
    ],
  ])("understands %s", async (_what, input, said, tokens) => {
    expect(await respond({ input })).toMatchObject({
      output: [{ content: [part(`You said: ${said}`)] }],
      usage: { input_tokens: tokens },
    });
  });

  test("counts the instructions and gives them back", async () => {
    expect(await respond({ input: "x", instructions: "be brief" })).toMatchObject({
      instructions: "be brief",
      usage: { input_tokens: 3 },
    });
  });
});

describe("the stream", () => {
  test("tells the whole life of a message, numbered from 0", async () => {
    const mock = mockUnderTest();
    const response = await mock.send("responses", { model: "m", input: "x", stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = await readNamed(response);
    const finished = await respond({ input: "x" });
    const started = { ...finished, status: "in_progress", completed_at: null, output: [], usage: null };
    const place = { item_id: "msg_2", output_index: 0, content_index: 0 };
    const item = { id: "msg_2", type: "message", role: "assistant" };
    const delta = (text: string) => ({
      type: "response.output_text.delta",
      ...place,
      delta: text,
      logprobs: [],
    });
    const text = "You said: x";
    const expected = [
      { type: "response.created", response: started },
      { type: "response.in_progress", response: started },
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { ...item, status: "in_progress", content: [] },
      },
      { type: "response.content_part.added", ...place, part: part("") },
      delta("You"),
      delta(" said:"),
      delta(" x"),
      { type: "response.output_text.done", ...place, text, logprobs: [] },
      { type: "response.content_part.done", ...place, part: part(text) },
      {
        type: "response.output_item.done",
        output_index: 0,
        item: { ...item, status: "completed", content: [part(text)] },
      },
      { type: "response.completed", response: finished },
    ];
    expect(events).toEqual(expected.map((event, index) => ({ ...event, sequence_number: index })));
  });

  test("tells a function call in pieces that join to the arguments", async () => {
    const mock = mockUnderTest(SCRIPTED_CALL);
    const events = await readNamed(await mock.send("responses", { model: "m", input: "x", stream: true }));
    const call = { id: "fc_2", type: "function_call", call_id: "call_3", name: "look" };
    const place = { item_id: "fc_2", output_index: 0 };
    const whole = '{"where":"under the bed"}';
    const pieces = ['{"where":"un', 'der the bed"', "}"];
    expect(events.slice(2, -1)).toEqual(
      [
        {
          type: "response.output_item.added",
          output_index: 0,
          item: { ...call, status: "in_progress", arguments: "" },
        },
        ...pieces.map((delta) => ({ type: "response.function_call_arguments.delta", ...place, delta })),
        { type: "response.function_call_arguments.done", ...place, name: "look", arguments: whole },
        {
          type: "response.output_item.done",
          output_index: 0,
          item: { ...call, status: "completed", arguments: whole },
        },
      ].map((event, index) => ({ ...event, sequence_number: index + 2 })),
    );
  });

  test("ends with response.incomplete, usage in it, when it was cut", async () => {
    const body = { model: "m", input: "x", stream: true, max_output_tokens: 1 };
    const events = await readNamed(await mockUnderTest().send("responses", body));
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", usage: { output_tokens: 1 } },
    });
  });
});
