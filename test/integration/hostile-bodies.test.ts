// Bodies that could be read in two ways, or not at all, are refused with a 400 before anything goes upstream.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { rawExchange } from "../support/raw-tcp.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none, endpoints: [chat, completions, embeddings, responses, models, messages] }
  pinned: { base_url: "${upstream.url}/v1", auth: none, model: real }
${TESTER}`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function expectRefused(path: string, body: string | Uint8Array): Promise<void> {
  const answer = await rawExchange(
    gateway.port,
    requestBytes(
      `POST ${path} HTTP/1.1`,
      ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`],
      body,
    ),
  );
  expect([answer.status, answer.header("x-postern-code"), answer.text]).toEqual([
    400,
    "invalid_request",
    expect.any(String),
  ]);
  expect(answer.json()["error"]).toMatchObject({ type: "invalid_request_error", code: "invalid_request" });
  expect(upstream.requests).toHaveLength(0);
}

const UNREADABLE: Readonly<Record<string, string | Uint8Array>> = {
  "white space only": "  \n",
  "an unclosed object": '{"model":"up/m"',
  "an unclosed string": '{"model":"up/m',
  "an array": '[{"model":"up/m"}]',
  "a string": '"up/m"',
  "a number": "123",
  null: "null",
  "trailing data": '{"model":"up/m"} {"model":"up/n"}',
  "a second closing brace": '{"model":"up/m"}}',
  "a trailing comma": '{"model":"up/m",}',
  "a missing colon": '{"model" "up/m"}',
  "a missing comma": '{"model":"up/m" "a":1}',
  "single quotes": "{'model':'up/m'}",
  "an unquoted key": '{model:"up/m"}',
  "a comment": '{"model":"up/m"/* x */}',
  NaN: '{"model":"up/m","a":NaN}',
  "a raw line break in a key": '{"mod\nel":"x","model":"up/m"}',
  "a bad escape in a key": '{"\\x6dodel":"x","model":"up/m"}',
  "a byte order mark": '\ufeff{"model":"up/m"}',
  "UTF-16": Buffer.from('{"model":"up/m"}', "utf16le"),
  "invalid UTF-8 in a value": Buffer.concat([
    Buffer.from('{"model":"up/m","a":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]),
  "an overlong slash": Buffer.concat([
    Buffer.from('{"model":"up'),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from('m"}'),
  ]),
  "a surrogate as UTF-8": Buffer.concat([
    Buffer.from('{"model":"up/m","a":"'),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from('"}'),
  ]),
  "a NUL after the end": '{"model":"up/m"}\0',
};

describe("a body that is not one JSON object is refused", () => {
  for (const [name, body] of Object.entries(UNREADABLE)) {
    test(name, () => expectRefused("/v1/chat/completions", body));
  }
  test("an empty body", async () => {
    const answer = await gateway.post("/v1/chat/completions", "");
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([400, "invalid_request"]);
  });
});

const TWO_WAYS: Readonly<Record<string, string>> = {
  "model twice": '{"model":"up/m","model":"up/m"}',
  "model twice, once escaped": '{"model":"up/m","\\u006dodel":"up/n"}',
  "model twice, both escaped": '{"\\u006dodel":"up/m","mo\\u0064el":"up/n"}',
  "model and MODEL": '{"model":"up/m","MODEL":"up/n"}',
  "model and an escaped Model": '{"model":"up/m","\\u004dodel":"up/n"}',
  "only Model": '{"Model":"up/m"}',
  "stream twice": '{"model":"up/m","stream":false,"stream":true}',
  "stream and Stream": '{"model":"up/m","stream":false,"Stream":true}',
  "stream_options and STREAM_OPTIONS":
    '{"model":"up/m","stream":true,"stream_options":{},"STREAM_OPTIONS":{}}',
  "messages twice": '{"model":"up/m","messages":[],"messages":[]}',
  "an unknown key twice": '{"vendor":1,"model":"up/m","vendor":2}',
  "an unknown key twice, once escaped": '{"vendor":1,"model":"up/m","vend\\u006fr":2}',
};

describe("a top-level key that could be read two ways is refused", () => {
  for (const [name, body] of Object.entries(TWO_WAYS)) {
    test(name, () => expectRefused("/v1/chat/completions", body));
  }
  test("also where a pin fixes the model", () =>
    expectRefused("/providers/pinned/v1/chat/completions", '{"model":"a","model":"b"}'));
  test("also on a provider's own path", () =>
    expectRefused("/providers/up/v1/embeddings", '{"model":"a","Model":"b"}'));
});

describe("a model that is not a name is refused", () => {
  test.each([
    '{"messages":[]}',
    '{"model":""}',
    '{"model":null}',
    '{"model":1}',
    '{"model":["up/m"]}',
    '{"model":{}}',
  ])("%s on /v1", (body) => expectRefused("/v1/chat/completions", body));
  test.each(['{"model":""}', '{"model":null}', '{"model":1}', '{"model":{}}'])(
    "%s on a provider without a pin",
    (body) => expectRefused("/providers/up/v1/chat/completions", body),
  );
});

const CURIOUS_NAMES = [
  "größe-😀",
  "a b",
  " ",
  "a\r\nx-evil: 1",
  "a\u0000b",
  "a\ud800",
  "../x",
  "a?b#c",
  "%2e%2e",
  "[secret]",
];

test.each(CURIOUS_NAMES)(
  "a model named %j goes upstream as it is or is a 400: never a fault, never a header",
  async (name) => {
    const answer = await gateway.post("/v1/chat/completions", JSON.stringify({ model: `up/${name}` }));
    const text = await answer.text();
    expect(answer.headers.get("x-evil")).toBeNull();
    if (answer.status === 200) expect((await upstream.request(0)).json()["model"]).toBe(name.toWellFormed());
    else
      expect([answer.status, JSON.parse(text)]).toMatchObject([400, { error: { code: "invalid_request" } }]);
  },
);

test("a model's name of a megabyte is refused shortly, and written down shortly", async () => {
  const before = gateway.log().length;
  for (const name of [
    "x".repeat(2 ** 20),
    `up/${"x".repeat(2 ** 20)}/`.repeat(3),
    "\u001b[2J\n".repeat(100_000),
  ]) {
    const answer = await gateway.post("/v1/chat/completions", { model: `nope/${name}` });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await answer.text()).length).toBeLessThan(8_192);
  }
  await gateway.logged(() => gateway.log().length >= before + 3);
  for (const line of gateway.stdout().slice(before)) expect(line.length).toBeLessThan(8_192);
});

test("an Anthropic client is told in its own envelope", async () => {
  const answer = await gateway.post("/v1/messages", '{"model":');
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    type: "error",
    error: { type: "invalid_request_error", details: { error_code: "invalid_request" } },
    request_id: answer.headers.get("x-postern-request-id") ?? "missing",
  });
  expect(answer.headers.get("request-id")).toBe(answer.headers.get("x-postern-request-id"));
});

const DEPTH = 30_000;
const DEEP: Readonly<Record<string, string>> = {
  "nested arrays": `{"model":"up/m","messages":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}}`,
  "nested objects": `{"model":"up/m","x":${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}}`,
  "nested arrays before the model": `{"x":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)},"model":"up/m"}`,
  "arrays that never close": `{"model":"up/m","messages":${"[".repeat(DEPTH)}`,
  "arrays at the top": "[".repeat(DEPTH),
};

describe("30,000 levels are refused", () => {
  for (const [name, body] of Object.entries(DEEP)) {
    test(name, () => expectRefused("/v1/chat/completions", body));
  }

  test("without holding up anybody else: fifty of them cost less than one re-serialisation would", async () => {
    const body = DEEP["nested arrays"] ?? "";
    const slowest = { ms: 0 };
    let done = false;
    const neighbour = async () => {
      while (!done) {
        const start = performance.now();
        const answer = await gateway.post("/v1/chat/completions", { model: "up/m" });
        expect(await answer.json()).toEqual(CHAT_REPLY);
        slowest.ms = Math.max(slowest.ms, performance.now() - start);
      }
    };
    const others = neighbour();
    const statuses: number[] = [];
    for (let i = 0; i < 50; i++) {
      const answer = await gateway.post("/v1/chat/completions", body);
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
    done = true;
    await others;
    expect(new Set(statuses)).toEqual(new Set([400]));
    // One JSON.stringify of such a body blocks the process for 1,500 ms.
    expect(slowest.ms).toBeLessThan(1_000);
  });
});
