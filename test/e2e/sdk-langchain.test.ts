// LangChain's OpenAI classes, through the compiled binary to an independent mock.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { MOCK_ANSWERS } from "../support/aimock.ts";
import { within } from "../support/deadline.ts";
import { TEST_KEY } from "../support/keys.ts";
import { NARROW_KEY, type SdkScene, startSdkScene } from "../support/sdk-scene.ts";
import { firstChunk } from "../support/upstream.ts";

let scene: SdkScene;

beforeAll(async () => {
  scene = await startSdkScene();
});
afterAll(async () => {
  await scene?.stop();
});

interface Options {
  readonly apiKey?: string;
  readonly model?: string;
  readonly useResponsesApi?: boolean;
}

function chat(options: Options = {}): ChatOpenAI {
  return new ChatOpenAI({
    apiKey: options.apiKey ?? TEST_KEY,
    model: options.model ?? "far/gpt-4o",
    useResponsesApi: options.useResponsesApi ?? false,
    maxRetries: 0,
    configuration: { baseURL: `${scene.gateway.url}/v1` },
  });
}

const TOOL = {
  type: "function" as const,
  function: {
    name: "get_weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};

describe("LangChain", () => {
  test.each([false, true])("invokes a model, with usage (Responses: %s)", async (useResponsesApi) => {
    const answer = await chat({ useResponsesApi }).invoke("hello");
    expect(answer.text).toBe(MOCK_ANSWERS.hello);
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 5, output_tokens: 7, total_tokens: 12 });
  });

  test.each([false, true])("streams (Responses: %s)", async (useResponsesApi) => {
    const stream = await chat({ useResponsesApi }).stream("hello");
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map((chunk) => chunk.text).join("")).toBe(MOCK_ANSWERS.hello);
    // LangChain always asks for usage when it streams.
    expect(chunks).toContainEqual(
      expect.objectContaining({ usage_metadata: expect.objectContaining({ output_tokens: 7 }) }),
    );
  });

  test("calls a tool and goes on with its answer", async () => {
    const bound = chat().bindTools([TOOL]);
    const first = await bound.invoke([new HumanMessage("weather")]);
    const call = first.tool_calls?.[0];
    expect(call).toMatchObject({ name: "get_weather", args: { city: "Paris" }, id: "call_weather1" });
    const result = new ToolMessage({ content: "sunny", tool_call_id: call?.id ?? "" });
    expect((await bound.invoke([new HumanMessage("weather"), first, result])).text).toBe("It is sunny.");
  });

  test("embeds, although it asks for base64", async () => {
    const embeddings = new OpenAIEmbeddings({
      apiKey: TEST_KEY,
      model: "far/text-embedding-3-small",
      maxRetries: 0,
      configuration: { baseURL: `${scene.gateway.url}/v1` },
    });
    expect(await embeddings.embedQuery("embed me")).toEqual([...MOCK_ANSWERS.embedding]);
  });

  describe("shows errors", () => {
    const CASES: readonly (readonly [string, Options, string, number, RegExp])[] = [
      ["a wrong key", { apiKey: "sk-postern-no" }, "hello", 401, /key/i],
      ["a model not allowed", { apiKey: NARROW_KEY, model: "own/x" }, "hello", 403, /own\/x/],
      ["an unknown model", { model: "no-such-model" }, "hello", 404, /no-such-model/],
      ["a rejected credential", {}, "rejected", 424, /far/],
      [
        "an endpoint the provider lacks",
        { model: "chatty/x", useResponsesApi: true },
        "hello",
        501,
        /chatty/,
      ],
      ["an upstream's own 400", {}, "bad request", 400, /bad request happened/],
      ["an upstream's own 429", {}, "too many", 429, /too many happened/],
      ["an upstream's own 500", {}, "failure", 500, /failure happened/],
    ];
    test.each(CASES)("%s", async (_name, options, content, status, message) => {
      const error: unknown = await chat(options)
        .invoke(content)
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      expect(error).toMatchObject({ status });
      expect(String(error)).toMatch(message);
    });
  });

  test("an aborted stream lets the upstream go", async () => {
    const paced = scene.pacedAnswer();
    paced.send(firstChunk("first"));
    const abort = new AbortController();
    const stream = await chat({ model: "own/x" }).stream("hi", { signal: abort.signal });
    for await (const chunk of stream) {
      if (chunk.text !== "first") continue;
      abort.abort();
      break;
    }
    await within("the upstream to be let go", paced.cancelled);
  });
});
