// Plain answers as real servers send them, as a client gets them: errors, streams that nobody asked for.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import OpenAI6 from "openai6";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";
import { CONTENT_SAMPLES } from "../support/wire-samples/content.ts";
import { FAILURE_SAMPLES } from "../support/wire-samples/failures.ts";
import { FRAMING_SAMPLES } from "../support/wire-samples/framing.ts";
import {
  MESSAGE,
  MESSAGE_EVENTS,
  namedStream,
  RESPONSE,
  RESPONSE_EVENTS,
} from "../support/wire-samples/named.ts";
import { bytesOf, type Sample } from "../support/wire-samples/sample.ts";
import { TOOL_SAMPLES } from "../support/wire-samples/tools.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none, endpoints: [chat, embeddings, responses, messages] }
  untouched: { base_url: "${upstream.url}/v1", auth: none, normalize: off }
  openai: { base_url: "${upstream.url}/v1", api_key: k }
  forced: { type: openai, base_url: "${upstream.url}/v1", api_key: k, normalize: on }
${TESTER}`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const JSON_TYPE = "application/json";

/** What a client gets of an upstream that answers with this body. */
async function relayed(
  body: string | Uint8Array,
  init: ResponseInit,
  path = "/v1/chat/completions",
  request: Readonly<Record<string, unknown>> = { model: "up/m" },
): Promise<{ response: Response; text: string }> {
  upstream.answer(
    () => new Response(body, { ...init, headers: { "content-type": JSON_TYPE, ...init.headers } }),
  );
  const response = await gateway.post(path, request);
  return { response, text: await response.text() };
}

/** Shape → the body and the message in it. */
const ERROR_SHAPES: Readonly<Record<string, readonly [string, string]>> = {
  "a flat error": [
    '{"object":"error","message":"too long","type":"BadRequest","param":null,"code":400}',
    "too long",
  ],
  "a code that is a number": ['{"error":{"message":"too long","type":"BadRequest","code":400}}', "too long"],
  "a string under error": ['{"error":"model not loaded"}', "model not loaded"],
  "error and error_type": ['{"error":"too long","error_type":"validation"}', "too long"],
  "FastAPI's detail": ['{"detail":"Not authenticated"}', "Not authenticated"],
  "FastAPI's list": [
    '{"detail":[{"loc":["body","messages"],"msg":"field required","type":"missing"}]}',
    "field required",
  ],
  "plain text": ["upstream connect error", "upstream connect error"],
  "an HTML page": ["<html><body><h1>502 Bad Gateway</h1></body></html>", "502 Bad Gateway"],
  "Gemini's in an array": [
    '[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]',
    "overloaded",
  ],
  "a message only": ['{"message":"no route","request_id":"r1"}', "no route"],
  "Anthropic's envelope": ['{"type":"error","error":{"type":"overloaded_error","message":"busy"}}', "busy"],
  "a null type": ['{"error":{"message":"bad","type":null,"param":null,"code":"400"}}', "bad"],
  nothing: ["", "400"],
};

describe("an error body gets the envelope, keeps status, words and retry-after", () => {
  for (const [name, [body, message]] of Object.entries(ERROR_SHAPES)) {
    test.each([400, 422, 429, 503])(`${name}, %i`, async (status) => {
      const headers = { "retry-after": "7", "content-type": "text/plain" };
      for (const stream of [false, true]) {
        const { response, text } = await relayed(body, { status, headers }, undefined, {
          model: "up/m",
          stream,
        });
        expect([
          response.status,
          response.headers.get("retry-after"),
          response.headers.get("content-type"),
        ]).toEqual([status, "7", JSON_TYPE]);
        const { error } = JSON.parse(text);
        expect(error.message).toContain(name === "nothing" ? String(status) : message);
        expect(error.type).toBeString();
        expect([typeof error.param, typeof error.code]).not.toContain("number");
      }
    });
  }

  test.each(Object.entries(ERROR_SHAPES))("%s: openai 6 shows it", async (name, [body, message]) => {
    upstream.answer(() => new Response(body, { status: 400 }));
    const client = new OpenAI6({ apiKey: TEST_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const asked = client.chat.completions.create({ model: "up/m", messages: [] });
    const error = await asked.then(
      () => undefined,
      (raised: Error) => raised,
    );
    expect(error?.message).toContain(name === "nothing" ? "400" : message);
  });

  test.each([
    '{"error":{"message":"m","type":"t","param":null,"code":null}}',
    '{ "error" : {"type":"t", "message":"ä\\u00e9", "param":"x", "code":"c", "vendor":1.0} , "more":[ ] }\n',
    '{"error":{"message":"m","type":"t"}}',
  ])("but one that has the envelope passes byte for byte: %s", async (body) => {
    for (const status of [400, 429, 500]) {
      const { response, text } = await relayed(body, { status });
      expect([response.status, text]).toEqual([status, body]);
    }
  });
});

describe("a 200 that is no answer is an error", () => {
  test.each([
    [
      "an error in the envelope",
      '{"error":{"message":"quota is gone","type":"t","param":null,"code":null}}',
      "quota is gone",
    ],
    ["a flat error", '{"object":"error","message":"quota is gone"}', "quota is gone"],
    ["an HTML page", "<!doctype html><html><body>Please sign in.</body></html>", "Please sign in."],
    ["plain text", "no healthy upstream", "no healthy upstream"],
    ["nothing", "", "empty"],
  ])("%s", async (_, body, words) => {
    for (const path of ["/v1/chat/completions", "/v1/embeddings"]) {
      const { response, text } = await relayed(body, {}, path);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(JSON.parse(text)).toMatchObject({ error: { message: expect.stringContaining(words) } });
    }
  });
});

test.each([
  ["gzip", gzipSync],
  ["zstd", zstdCompressSync],
])("%s without a label is undone", async (_, compress) => {
  const body = JSON.stringify(CHAT_REPLY);
  expect((await relayed(compress(body), {})).text).toBe(body);
  const error = '{"error":{"message":"m","type":"t","param":null,"code":null}}';
  expect((await relayed(compress(error), { status: 429 })).text).toBe(error);
});

/** Streams that are answers when they are put together; a failure in them is an error then. */
const STREAMS = [...FRAMING_SAMPLES, ...CONTENT_SAMPLES, ...TOOL_SAMPLES, ...FAILURE_SAMPLES]
  .filter(({ endpoint }) => endpoint === undefined)
  .map((sample) => [sample.quirk, sample] as const);

function expectAnswer(text: string, { expect: expected }: Sample): void {
  const { object, choices, usage } = JSON.parse(text);
  const [{ message, finish_reason: finish }] = choices;
  expect([object, message.role, message.content ?? "", finish]).toEqual([
    "chat.completion",
    "assistant",
    expected.text,
    expected.finish,
  ]);
  const calls: { function: { name: string; arguments: string } }[] = message.tool_calls ?? [];
  expect(calls.map((call) => `${call.function.name}(${call.function.arguments})`)).toEqual([
    ...(expected.tools ?? []),
  ]);
  if (expected.usage !== undefined)
    expect([usage.prompt_tokens, usage.completion_tokens]).toEqual([...expected.usage]);
}

describe("a stream that nobody asked for becomes one answer", () => {
  test.each(STREAMS)("%s", async (_, sample) => {
    for (const type of ["text/event-stream", JSON_TYPE]) {
      const { response, text } = await relayed(bytesOf(sample), { headers: { "content-type": type } });
      if (sample.expect.error === undefined) {
        expect([response.status, response.headers.get("content-type")]).toEqual([200, JSON_TYPE]);
        expectAnswer(text, sample);
      } else {
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(JSON.parse(text).error.message).toBeString();
      }
    }
  });

  test("on Responses and Messages too", async () => {
    const headers = { "content-type": "text/event-stream" };
    const response = await relayed(namedStream(RESPONSE_EVENTS), { headers }, "/v1/responses");
    expect(JSON.parse(response.text)).toEqual(RESPONSE);
    const message = await relayed(namedStream(MESSAGE_EVENTS), { headers }, "/v1/messages");
    expect(JSON.parse(message.text)).toEqual(MESSAGE);
  });
});

describe("nothing is touched", () => {
  const cases: readonly (readonly [string, string, ResponseInit, string])[] = [
    ["a flat error", '{"object":"error","message":"m"}', { status: 400 }, "chat/completions"],
    [
      "an HTML error",
      "<html></html>",
      { status: 502, headers: { "content-type": "text/html" } },
      "chat/completions",
    ],
    ["an error with 200", '{"error":"m"}', {}, "chat/completions"],
    ["an HTML page", "<html></html>", { headers: { "content-type": "text/html" } }, "chat/completions"],
    ["a stream", "data: {}\n\n", { headers: { "content-type": "text/event-stream" } }, "chat/completions"],
    ["odd embeddings", '{"embedding":[0.5]}', {}, "embeddings"],
  ];
  for (const [provider, why] of [
    ["untouched", "under normalize: off"],
    ["openai", "of a first-party provider"],
  ]) {
    test.each(cases)(`%s ${why}`, async (_, body, init, path) => {
      const { response, text } = await relayed(body, init, `/v1/${path}`, { model: `${provider}/m` });
      const type = new Response(null, init).headers.get("content-type") ?? JSON_TYPE;
      expect([response.status, text, response.headers.get("content-type")]).toEqual([
        init.status ?? 200,
        body,
        type,
      ]);
    });
  }

  test("but a first-party provider with normalize: on is repaired", async () => {
    const { text } = await relayed('{"detail":"m"}', { status: 400 }, undefined, { model: "forced/m" });
    expect(JSON.parse(text)).toMatchObject({ error: { message: "m" } });
  });
});
