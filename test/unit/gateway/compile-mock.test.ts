// The `mock` section compiled: defaults, durations in milliseconds, every kind of script entry.

import { describe, expect, test } from "bun:test";
import { compileMock } from "../../../src/gateway/compile-mock.ts";
import { configOf } from "../../support/snapshots.ts";

function compiled(settings: string): ReturnType<typeof compileMock> {
  const mock = configOf(`providers: { demo: { type: mock, mock: ${settings} } }`).config.providers["demo"]
    ?.mock;
  if (mock === undefined) throw new Error("no mock section");
  return compileMock(mock);
}

describe("a mock section", () => {
  test("that says nothing answers at once with what was said", () => {
    expect(compiled("{}")).toEqual({
      reply: "You said: {{last_user_message}}",
      latencyMs: 0,
      tokensPerSecond: 0,
      usage: undefined,
      fail: { status: 503, every: 0 },
      script: [],
      models: undefined,
    });
  });

  test("says it in our words and units", () => {
    const usage = "usage: { prompt_tokens: 3, completion_tokens: 2 }";
    expect(
      compiled(
        `{ reply: hi, latency: 20ms, tokens_per_second: 200, ${usage}, fail: { status: 429, every: 3 }, models: [a] }`,
      ),
    ).toMatchObject({
      reply: "hi",
      latencyMs: 20,
      tokensPerSecond: 200,
      usage: { promptTokens: 3, completionTokens: 2 },
      fail: { status: 429, every: 3 },
      models: ["a"],
    });
  });

  test.each([
    ["{ reply: x }", { reply: "x" }],
    [
      "{ when: { contains: a, model: m, endpoint: chat }, status: 503, times: 2 }",
      { when: { contains: "a", model: "m", endpoint: "chat" }, status: 503, times: 2 },
    ],
    ["{ tool_call: { name: f, arguments: { a: 1 } } }", { toolCall: { name: "f", arguments: { a: 1 } } }],
    [
      "{ tool_call: { name: f, arguments: '{\"a\": 1}' } }",
      { toolCall: { name: "f", arguments: '{"a": 1}' } },
    ],
    ["{ stall: 30s }", { stallMs: 30_000 }],
    ["{ stall: 0 }", { stallMs: 0 }],
    ["{ stall: true }", { stallMs: Number.POSITIVE_INFINITY }],
  ])("has the script entry %s", (entry, expected) => {
    expect(compiled(`{ script: [${entry}] }`).script).toEqual([expect.objectContaining(expected)]);
  });
});
