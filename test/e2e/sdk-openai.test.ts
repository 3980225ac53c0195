// The official OpenAI SDK, versions 7 and 6, through the compiled binary to an independent mock.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { MOCK_ANSWERS } from "../support/aimock.ts";
import { within } from "../support/deadline.ts";
import type { Gateway } from "../support/gateway.ts";
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

/** Both versions share this part of their surface; the tests are written against the newer one's types. */
const VERSIONS: readonly (readonly [string, typeof OpenAI])[] = [
  ["openai 7", OpenAI],
  ["openai 6", OpenAI6 as unknown as typeof OpenAI],
];

const say = (content: string) => [{ role: "user" as const, content }];

const TOOL = {
  type: "function" as const,
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

describe.each(VERSIONS)("%s", (_version, Client) => {
  const client = (options: { apiKey?: string; path?: string; maxRetries?: number } = {}) =>
    new Client({
      apiKey: options.apiKey ?? TEST_KEY,
      baseURL: `${scene.gateway.url}${options.path ?? "/v1"}`,
      maxRetries: options.maxRetries ?? 2,
      timeout: 10_000,
    });

  describe("a chat completion", () => {
    test.each([
      ["/v1", "far/gpt-4o"],
      ["/v1", "smart"],
      ["/providers/far/v1", "gpt-4o"],
      ["/models/smart/v1", "anything"],
    ])("comes back whole from %s as %s", async (path, model) => {
      const answer = await client({ path }).chat.completions.create({ model, messages: say("hello") });
      expect(answer).toMatchObject({ id: "chatcmpl-fixed", object: "chat.completion", model: "gpt-4o" });
      expect(answer.choices[0]).toMatchObject({
        finish_reason: "stop",
        message: { content: MOCK_ANSWERS.hello },
      });
      expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 });
    });

    test("is streamed, without a usage chunk that nobody asked for", async () => {
      const stream = await client().chat.completions.create({
        model: "smart",
        messages: say("hello"),
        stream: true,
      });
      let text = "";
      let chunks = 0;
      for await (const { choices, usage } of stream) {
        expect(choices).toHaveLength(1);
        expect(usage ?? null).toBeNull();
        text += choices[0]?.delta.content ?? "";
        chunks++;
      }
      expect(text).toBe(MOCK_ANSWERS.hello);
      expect(chunks).toBeGreaterThan(3);
    });

    test("is streamed with usage to a client that asks", async () => {
      const stream = await client().chat.completions.create({
        model: "smart",
        messages: say("hello"),
        stream: true,
        stream_options: { include_usage: true },
      });
      const chunks = await Array.fromAsync(stream);
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 7 } });
    });

    test("is put together again by the SDK's own helper", async () => {
      const runner = client().chat.completions.stream({ model: "smart", messages: say("long") });
      expect((await runner.finalChatCompletion()).choices[0]?.message.content).toBe(MOCK_ANSWERS.long);
    });

    test("cut off by its length says so", async () => {
      const answer = await client().chat.completions.create({ model: "smart", messages: say("cut off") });
      expect(answer.choices[0]?.finish_reason).toBe("length");
    });
  });

  describe("tools", () => {
    test("are called, answered and used", async () => {
      const ask = { model: "smart", tools: [TOOL] };
      const first = await client().chat.completions.create({ ...ask, messages: say("weather") });
      const message = first.choices[0]?.message;
      const call = message?.tool_calls?.[0];
      expect([first.choices[0]?.finish_reason, call]).toMatchObject([
        "tool_calls",
        {
          id: "call_weather1",
          type: "function",
          function: { name: "get_weather", arguments: MOCK_ANSWERS.weatherArguments },
        },
      ]);
      if (message === undefined || call === undefined) throw new Error("no tool call");
      const second = await client().chat.completions.create({
        ...ask,
        messages: [...say("weather"), message, { role: "tool", tool_call_id: call.id, content: "sunny" }],
      });
      expect(second.choices[0]?.message.content).toBe("It is sunny.");
    });

    test("are streamed in pieces that fit together", async () => {
      const runner = client().chat.completions.stream({
        model: "smart",
        tools: [TOOL],
        messages: say("both"),
      });
      const { message } = (await runner.finalChatCompletion()).choices[0] ?? {};
      expect(message?.tool_calls?.map((call) => ("function" in call ? call.function.arguments : ""))).toEqual(
        [MOCK_ANSWERS.weatherArguments, '{"zone":"UTC"}'],
      );
    });
  });

  test.each(["float", "base64", undefined] as const)("embeddings asked for as %s", async (format) => {
    const { data } = await client().embeddings.create({
      model: "own/e",
      input: "embed me",
      ...(format === undefined ? {} : { encoding_format: format }),
    });
    // What was asked for as base64 in so many words comes as text; the SDK decodes only what it asked for itself.
    const embedding: unknown = data[0]?.embedding;
    expect(typeof embedding).toBe(format === "base64" ? "string" : "object");
    const bytes =
      typeof embedding === "string" ? Uint8Array.from(Buffer.from(embedding, "base64")) : undefined;
    const values = bytes === undefined ? embedding : [...new Float32Array(bytes.buffer)];
    expect(values).toEqual([...MOCK_ANSWERS.embedding]);
  });

  test("responses, whole and streamed", async () => {
    const answer = await client().responses.create({ model: "smart", input: "hello" });
    expect([answer.status, answer.output_text]).toEqual(["completed", MOCK_ANSWERS.hello]);
    const stream = await client().responses.create({ model: "smart", input: "hello", stream: true });
    let text = "";
    const types: string[] = [];
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    expect([types[0], types.at(-1), text]).toEqual([
      "response.created",
      "response.completed",
      MOCK_ANSWERS.hello,
    ]);
  });

  test("models: the list, and one of them", async () => {
    const models = await Array.fromAsync(client().models.list());
    expect(models.map(({ id }) => id)).toContain("far/gpt-4o");
    expect((await client().models.retrieve("smart")).id).toBe("smart");
    expect((await client().models.retrieve("far/gpt-4o")).id).toBe("far/gpt-4o");
  });

  describe("errors", () => {
    const failure = async (call: Promise<unknown>): Promise<InstanceType<typeof Client.APIError>> => {
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof Client.APIError)) throw new Error(`not an APIError: ${String(error)}`);
      return error;
    };
    const chat = (model: string, content = "hello", apiKey = TEST_KEY) =>
      client({ apiKey, maxRetries: 0 }).chat.completions.create({ model, messages: say(content) });

    const OURS: readonly (readonly [string, () => Promise<unknown>, string, number, string])[] = [
      [
        "a wrong key",
        () => chat("smart", "hello", "sk-postern-no"),
        "AuthenticationError",
        401,
        "invalid_api_key",
      ],
      [
        "a model not allowed",
        () => chat("own/x", "hello", NARROW_KEY),
        "PermissionDeniedError",
        403,
        "model_not_allowed",
      ],
      ["an unknown model", () => chat("no-such-model"), "NotFoundError", 404, "model_not_found"],
      ["a large body", () => chat("smart", "x".repeat(70_000)), "APIError", 413, "body_too_large"],
      ["a rejected credential", () => chat("smart", "rejected"), "APIError", 424, "credential_rejected"],
      [
        "an endpoint the provider lacks",
        () => client().embeddings.create({ model: "chatty/x", input: "a" }),
        "InternalServerError",
        501,
        "unsupported_endpoint",
      ],
      ["a server that is down", () => chat("nobody/x"), "InternalServerError", 502, "upstream_unreachable"],
    ];
    test.each(OURS)("%s", async (_name, call, className, status, code) => {
      const error = await failure(call());
      expect(error.constructor.name).toBe(className);
      expect([error.status, error.code]).toEqual([status, code]);
      expect([null, "model"]).toContain(error.param ?? null);
      expect(error.message).not.toContain("no body");
      expect(error.message.length).toBeGreaterThan(20);
    });

    test.each([
      ["bad request", "BadRequestError", 400, "bad_thing"],
      ["payment", "APIError", 402, "insufficient_quota"],
      ["gone", "NotFoundError", 404, "model_not_found"],
      ["too many", "RateLimitError", 429, "rate_limit_exceeded"],
      ["failure", "InternalServerError", 500, null],
      ["busy", "InternalServerError", 503, null],
    ])("an upstream's own: %s", async (content, className, status, code) => {
      for (const stream of [false, true]) {
        const call = client({ maxRetries: 0 }).chat.completions.create({
          model: "smart",
          messages: say(content),
          stream,
        });
        const error = await failure(call);
        expect([error.constructor.name, error.status, error.code]).toEqual([className, status, code]);
        expect(error.message).toContain(`${content} happened`);
      }
    });

    test("of a kind that will not go away are not asked again", async () => {
      const requests = () =>
        scene.gateway.log().filter((line) => JSON.stringify(line).includes("unsupported_endpoint")).length;
      await caughtUp(scene.gateway);
      const before = requests();
      await failure(client({ maxRetries: 3 }).embeddings.create({ model: "chatty/x", input: "again" }));
      await caughtUp(scene.gateway);
      expect(requests()).toBe(before + 1);
    });
  });

  test("an aborted stream lets the upstream go", async () => {
    const paced = scene.pacedAnswer();
    paced.send(firstChunk("first"));
    const stream = await client().chat.completions.create({
      model: "own/x",
      messages: say("hi"),
      stream: true,
    });
    for await (const chunk of stream) {
      expect(chunk.choices[0]?.delta.content).toBe("first");
      break;
    }
    stream.controller.abort();
    await within("the upstream to be let go", paced.cancelled);
  });
});

/** Lines are written in batches: resolves when those of all earlier requests are there. */
async function caughtUp(gateway: Gateway): Promise<void> {
  const id = `caught-up-${crypto.randomUUID()}`;
  await gateway.fetch("/v1/models", {
    headers: { authorization: `Bearer ${TEST_KEY}`, "x-postern-request-id": id },
  });
  await gateway.logged((line) => line["request_id"] === id);
}
