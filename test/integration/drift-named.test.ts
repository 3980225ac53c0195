// Responses and Messages streams of OpenAI-compatible servers: right ones pass, drifting ones get their form back.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import { type SampleUpstream, sampleUpstream, WIRE_CHUNKS } from "../support/sample-upstream.ts";
import { MESSAGE_EVENTS, namedStream, RESPONSE_EVENTS, unnamed } from "../support/wire-samples/named.ts";

const MESSAGES = namedStream(MESSAGE_EVENTS);
const RESPONSES = namedStream(RESPONSE_EVENTS);

/** What is sent, on which path, and what a client gets. */
const CASES: readonly (readonly [string, string, string, string | RegExp])[] = [
  ["a Messages stream", "messages", MESSAGES, MESSAGES],
  ["a Responses stream", "responses", RESPONSES, RESPONSES],
  ["Messages without event names", "messages", unnamed(MESSAGES), MESSAGES],
  ["Responses without event names", "responses", unnamed(RESPONSES), RESPONSES],
  ["Messages with CRLF", "messages", MESSAGES.replaceAll("\n", "\r\n"), MESSAGES],
  ["Responses without a space", "responses", RESPONSES.replaceAll("data: ", "data:"), RESPONSES],
  ["Messages with comments", "messages", `: hi\n\n${MESSAGES}`, MESSAGES],
  [
    "Messages that stop in the middle",
    "messages",
    namedStream(MESSAGE_EVENTS.slice(0, 5)),
    /\n\nevent: error\ndata: \{"type":"error","error":\{[^\n]*\}\n\n$/,
  ],
  [
    "Responses that stop in the middle",
    "responses",
    namedStream(RESPONSE_EVENTS.slice(0, 2)),
    /\n\nevent: response\.failed\ndata: \{[^\n]*\}\n\n$/,
  ],
  [
    "Messages with an error in the middle",
    "messages",
    `${namedStream(MESSAGE_EVENTS.slice(0, 5))}event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`,
    /\n\nevent: error\ndata: \{"type":"error","error":\{"type":"overloaded_error","message":"Overloaded"\}\}\n\n$/,
  ],
];

let upstream: SampleUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await sampleUpstream(CASES.map(([, , sent]) => ({ bytes: Buffer.from(sent) })));
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none, endpoints: [responses, messages] }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

describe("however the bytes are cut", () => {
  test.each(CASES.map((given, number) => [...given, number] as const))(
    "%s",
    async (_, path, _sent, wanted, number) => {
      for (const size of WIRE_CHUNKS) {
        const model = `up/${upstream.model(number, size)}`;
        const answer = await gateway.post(`/v1/${path}`, { model, stream: true });
        expect(answer.status).toBe(200);
        const text = await answer.text();
        if (typeof wanted === "string") expect(text).toBe(wanted);
        else expect(text).toMatch(wanted);
      }
    },
  );
});
