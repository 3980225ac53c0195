// The same request direct to an upstream and through the gateway: equal status, bytes, events and headers that count.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Aimock, startAimock } from "../support/aimock.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";

let mock: Aimock;
let gateway: Gateway;

beforeAll(async () => {
  mock = await startAimock();
  gateway = await startGateway(`
providers:
  far: { base_url: "${mock.url}/v1", auth: none, endpoints: [chat, completions, embeddings, responses, messages, count_tokens, models] }
models: { public: far/gpt-4o }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await mock?.stop();
});

interface Outcome {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** The mock makes up ids and the time of day; nothing else may differ. */
function pinned(body: string): string {
  return body
    .replace(/\b(chatcmpl|cmpl|resp|msg|call|fc|rs|item|toolu|req)[-_][A-Za-z0-9_-]{8,}/g, "$1-ID")
    .replace(/"(created|created_at|completed_at)":\d+/g, '"$1":0');
}

async function outcome(url: string, body: unknown): Promise<Outcome> {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      authorization: `Bearer ${TEST_KEY}`,
    },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    retryAfter: answer.headers.get("retry-after"),
    body: pinned(await answer.text()),
  };
}

const say = (content: string) => ({ messages: [{ role: "user", content }] });
const TOOLS = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];
const TURN = [
  { role: "user", content: "weather" },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c", type: "function", function: { name: "get_weather", arguments: "{}" } }],
  },
  { role: "tool", tool_call_id: "c", content: "sunny" },
];

const CHAT: Readonly<Record<string, Record<string, unknown>>> = {
  "a short answer": say("hello"),
  "a long answer": say("long"),
  "an answer cut off": say("cut off"),
  "an answer with reasoning": say("think"),
  "a structured answer": { ...say("json"), response_format: { type: "json_object" } },
  "a tool call": { ...say("weather"), tools: TOOLS },
  "two tool calls and text": { ...say("both"), tools: TOOLS, parallel_tool_calls: true },
  "the turn after a tool call": { messages: TURN, tools: TOOLS },
  "parts instead of text": { messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }] },
  "no fixture at all": say("nothing matches this"),
  "an error 400": say("bad request"),
  "an error 402": say("payment"),
  "an error 404": say("gone"),
  "an error 429": say("too many"),
  "an error 500": say("failure"),
  "an error 503": say("busy"),
};

const OTHERS: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ["responses", "text", { input: "hello" }],
  [
    "responses",
    "a tool call",
    { input: "weather", tools: [{ type: "function", name: "get_weather", parameters: {} }] },
  ],
  ["responses", "reasoning", { input: "think" }],
  ["responses", "an error", { input: "bad request" }],
  ["responses", "a 429", { input: "too many" }],
  ["embeddings", "floats", { input: "embed me" }],
  ["embeddings", "several", { input: ["embed me", "embed me too"] }],
  ["messages", "text", { max_tokens: 100, ...say("hello") }],
  [
    "messages",
    "a tool call",
    { max_tokens: 100, ...say("weather"), tools: [{ name: "get_weather", input_schema: {} }] },
  ],
  ["messages", "an error", { max_tokens: 100, ...say("bad request") }],
  ["completions", "text", { prompt: "hello" }],
];

/** Ways through the gateway to the same upstream model. */
const WAYS: readonly (readonly [string, string])[] = [
  ["/v1", "far/gpt-4o"],
  ["/v1", "public"],
  ["/providers/far/v1", "gpt-4o"],
  ["/models/public/v1", "whatever"],
];

async function expectSame(endpoint: string, body: Record<string, unknown>): Promise<void> {
  const direct = await outcome(`${mock.url}/v1/${endpoint}`, { model: "gpt-4o", ...body });
  for (const [base, model] of WAYS) {
    const through = await outcome(`${gateway.url}${base}/${endpoint}`, { model, ...body });
    expect([base, through]).toEqual([base, direct]);
  }
}

describe("chat", () => {
  for (const [name, body] of Object.entries(CHAT)) {
    test(`${name}, whole`, () => expectSame("chat/completions", body));
    test(`${name}, streamed`, () => expectSame("chat/completions", { ...body, stream: true }));
    test(`${name}, streamed with usage`, () =>
      expectSame("chat/completions", { ...body, stream: true, stream_options: { include_usage: true } }));
  }
});

describe.each(OTHERS)("%s: %s", (endpoint, _name, body) => {
  test("whole", () => expectSame(endpoint, body));
  if (endpoint !== "embeddings") test("streamed", () => expectSame(endpoint, { ...body, stream: true }));
});
