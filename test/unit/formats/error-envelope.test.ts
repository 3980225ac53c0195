import { describe, expect, test } from "bun:test";
import { findErrorInAnswer, toErrorEnvelope } from "../../../src/formats/error-envelope.ts";

const bytes = (body: unknown) => Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
const enveloped = (body: unknown, status = 400) =>
  JSON.parse(Buffer.from(toErrorEnvelope(bytes(body), status, "openai", "req-1")).toString("utf8"));

describe("what is in the client's envelope passes byte for byte", () => {
  test.each([
    ["openai", '{"error": {"message":"no", "type":"invalid_request_error","param":null,"code":"c"}}\n'],
    ["openai", '{"error":{"message":"no","type":"x","code":null},"user_id":1}'],
    ["anthropic", '{"type":"error", "error":{"type":"rate_limit_error","message":"no"}, "request_id":"r"}'],
  ] as const)("%s %s", (family, text) => {
    const body = bytes(text);
    expect(toErrorEnvelope(body, 400, family, "req-1")).toBe(body);
  });
});

describe("every other shape is put into OpenAI's, with its message", () => {
  const invalid = { type: "invalid_request_error", param: null, code: null };

  test.each<[string, unknown, object]>([
    [
      "flat (vLLM, SGLang)",
      { object: "error", message: "too long", type: "BadRequestError", param: "messages", code: 400 },
      { message: "too long", type: "BadRequestError", param: "messages", code: "400" },
    ],
    [
      "a number for a code (vLLM)",
      { error: { message: "too long", type: "BadRequestError", param: null, code: 400 } },
      { message: "too long", type: "BadRequestError", param: null, code: "400" },
    ],
    [
      "a string (Ollama, LM Studio)",
      { error: "model not found" },
      { message: "model not found", ...invalid },
    ],
    [
      "a string with a type (TGI)",
      { error: "overloaded", error_type: "overloaded" },
      { message: "overloaded", ...invalid, type: "overloaded" },
    ],
    ["FastAPI's detail", { detail: "Not authenticated" }, { message: "Not authenticated", ...invalid }],
    [
      "FastAPI's list of details",
      { detail: [{ loc: ["body", "messages"], msg: "field required", type: "missing" }, { msg: "bad" }] },
      { message: "body.messages: field required; bad", ...invalid },
    ],
    ["an object for a detail", { detail: { message: "no quota" } }, { message: "no quota", ...invalid }],
    [
      "Gemini's, in an array",
      [{ error: { code: 400, message: "key not valid", status: "INVALID_ARGUMENT" } }],
      { message: "key not valid", ...invalid, code: "400", status: "INVALID_ARGUMENT" },
    ],
    [
      "Gemini's with details",
      {
        error: {
          code: 429,
          message: "exhausted",
          status: "RESOURCE_EXHAUSTED",
          details: [{ retryDelay: "4s" }],
        },
      },
      {
        message: "exhausted",
        type: "rate_limit_error",
        param: null,
        code: "429",
        status: "RESOURCE_EXHAUSTED",
        details: [{ retryDelay: "4s" }],
      },
    ],
    [
      "Anthropic's",
      { type: "error", error: { type: "overloaded_error", message: "busy" } },
      { message: "busy", type: "overloaded_error", param: null, code: null },
    ],
    [
      "Groq's failed generation is kept",
      { error: { message: "bad call", code: 400, failed_generation: "{" } },
      { message: "bad call", ...invalid, code: "400", failed_generation: "{" },
    ],
    [
      "a lone message (Bedrock, Kong)",
      { message: "denied", request_id: "x" },
      { message: "denied", ...invalid, request_id: "x" },
    ],
    [
      "a list of errors (Cloudflare)",
      { success: false, errors: [{ code: 7003, message: "no route" }] },
      { message: "no route", ...invalid, code: "7003" },
    ],
    [
      "an error object without a message",
      { error: { reason: "x" } },
      { message: '{"reason":"x"}', ...invalid },
    ],
    [
      "a type that is null (LiteLLM)",
      { error: { message: "no", type: null, param: null, code: "400" } },
      { message: "no", ...invalid, code: "400" },
    ],
    ["plain text", "upstream connect error\n", { message: "upstream connect error", ...invalid }],
    [
      "a page",
      "<!DOCTYPE html><html><head><title>t</title><style>b{}</style></head><body><h1>502 Bad Gateway</h1><hr>nginx &amp; co</body></html>",
      { message: "502 Bad Gateway nginx & co", ...invalid },
    ],
    ["nothing", "", { message: "The upstream answered 400 without a message.", ...invalid }],
    ["JSON that says nothing", "{}", { message: "{}", ...invalid }],
  ])("%s", (_, body, error) => {
    expect(enveloped(body)).toEqual({ error });
  });

  test("what stands beside the error stays", () => {
    expect(enveloped({ error: { message: "no", code: 401 }, user_id: "u" })).toMatchObject({ user_id: "u" });
  });

  test("a missing type follows the status", () => {
    const types = [400, 401, 402, 403, 404, 429, 500, 503].map(
      (status) => enveloped("no", status).error.type,
    );
    expect(types).toEqual([
      "invalid_request_error",
      "authentication_error",
      "insufficient_quota",
      "permission_error",
      "invalid_request_error",
      "rate_limit_error",
      "server_error",
      "server_error",
    ]);
  });

  test("for a client of the Messages API, Anthropic's envelope", () => {
    const body = toErrorEnvelope(bytes({ error: { message: "no", code: 429 } }), 429, "anthropic", "req-1");
    expect(JSON.parse(Buffer.from(body).toString("utf8"))).toEqual({
      type: "error",
      error: { type: "rate_limit_error", message: "no" },
      request_id: "req-1",
    });
  });

  test("32,000 nested arrays are a text like any other, at once", () => {
    const { error } = enveloped(`${"[".repeat(32_000)}${"]".repeat(32_000)}`);
    expect(error.message).toHaveLength(2001);
  });
});

describe("an error behind a status of 200", () => {
  test.each<[string, unknown, string | undefined]>([
    ["an envelope", { error: { message: "quota exceeded", code: 429 } }, "quota exceeded"],
    ["a string", { error: "no such model" }, "no such model"],
    ["a flat error", { object: "error", message: "engine died", code: 500 }, "engine died"],
    ["a detail", { detail: "Not authenticated" }, "Not authenticated"],
    ["a page", "<html><body>Welcome</body></html>", "The upstream's answer is not JSON: Welcome"],
    ["nothing", "", "The upstream's answer is empty."],
    ["an answer", { object: "chat.completion", choices: [] }, undefined],
    ["an answer with error: null", { object: "response", error: null, output: [] }, undefined],
    [
      "a Responses answer that failed",
      { object: "response", error: { message: "no" }, output: [] },
      undefined,
    ],
    [
      "an answer that talks of an error",
      { choices: [{ message: { content: '"error"', error: 1 } }] },
      undefined,
    ],
    ["embeddings", { embedding: [1] }, undefined],
    ["a list", [[0.5]], undefined],
    ["an empty list", [], undefined],
    ["a token count", { input_tokens: 4 }, undefined],
  ])("%s", (_, body, message) => {
    expect(findErrorInAnswer(bytes(body))?.message).toBe(message);
  });
});
