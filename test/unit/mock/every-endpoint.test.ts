// What holds at every endpoint of the mock: failures, latency, stalls, hang-ups, bodies it cannot read.

import { describe, expect, test } from "bun:test";
import { ENDPOINTS, type EndpointName } from "../../../src/formats/table.ts";
import { createMock } from "../../../src/mock/mock-provider.ts";
import { mockUnderTest, NO_SIGNAL, sleepingMock } from "./mock-under-test.ts";

const messages = [{ role: "user", content: "hi" }];

/** A good body of each endpoint that takes one. */
const BODIES: readonly (readonly [EndpointName, Record<string, unknown>])[] = [
  ["chat", { model: "m", messages }],
  ["completions", { model: "m", prompt: "hi" }],
  ["embeddings", { model: "m", input: "hi" }],
  ["responses", { model: "m", input: "hi" }],
  ["messages", { model: "m", max_tokens: 10, messages }],
  ["count_tokens", { model: "m", messages }],
];

const STREAMING = BODIES.filter(([endpoint]) => ENDPOINTS[endpoint].streams);

/** Each endpoint's good body, for JSON and, where there is one, for the stream. */
const CALLS = [
  ...BODIES.map(([endpoint, body]) => [endpoint, "JSON", body] as const),
  ...STREAMING.map(([endpoint, body]) => [endpoint, "stream", { ...body, stream: true }] as const),
];

async function expectError(response: Response, endpoint: EndpointName, type: string): Promise<string> {
  expect(response.headers.get("content-type")).toBe("application/json");
  const body = (await response.json()) as { error: { message: string } };
  const { message } = body.error;
  expect(message).not.toBe("");
  if (ENDPOINTS[endpoint].family === "anthropic") {
    const request_id = response.headers.get("request-id");
    expect(request_id).toStartWith("req_");
    expect(body as unknown).toEqual({ type: "error", error: { type, message }, request_id });
  } else {
    const { param, code } = body.error as unknown as { param: unknown; code: unknown };
    expect(body as unknown).toEqual({ error: { message, type, param, code } });
  }
  return message;
}

describe.each(CALLS)("%s, %s", (endpoint, _kind, body) => {
  test("every third request fails when the settings say so, as plain JSON", async () => {
    const mock = mockUnderTest({ fail: { status: 503, every: 3 } });
    const responses: Response[] = [];
    for (let count = 0; count < 6; count++) responses.push(await mock.send(endpoint, body));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 503, 200, 200, 503]);
    const failed = responses[2] as Response;
    expect(failed.headers.get("retry-after")).toBe("1");
    await expectError(
      failed,
      endpoint,
      ENDPOINTS[endpoint].family === "anthropic" ? "api_error" : "server_error",
    );
  });

  test("a scripted status is answered with the entry's text", async () => {
    const entry = { when: { endpoint }, status: 429, reply: "slow down, {{model}}" };
    const response = await mockUnderTest({ script: [entry] }).send(endpoint, body);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await expectError(response, endpoint, "rate_limit_error")).toBe("slow down, m");
  });

  test("latency is waited for once, before the answer, a failure too", async () => {
    const mock = mockUnderTest({ latencyMs: 20, fail: { status: 500, every: 2 } });
    await mock.send(endpoint, body);
    await mock.send(endpoint, body);
    expect(mock.sleeps).toEqual([20, 20]);
  });

  test("a stall is waited for, then the answer comes", async () => {
    const mock = mockUnderTest({ script: [{ when: { endpoint }, stallMs: 5000 }] });
    const response = await mock.send(endpoint, body);
    expect(response.status).toBe(200);
    expect(mock.sleeps).toEqual([5000]);
  });

  test.each([
    ["latency", { latencyMs: 1000 }, 1],
    ["a stall", { script: [{ when: { endpoint }, stallMs: 1000 }] }, 1],
    ["a stall for ever, which sets no timer", { script: [{ when: { endpoint }, stallMs: Infinity }] }, 0],
    ["a stall longer than timers can be", { script: [{ when: { endpoint }, stallMs: 1e12 }] }, 0],
  ])("hanging up ends %s with the signal's reason", async (_what, settings, timers) => {
    const mock = sleepingMock(settings);
    const hangUp = new AbortController();
    const answer = mock.send(endpoint, body, hangUp.signal);
    expect(mock.asleep()).toBe(timers);
    const gone = new Error("gone");
    hangUp.abort(gone);
    expect(await answer.catch((error: unknown) => error)).toBe(gone);
    expect(mock.asleep()).toBe(0);
  });

  test("a request that was given up before is not answered", async () => {
    const gone = new Error("gone");
    const answer = mockUnderTest().send(endpoint, body, AbortSignal.abort(gone));
    expect(await answer.catch((error: unknown) => error)).toBe(gone);
  });
});

describe.each(BODIES)("%s", (endpoint, good) => {
  test.each([
    ["no body", undefined],
    ["an empty body", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["no fields", "{}"],
    ["a model that is not a string", JSON.stringify({ ...good, model: 7 })],
  ])("%s: 400", async (_what, body) => {
    const response = await mockUnderTest().send(endpoint, body);
    expect(response.status).toBe(400);
    await expectError(response, endpoint, "invalid_request_error");
  });
});

test("a body that is not UTF-8 is a 400", async () => {
  const mock = createMock({}, { now: () => 0, newId: () => "id", sleep: async () => {} });
  const body = Buffer.from('{"model":"m","messages":[{"role":"user","content":"\xff"}]}', "latin1");
  expect((await mock({ endpoint: "chat", body, signal: NO_SIGNAL })).status).toBe(400);
});

/** endpoint, what is wrong, fields that replace those of the good body, the `param` named. */
const WRONG: readonly (readonly [EndpointName, string, object, string | null])[] = [
  ["chat", "messages missing", { messages: undefined }, "messages"],
  ["chat", "messages not a list", { messages: "hi" }, "messages"],
  ["chat", "no messages", { messages: [] }, "messages"],
  ["chat", "a message that is a text", { messages: ["hi"] }, "messages[0]"],
  ["chat", "a message without a role", { messages: [...messages, { content: "x" }] }, "messages[1]"],
  ["chat", "a content that is a number", { messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
  ["chat", "a part that is a number", { messages: [{ role: "user", content: [5] }] }, "messages[0].content"],
  [
    "chat",
    "a text part without text",
    { messages: [{ role: "user", content: [{ type: "text" }] }] },
    "messages[0].content",
  ],
  ["chat", "stream not a flag", { stream: "yes" }, "stream"],
  ["chat", "stream_options not an object", { stream_options: true }, "stream_options"],
  ["chat", "n too large", { n: 9 }, "n"],
  ["chat", "n of 0", { n: 0 }, "n"],
  ["chat", "max_tokens of 0", { max_tokens: 0 }, "max_tokens"],
  ["chat", "max_tokens not whole", { max_completion_tokens: 1.5 }, "max_completion_tokens"],
  ["chat", "stop not a text", { stop: [1] }, "stop"],
  ["chat", "response_format not an object", { response_format: "json" }, "response_format"],
  ["chat", "a demanded tool that is not declared", { tool_choice: "required" }, "tool_choice"],
  ["chat", "a tool_choice without a name", { tool_choice: { type: "function" } }, "tool_choice"],
  ["chat", "a tool_choice that is a number", { tool_choice: 1 }, "tool_choice"],
  ["completions", "prompt missing", { prompt: undefined }, "prompt"],
  ["completions", "a prompt that is an object", { prompt: {} }, "prompt"],
  ["completions", "more choices than 128", { prompt: new Array(65).fill("x"), n: 2 }, "n"],
  ["responses", "input missing", { input: undefined }, "input"],
  ["responses", "input a number", { input: 1 }, "input"],
  ["responses", "an item that is a text", { input: ["hi"] }, "input[0]"],
  ["responses", "text not an object", { text: "plain" }, "text"],
  ["responses", "instructions not a text", { instructions: [] }, "instructions"],
  ["messages", "max_tokens missing", { max_tokens: undefined }, null],
  ["messages", "a role it does not know", { messages: [{ role: "system", content: "x" }] }, null],
  ["messages", "a message without content", { messages: [{ role: "user" }] }, null],
  ["messages", "system a number", { system: 1 }, null],
];

test.each(WRONG)("%s, %s: 400 that names the field", async (endpoint, _what, fields, param) => {
  const good = BODIES.find(([name]) => name === endpoint)?.[1];
  const response = await mockUnderTest().send(endpoint, { ...good, ...fields });
  expect(response.status).toBe(400);
  if (param !== null) expect(await response.json()).toMatchObject({ error: { param } });
  else await expectError(response, endpoint, "invalid_request_error");
});

test.each([
  [401, "authentication_error", "authentication_error"],
  [402, "insufficient_quota", "billing_error"],
  [403, "permission_error", "permission_error"],
  [404, "invalid_request_error", "not_found_error"],
  [413, "invalid_request_error", "request_too_large"],
  [429, "rate_limit_error", "rate_limit_error"],
  [500, "server_error", "api_error"],
  [504, "server_error", "timeout_error"],
  [529, "server_error", "overloaded_error"],
])("a failure of status %d is a %s, to Anthropic's clients a %s", async (status, openai, anthropic) => {
  const settings = { fail: { status, every: 1 } };
  for (const [endpoint, type] of [
    ["chat", openai],
    ["messages", anthropic],
  ] as const) {
    const response = await mockUnderTest(settings).send(
      endpoint,
      BODIES.find(([name]) => name === endpoint)?.[1],
    );
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(status === 429 ? "1" : null);
    await expectError(response, endpoint, type);
  }
});

describe("models", () => {
  test("are listed in the OpenAI shape", async () => {
    const response = await mockUnderTest({ models: ["a", "b/c"] }).send("models");
    expect(await response.json()).toEqual({
      object: "list",
      data: ["a", "b/c"].map((id) => ({ id, object: "model", created: 1_767_225_600, owned_by: "postern" })),
    });
  });

  test("are one called mock-model by default", async () => {
    expect(await (await mockUnderTest().send("models")).json()).toMatchObject({
      data: [{ id: "mock-model" }],
    });
  });

  test("are listed without failing, and without counting for the failures of others", async () => {
    const mock = mockUnderTest({ fail: { status: 500, every: 2 } });
    const body = BODIES[0]?.[1];
    const statuses: number[] = [];
    for (const endpoint of ["models", "chat", "models", "chat", "models"] as const) {
      statuses.push((await mock.send(endpoint, endpoint === "models" ? undefined : body)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 500, 200]);
  });
});
