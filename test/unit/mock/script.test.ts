// How the mock chooses among the entries of its script.

import { expect, test } from "bun:test";
import type { EndpointName } from "../../../src/formats/table.ts";
import type { ScriptEntry } from "../../../src/mock/settings.ts";
import { type MockUnderTest, mockUnderTest } from "./mock-under-test.ts";

async function chat(mock: MockUnderTest, text: string, model = "m"): Promise<string> {
  const response = await mock.send("chat", { model, messages: [{ role: "user", content: text }] });
  const body = (await response.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? "";
}

test("the first entry that matches wins, and none is the provider's own reply", async () => {
  const mock = mockUnderTest({
    reply: "none",
    script: [
      { when: { contains: "cat", model: "other" }, reply: "other cat" },
      { when: { contains: "cat" }, reply: "cat" },
      { when: { contains: "ca" }, reply: "ca" },
    ],
  });
  expect(await chat(mock, "a cat")).toBe("cat");
  expect(await chat(mock, "a cat", "other")).toBe("other cat");
  expect(await chat(mock, "a car")).toBe("ca");
  expect(await chat(mock, "a dog")).toBe("none");
});

test("an entry is passed over once it was used as often as it may be", async () => {
  const script = [
    { reply: "first", times: 2 },
    { reply: "then", times: 1 },
  ];
  const mock = mockUnderTest({ reply: "after", script });
  const said: string[] = [];
  for (let count = 0; count < 4; count++) said.push(await chat(mock, "x"));
  expect(said).toEqual(["first", "first", "then", "after"]);
});

test("a failure on purpose and a bad request use no entry up", async () => {
  const mock = mockUnderTest({ fail: { status: 500, every: 2 }, script: [{ reply: "once", times: 1 }] });
  expect((await mock.send("chat", {})).status).toBe(400);
  expect((await mock.send("chat", { messages: [{ role: "user", content: "x" }] })).status).toBe(500);
  expect(await chat(mock, "x")).toBe("once");
});

test("a reply of the script is a template too", async () => {
  const mock = mockUnderTest({ script: [{ reply: "{{model}}:{{last_user_message}}" }] });
  expect(await chat(mock, "hi", "m1")).toBe("m1:hi");
});

const turn = [
  { role: "user", content: "weather in Paris?" },
  { role: "assistant", content: null, tool_calls: [] },
];

/** What `contains` sees: endpoint, what it is, the body, the text found, a text that is not found. */
const SEEN: readonly (readonly [EndpointName, string, object, string, string])[] = [
  ["chat", "the user's words", { messages: turn.slice(0, 1) }, "Paris", "Rome"],
  [
    "chat",
    "the words of several messages, not those of the system",
    {
      messages: [
        { role: "user", content: "one" },
        { role: "system", content: "two" },
        { role: "user", content: "three" },
      ],
    },
    "one\nthree",
    "two",
  ],
  ["chat", "what was said before an answer that ends the conversation", { messages: turn }, "Paris", "Rome"],
  [
    "chat",
    "the tools' results after an answer, so that a tool is not called for ever",
    { messages: [...turn, { role: "tool", content: "sunny" }, { role: "tool", content: "dry" }] },
    "sunny\ndry",
    "Paris",
  ],
  ["completions", "all prompts", { prompt: ["one", "two"] }, "one\ntwo", "three"],
  ["embeddings", "all inputs", { input: ["one", "two"] }, "one\ntwo", "three"],
  [
    "responses",
    "the outputs of functions after a call",
    {
      input: [
        { role: "user", content: "weather in Paris?" },
        { type: "function_call", name: "f", arguments: "{}" },
        { type: "function_call_output", output: "sunny" },
      ],
    },
    "sunny",
    "Paris",
  ],
  [
    "messages",
    "tool results after an answer",
    {
      max_tokens: 1,
      messages: [
        { role: "user", content: "weather in Paris?" },
        { role: "assistant", content: [] },
        { role: "user", content: [{ type: "tool_result", content: "sunny" }] },
      ],
    },
    "sunny",
    "Paris",
  ],
];

test.each(SEEN)("%s: contains looks at %s", async (endpoint, _what, body, found, notFound) => {
  const matched = async (contains: string): Promise<boolean> => {
    const mock = mockUnderTest({ script: [{ when: { contains }, status: 418 }] });
    return (await mock.send(endpoint, { model: "m", ...body })).status === 418;
  };
  expect(await matched(found)).toBe(true);
  expect(await matched(notFound)).toBe(false);
});

test.each<[ScriptEntry["when"], EndpointName, boolean]>([
  [{ endpoint: "embeddings" }, "embeddings", true],
  [{ endpoint: "chat" }, "embeddings", false],
  [{}, "embeddings", true],
  [undefined, "embeddings", true],
  [{}, "count_tokens", false],
  [{ endpoint: "count_tokens" }, "count_tokens", true],
])("when %j, asked at %s: %p", async (when, endpoint, matched) => {
  const body = { model: "m", input: "x", messages: [{ role: "user", content: "x" }] };
  const response = await mockUnderTest({ script: [{ when, status: 418 }] }).send(endpoint, body);
  expect(response.status === 418).toBe(matched);
});
