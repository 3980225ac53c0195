// Chat completions of the mock as a stream: every chunk, in its order.

import { describe, expect, test } from "bun:test";
import { mockUnderTest, NOW_SECONDS, readChunks } from "./mock-under-test.ts";

const user = (content: unknown) => ({ role: "user", content });
const SCRIPTED_CALL = { script: [{ toolCall: { name: "get_weather", arguments: { city: "Zürich" } } }] };

const CHUNK = { id: "chatcmpl-1", object: "chat.completion.chunk", created: NOW_SECONDS, model: "m" };

function chunk(delta: object, finish: string | null = null, index = 0) {
  return { ...CHUNK, choices: [{ index, delta, logprobs: null, finish_reason: finish }] };
}

describe("the stream", () => {
  const body = { model: "m", messages: [user("what  now?\n")], stream: true };

  test("has the role first, then words, a finish reason, [DONE], and no usage unasked", async () => {
    const response = await mockUnderTest().send("chat", body);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await readChunks(response)).toEqual([
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "You" }),
      chunk({ content: " said:" }),
      chunk({ content: " what" }),
      chunk({ content: "  now?" }),
      chunk({ content: "\n" }),
      chunk({}, "stop"),
    ]);
  });

  test("has one usage chunk without choices when it is asked for", async () => {
    const asked = { ...body, stream_options: { include_usage: true } };
    const chunks = await readChunks(await mockUnderTest().send("chat", asked));
    expect(chunks.at(-1)).toEqual({
      ...CHUNK,
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 6, total_tokens: 9 },
    });
    expect(chunks.slice(0, -1)).toEqual(
      (await readChunks(await mockUnderTest().send("chat", body))) as unknown[],
    );
  });

  test("carries n choices side by side", async () => {
    const response = await mockUnderTest({ reply: "a b" }).send("chat", { ...body, n: 2 });
    expect(await readChunks(response)).toEqual([
      chunk({ role: "assistant", content: "" }, null, 0),
      chunk({ role: "assistant", content: "" }, null, 1),
      chunk({ content: "a" }, null, 0),
      chunk({ content: "a" }, null, 1),
      chunk({ content: " b" }, null, 0),
      chunk({ content: " b" }, null, 1),
      chunk({}, "stop", 0),
      chunk({}, "stop", 1),
    ]);
  });

  test("of an empty reply has no content", async () => {
    const response = await mockUnderTest({ reply: "" }).send("chat", body);
    expect(await readChunks(response)).toEqual([
      chunk({ role: "assistant", content: "" }),
      chunk({}, "stop"),
    ]);
  });

  test("says length when it was cut", async () => {
    const chunks = await readChunks(await mockUnderTest().send("chat", { ...body, max_tokens: 1 }));
    expect(chunks.at(-1)).toEqual(chunk({}, "length"));
  });

  test("carries a tool call in pieces that join to the arguments", async () => {
    const chunks = await readChunks(await mockUnderTest(SCRIPTED_CALL).send("chat", body));
    const call = {
      index: 0,
      id: "call_2",
      type: "function",
      function: { name: "get_weather", arguments: "" },
    };
    expect(chunks).toEqual([
      chunk({ role: "assistant", content: null, tool_calls: [call] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Zür' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: 'ich"}' } }] }),
      chunk({}, "tool_calls"),
    ]);
  });
});
