// Chat completions of the mock: what it says and how it is cut.

import { describe, expect, test } from "bun:test";
import { mockUnderTest, NOW_SECONDS } from "./mock-under-test.ts";

const user = (content: unknown) => ({ role: "user", content });

async function replyTo(body: object, settings = {}) {
  const response = await mockUnderTest(settings).send("chat", body);
  expect(response.status).toBe(200);
  const { choices, usage } = (await response.json()) as {
    choices: { message: { content: string }; finish_reason: string }[];
    usage: object;
  };
  return { text: choices[0]?.message.content, finish: choices[0]?.finish_reason, choices, usage };
}

describe("the JSON answer", () => {
  test("is a whole chat completion", async () => {
    const response = await mockUnderTest().send("chat", { model: "any/model", messages: [user("hello")] });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: NOW_SECONDS,
      model: "any/model",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "You said: hello", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
    });
  });

  test("is the same for the same request but for id and time", async () => {
    const body = { model: "m", messages: [user("hello")] };
    const answers = await Promise.all([replyTo(body), replyTo(body)]);
    expect(answers[0]).toEqual(answers[1]);
  });

  test("names the first listed model when the request names none", async () => {
    const response = await mockUnderTest({ models: ["small", "large"] }).send("chat", {
      messages: [user("x")],
    });
    expect(await response.json()).toMatchObject({ model: "small" });
  });

  test.each([
    ["the last user message", [user("one"), { role: "assistant", content: "two" }, user("three")], "three"],
    ["a message before the assistant's", [user("one"), { role: "assistant", content: "two" }], "one"],
    [
      "text parts without images",
      [
        user([
          { type: "text", text: "see " },
          { type: "image_url", image_url: { url: "data:x" } },
        ]),
      ],
      "see ",
    ],
    [
      "several text parts",
      [
        user([
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ]),
      ],
      "ab",
    ],
    ["only users: a role may have any name", [user("one"), { role: "toString", content: "two" }], "one"],
    ["nothing when nobody said anything", [{ role: "system", content: "be kind" }], ""],
    [
      "a message that looks like a template",
      [user("{{model}} $& {{last_user_message}}")],
      "{{model}} $& {{last_user_message}}",
    ],
  ])("repeats %s", async (_what, messages, said) => {
    expect((await replyTo({ model: "m", messages })).text).toBe(`You said: ${said}`);
  });

  test("fills model and message into the reply, and leaves other braces alone", async () => {
    const { text } = await replyTo(
      { model: "m1", messages: [user("hi")] },
      { reply: "{{ model }}/{{model}}: {{last_user_message}} {{other}}" },
    );
    expect(text).toBe("m1/m1: hi {{other}}");
  });
});

describe("usage", () => {
  test.each([
    ["ASCII", [user("abcde")], 2],
    ["characters of two, three and four bytes", [user("äöü€🙂")], 4],
    ["all roles together", [{ role: "system", content: "abc" }, user("abc")], 2],
    [
      "assistant and tool messages",
      [user("a"), { role: "assistant", content: "bcd" }, { role: "tool", content: "e" }],
      2,
    ],
    ["nothing", [{ role: "assistant", content: null }], 0],
  ])("of the prompt is a quarter of the bytes, rounded up: %s", async (_what, messages, tokens) => {
    const { usage } = await replyTo({ model: "m", messages }, { reply: "🙂é" });
    expect(usage).toEqual({ prompt_tokens: tokens, completion_tokens: 2, total_tokens: tokens + 2 });
  });

  test("is what the settings say", async () => {
    const settings = { usage: { promptTokens: 100, completionTokens: 50 } };
    const { usage } = await replyTo({ model: "m", messages: [user("x")] }, settings);
    expect(usage).toEqual({ prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 });
  });
});

describe("limits", () => {
  test.each([
    ["max_tokens cuts", { max_tokens: 2 }, "12345678", "length"],
    ["max_completion_tokens cuts", { max_completion_tokens: 1 }, "1234", "length"],
    ["max_tokens that is just enough", { max_tokens: 3 }, "1234567890", "stop"],
    ["null is no limit", { max_tokens: null, stop: null }, "1234567890", "stop"],
    ["a stop text ends the reply before it", { stop: "56" }, "1234", "stop"],
    ["the first of several stop texts counts", { stop: ["9", "x", "3"] }, "12", "stop"],
    ["an empty stop text is none", { stop: ["", "4"] }, "123", "stop"],
    ["stop comes before max_tokens", { stop: "4", max_tokens: 1 }, "123", "stop"],
  ])("%s", async (_what, limits, text, finish) => {
    const reply = await replyTo({ model: "m", messages: [user("x")], ...limits }, { reply: "1234567890" });
    expect({ text: reply.text, finish: reply.finish }).toEqual({ text, finish });
  });

  test("cutting splits no character, and the usage is that of the cut text", async () => {
    const reply = await replyTo({ model: "m", messages: [user("x")], max_tokens: 1 }, { reply: "aaa€" });
    expect(reply.text).toBe("aaa");
    expect(reply.usage).toMatchObject({ completion_tokens: 1 });
  });

  test("n gives so many choices, all counted", async () => {
    const reply = await replyTo({ model: "m", messages: [user("x")], n: 3 }, { reply: "12345" });
    expect(reply.choices).toMatchObject([0, 1, 2].map((index) => ({ index, message: { content: "12345" } })));
    expect(reply.usage).toMatchObject({ completion_tokens: 4 });
  });
});

const WEATHER_TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const SCRIPTED_CALL = { script: [{ toolCall: { name: "get_weather", arguments: { city: "Zürich" } } }] };

describe("tool calls", () => {
  test("come from the script", async () => {
    const { choices, usage } = await replyTo({ model: "m", messages: [user("weather?")] }, SCRIPTED_CALL);
    expect(choices).toEqual([
      {
        index: 0,
        message: {
          role: "assistant",
          content: null,
          refusal: null,
          tool_calls: [
            {
              id: "call_2",
              type: "function",
              function: { name: "get_weather", arguments: '{"city":"Zürich"}' },
            },
          ],
        },
        logprobs: null,
        finish_reason: "tool_calls",
      },
    ] as never);
    expect(usage).toMatchObject({ completion_tokens: Math.ceil((11 + 18) / 4) });
  });

  test("a text as arguments is sent as it is", async () => {
    const settings = { script: [{ toolCall: { name: "f", arguments: "{not json" } }] };
    const { choices } = await replyTo({ model: "m", messages: [user("x")] }, settings);
    expect(choices).toMatchObject([{ message: { tool_calls: [{ function: { arguments: "{not json" } }] } }]);
  });

  test.each([
    ["a named function", { type: "function", function: { name: "get_weather" } }],
    ["any function", "required"],
  ])("are made up when tool_choice demands %s", async (_what, choice) => {
    const body = { model: "m", messages: [user("x")], tools: [WEATHER_TOOL], tool_choice: choice };
    const { choices } = await replyTo(body);
    expect(choices).toMatchObject([
      {
        message: { tool_calls: [{ function: { name: "get_weather", arguments: '{"city":"string"}' } }] },
        finish_reason: "tool_calls",
      },
    ]);
  });

  test("a script's reply goes before a demanded tool", async () => {
    const body = { model: "m", messages: [user("x")], tools: [WEATHER_TOOL], tool_choice: "required" };
    expect((await replyTo(body, { script: [{ reply: "no" }] })).text).toBe("no");
  });

  test.each(["auto", "none", null, { type: "web_search" }])(
    "are not made up for tool_choice %j",
    async (choice) => {
      const body = { model: "m", messages: [user("x")], tools: [WEATHER_TOOL], tool_choice: choice };
      expect((await replyTo(body)).text).toBe("You said: x");
    },
  );

  test("a function without a schema gets an empty object", async () => {
    const tools = [{ type: "function", function: { name: "f" } }];
    const { choices } = await replyTo({ model: "m", messages: [user("x")], tools, tool_choice: "required" });
    expect(choices).toMatchObject([{ message: { tool_calls: [{ function: { arguments: "{}" } }] } }]);
  });
});

describe("response_format", () => {
  const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };

  test.each([
    ["json_schema", { type: "json_schema", json_schema: { name: "n", schema } }, '{"ok":false}'],
    ["json_object", { type: "json_object" }, "{}"],
    ["text", { type: "text" }, "You said: x"],
  ])("%s", async (_what, format, text) => {
    const body = { model: "m", messages: [user("x")], response_format: format };
    expect((await replyTo(body)).text).toBe(text);
  });
});
