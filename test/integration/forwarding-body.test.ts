// A body goes upstream as it came, byte for byte, except for the value of its top-level `model`.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none }
  pinned: { base_url: "${upstream.url}/v1", auth: none, model: real/model }
models:
  fast: up/the-fast-one
${TESTER}`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

/** Sends the text as it is and returns the bytes the upstream got. */
async function forwarded(path: string, body: string): Promise<string> {
  const answer = await gateway.post(path, body);
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  return (await upstream.request(0)).text;
}

const CURIOUS: Readonly<Record<string, string>> = {
  "unknown fields": '{"model":"up/m","x_vendor":{"a":[1,{"b":null}]},"messages":[],"zzz":false}',
  "an unusual key order": '{"zulu":1,"messages":[{"content":"x","role":"user"}],"alpha":2,"model":"up/m"}',
  "the spelling of numbers":
    '{"model":"up/m","a":1.0,"b":1,"c":1e3,"d":1E+3,"e":-0,"f":-0.0,"g":0.10000000000000000555,"h":1e-7}',
  "integers beyond 2^53": '{"model":"up/m","seed":9007199254740993123,"big":123456789012345678901234567890}',
  escapes: '{"model":"up/m","messages":"\\u00e9\\/\\ud83d\\ude00\\b\\f\\n\\r\\t\\"\\\\\\u0000"}',
  "lone surrogates": '{"model":"up/m","messages":"\\ud800 \\udc00 \\udc00\\ud800"}',
  "unusual Unicode":
    '{"model":"up/m","messages":"e\u0301 \u2028\u2029 \ufeff \u202e 👩‍👩‍👧 𝒳 \u007f \uffff"}',
  whitespace: ' \r\n\t{ "model"\t:\n"up/m" ,\r\n  "messages" : [ ]\n , "a":{ }}\n\n \t',
  "keys repeated below the top level":
    '{"model":"up/m","tools":[{"a":1,"a":2,"A":3}],"x":{"model":"1","model":"2"}}',
  "a nested model": '{"metadata":{"model":"up/other"},"tools":[{"model":"up/tool"}],"model":"up/m"}',
  "text that looks like a model": '{"messages":"\\"model\\":\\"up/x\\", {\\"model\\":1}","model":"up/m"}',
  "empty keys and __proto__": '{"":1,"__proto__":{"a":1},"constructor":2,"model":"up/m"}',
  "a case variant of a key nobody reads": '{"model":"up/m","Vendor":1,"vendor":2,"VENDOR":3}',
  "structures of a reasonable depth": `{"model":"up/m","deep":${"[".repeat(200)}${"]".repeat(200)}}`,
};

describe("what a client sends survives", () => {
  for (const [name, body] of Object.entries(CURIOUS)) {
    test(name, async () => {
      expect(await forwarded("/v1/chat/completions", body)).toBe(body.replace('"up/m"', '"m"'));
    });
    test(`${name}, on a provider's own path, where not even the model changes`, async () => {
      expect(await forwarded("/providers/up/v1/chat/completions", body)).toBe(body);
    });
  }

  test("a body of several megabytes", async () => {
    const body = `{"messages":"${"ä€😀 ".repeat(400_000)}","model":"up/m","n":1.0}`;
    expect(await forwarded("/v1/chat/completions", body)).toBe(body.replace('"up/m"', '"m"'));
  });

  for (const path of ["completions", "embeddings", "responses"]) {
    test(`the same on ${path}`, async () => {
      expect(await forwarded(`/v1/${path}`, '{"input":1.0, "model" : "up/m","x":[ ]}')).toBe(
        '{"input":1.0, "model" : "m","x":[ ]}',
      );
    });
  }
});

describe("the model is spliced, not re-serialised", () => {
  const SPLICED: readonly (readonly [string, string, string, string])[] = [
    ["an escaped value", "/v1/chat/completions", '{"model":"up\\/m\\u0031"}', '{"model":"m1"}'],
    ["an escaped key", "/v1/chat/completions", '{"\\u006dodel":"up/m"}', '{"\\u006dodel":"m"}'],
    ["slashes after the first", "/v1/chat/completions", '{"model":"up/a/b:c"}', '{"model":"a/b:c"}'],
    ["an alias", "/v1/chat/completions", '{"model":"fast","a":1.0}', '{"model":"the-fast-one","a":1.0}'],
    ["a pin reached through /v1", "/v1/chat/completions", '{"model":"pinned/x"}', '{"model":"real/model"}'],
    ["a pin", "/providers/pinned/v1/chat/completions", '{"a":1,"model":"x"}', '{"a":1,"model":"real/model"}'],
    ["a pin over null", "/providers/pinned/chat/completions", '{"model": null }', '{"model": "real/model" }'],
    ["a pin over a number", "/providers/pinned/v1/embeddings", '{"model":1.50}', '{"model":"real/model"}'],
    ["a pin over nothing", "/providers/pinned/v1/responses", '{"model":""}', '{"model":"real/model"}'],
    [
      "a pin over a structure",
      "/providers/pinned/v1/completions",
      '{"model":{"a":["}"]},"b":2}',
      '{"model":"real/model","b":2}',
    ],
    [
      "a public model's own path",
      "/models/fast/v1/chat/completions",
      '{"model":"whatever"}',
      '{"model":"the-fast-one"}',
    ],
  ];
  for (const [name, path, sent, received] of SPLICED) {
    test(name, async () => {
      expect(await forwarded(path, sent)).toBe(received);
    });
  }

  test.each([
    ["/providers/pinned/v1/chat/completions", "real/model"],
    ["/models/fast/v1/chat/completions", "the-fast-one"],
  ])("an absent model is inserted below %s, and nothing else changes", async (path, model) => {
    const body = '{ "messages" : [ 1.0 ] ,\n"seed":9007199254740993123}';
    const received = await forwarded(path, body);
    expect(JSON.parse(received)).toEqual({ ...JSON.parse(body), model });
    expect(received.replace(/"model":\s*"[^"]*"\s*,?|,\s*"model":\s*"[^"]*"/, "")).toBe(body);
  });

  test("an absent model is inserted into an empty object", async () => {
    expect(JSON.parse(await forwarded("/providers/pinned/v1/chat/completions", " { } "))).toEqual({
      model: "real/model",
    });
  });

  test("an absent model stays absent where nothing fixes it", async () => {
    expect(await forwarded("/providers/up/v1/chat/completions", '{"messages":[]}')).toBe('{"messages":[]}');
  });
});

const ANSWERS: readonly (readonly [string, string, string])[] = [
  [
    "a chat completion with odd spelling",
    "chat/completions",
    ' {"id":"c","object":"chat.completion","created":1.0,"model":"m","x_vendor":[1e3,9007199254740993123],\n"choices":[{"index":0,"message":{"role":"assistant","content":"\\u00e9\\/ \u2028😀","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"queue_time":0.10}} \n',
  ],
  [
    "a megabyte of chat completion",
    "chat/completions",
    `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"${"größe ".repeat(180_000)}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`,
  ],
  [
    "embeddings",
    "embeddings",
    `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[${"-0.0123456789012345678, 1.0,".repeat(5_000)}0]}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}`,
  ],
  [
    "a response",
    "responses",
    '{"id":"resp_1","object":"response","status":"completed","temperature":1.0,"output":[{"type":"vendor_thing","x":1e3}],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}',
  ],
];

describe("what an upstream answers survives", () => {
  test.each(ANSWERS)("%s", async (_name, endpoint, body) => {
    upstream.answer(() => new Response(body, { headers: { "content-type": "application/json" } }));
    const answer = await gateway.post(`/v1/${endpoint}`, { model: "up/m", encoding_format: "float" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await answer.text()).toBe(body);
  });
});
