// Vercel's AI SDK with its OpenAI-compatible provider, through the compiled binary to an independent mock.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  embed,
  embedMany,
  generateText,
  jsonSchema,
  Output,
  stepCountIs,
  streamText,
  tool,
} from "ai";
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

function provider(options: { apiKey?: string; path?: string; includeUsage?: boolean } = {}) {
  return createOpenAICompatible({
    name: "postern",
    apiKey: options.apiKey ?? TEST_KEY,
    baseURL: `${scene.gateway.url}${options.path ?? "/v1"}`,
    includeUsage: options.includeUsage ?? false,
    supportsStructuredOutputs: true,
  });
}

const model = () => provider().chatModel("far/gpt-4o");

const WEATHER = tool({
  description: "Tells the weather.",
  inputSchema: jsonSchema<{ city: string }>({
    type: "object",
    properties: { city: { type: "string" }, unit: { type: "string" } },
    required: ["city"],
  }),
  execute: async ({ city }) => `sunny in ${city}`,
});

describe("AI SDK", () => {
  test("generates text, with usage", async () => {
    const { text, usage, finishReason } = await generateText({ model: model(), prompt: "hello" });
    expect([text, finishReason]).toEqual([MOCK_ANSWERS.hello, "stop"]);
    expect([usage.inputTokens, usage.outputTokens]).toEqual([5, 7]);
  });

  test.each([false, true])("streams text (includeUsage: %s)", async (includeUsage) => {
    const result = streamText({
      model: provider({ includeUsage }).chatModel("far/gpt-4o"),
      prompt: "hello",
    });
    let text = "";
    for await (const part of result.textStream) text += part;
    expect([text, await result.finishReason]).toEqual([MOCK_ANSWERS.hello, "stop"]);
    if (includeUsage) expect((await result.usage).outputTokens).toBe(7);
  });

  test("streams from a provider's own path", async () => {
    const result = streamText({
      model: provider({ path: "/providers/far/v1" }).chatModel("gpt-4o"),
      prompt: "long",
    });
    expect(await result.text).toBe(MOCK_ANSWERS.long);
  });

  test.each(["generated", "streamed"])("calls a tool and goes on with its answer, %s", async (how) => {
    const options = {
      model: model(),
      prompt: "weather",
      tools: { get_weather: WEATHER },
      stopWhen: stepCountIs(3),
    };
    const result = how === "generated" ? await generateText(options) : streamText(options);
    expect(await result.text).toBe("It is sunny.");
    const steps = await result.steps;
    expect(steps[0]?.toolCalls[0]).toMatchObject({ toolName: "get_weather", input: { city: "Paris" } });
    expect(steps[0]?.toolResults[0]?.output).toBe("sunny in Paris");
  });

  test("gets structured output", async () => {
    const { output } = await generateText({
      model: model(),
      prompt: "json",
      output: Output.object({
        schema: jsonSchema<{ status: string }>({
          type: "object",
          properties: { status: { type: "string" } },
        }),
      }),
    });
    expect(output).toEqual({ status: "ok" });
  });

  test("embeds one value and several", async () => {
    const embedder = provider().embeddingModel("far/text-embedding-3-small");
    expect((await embed({ model: embedder, value: "embed me" })).embedding).toEqual([
      ...MOCK_ANSWERS.embedding,
    ]);
    expect(
      (await embedMany({ model: embedder, values: ["embed me", "embed me too"] })).embeddings,
    ).toHaveLength(2);
  });

  describe("shows errors", () => {
    const failure = async (call: PromiseLike<unknown>): Promise<APICallError> => {
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!APICallError.isInstance(error)) throw new Error(`not an APICallError: ${String(error)}`);
      return error;
    };
    const generate = (name: string, prompt: string, apiKey = TEST_KEY) =>
      generateText({ model: provider({ apiKey }).chatModel(name), prompt, maxRetries: 0 });

    const CASES: readonly (readonly [string, () => PromiseLike<unknown>, number, RegExp])[] = [
      ["a wrong key", () => generate("far/x", "hello", "sk-postern-no"), 401, /key/i],
      ["a model not allowed", () => generate("own/x", "hello", NARROW_KEY), 403, /own\/x/],
      ["an unknown model", () => generate("no-such-model", "hello"), 404, /no-such-model/],
      ["a rejected credential", () => generate("far/gpt-4o", "rejected"), 424, /far/],
      [
        "an endpoint the provider lacks",
        () => embed({ model: provider().embeddingModel("chatty/x"), value: "embed me", maxRetries: 0 }),
        501,
        /chatty/,
      ],
      ["an upstream's own 400", () => generate("far/gpt-4o", "bad request"), 400, /bad request happened/],
      ["an upstream's own 429", () => generate("far/gpt-4o", "too many"), 429, /too many happened/],
    ];
    test.each(CASES)("%s", async (_name, call, status, message) => {
      const error = await failure(call());
      expect(error.statusCode).toBe(status);
      // Not the bare status text, which is all it shows of a body it cannot read.
      expect(error.message).toMatch(message);
    });

    test("of a stream too", async () => {
      const errors: unknown[] = [];
      const result = streamText({
        model: model(),
        prompt: "busy",
        maxRetries: 0,
        onError: ({ error }) => void errors.push(error),
      });
      await result.consumeStream();
      expect(errors).toMatchObject([{ statusCode: 503, message: "busy happened" }]);
    });
  });

  test("an aborted stream lets the upstream go", async () => {
    const paced = scene.pacedAnswer();
    paced.send(firstChunk("first"));
    const abort = new AbortController();
    const result = streamText({
      model: provider().chatModel("own/x"),
      prompt: "hi",
      abortSignal: abort.signal,
      onError: () => {},
    });
    for await (const part of result.textStream) {
      expect(part).toBe("first");
      abort.abort();
      break;
    }
    await within("the upstream to be let go", paced.cancelled);
  });
});
