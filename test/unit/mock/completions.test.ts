// Completions of the mock: prompts of every kind, JSON and stream.

import { describe, expect, test } from "bun:test";
import { mockUnderTest, NOW_SECONDS, readChunks } from "./mock-under-test.ts";

const HEAD = { id: "cmpl-1", object: "text_completion", created: NOW_SECONDS, model: "m" };

function choice(text: string, finish: string | null = "stop", index = 0) {
  return { index, text, logprobs: null, finish_reason: finish };
}

describe("the JSON answer", () => {
  test("is a whole completion", async () => {
    const response = await mockUnderTest().send("completions", { model: "m", prompt: "héllo" });
    expect(await response.json()).toEqual({
      ...HEAD,
      choices: [choice("You said: héllo")],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
    });
  });

  test.each([
    ["several texts, one choice each", { prompt: ["a", "b"] }, ["You said: a", "You said: b"], 1],
    ["a list of tokens, counted as such", { prompt: [1, 2, 3] }, ["You said: 1 2 3"], 3],
    ["lists of tokens", { prompt: [[1], [2, 3]] }, ["You said: 1", "You said: 2 3"], 3],
    [
      "n choices per prompt",
      { prompt: ["a", "b"], n: 2 },
      ["a", "a", "b", "b"].map((x) => `You said: ${x}`),
      1,
    ],
  ])("%s", async (_what, body, texts, promptTokens) => {
    const response = await mockUnderTest().send("completions", { model: "m", ...body });
    expect(await response.json()).toMatchObject({
      choices: texts.map((text, index) => choice(text, "stop", index)),
      usage: { prompt_tokens: promptTokens },
    });
  });

  test.each([
    ["max_tokens", { max_tokens: 1 }, choice("You ", "length")],
    ["stop", { stop: " said" }, choice("You", "stop")],
  ])("obeys %s", async (_what, limits, expected) => {
    const response = await mockUnderTest().send("completions", { model: "m", prompt: "x", ...limits });
    expect(await response.json()).toMatchObject({ choices: [expected] });
  });
});

describe("the stream", () => {
  const body = { model: "m", prompt: ["x", "y"], stream: true };

  test("has words, a finish reason per choice, [DONE], and no usage unasked", async () => {
    const response = await mockUnderTest({ reply: "to {{last_user_message}}" }).send("completions", body);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const choices = [
      choice("to", null, 0),
      choice(" x", null, 0),
      choice("", "stop", 0),
      choice("to", null, 1),
      choice(" y", null, 1),
      choice("", "stop", 1),
    ];
    expect(await readChunks(response)).toEqual(choices.map((each) => ({ ...HEAD, choices: [each] })));
  });

  test("has one usage chunk without choices when it is asked for", async () => {
    const asked = { ...body, stream_options: { include_usage: true } };
    const chunks = await readChunks(await mockUnderTest({ reply: "12345" }).send("completions", asked));
    const usage = { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 };
    expect(chunks.at(-1)).toEqual({ ...HEAD, choices: [], usage });
  });
});

test("a scripted tool call is no answer here: the reply is", async () => {
  const mock = mockUnderTest({ script: [{ toolCall: { name: "f", arguments: {} } }] });
  const response = await mock.send("completions", { model: "m", prompt: "x" });
  expect(await response.json()).toMatchObject({ choices: [choice("You said: x")] });
});
