import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EndpointName } from "../../../src/formats/table.ts";
import { CHUNK_SIZES, cutAt, cuts, inChunksOf } from "../../support/splitting.ts";
import {
  MESSAGE,
  MESSAGE_EVENTS,
  namedStream,
  RESPONSE,
  RESPONSE_EVENTS,
  unnamed,
} from "../../support/wire-samples/named.ts";
import { run } from "../../support/wire-samples/sample.ts";

const MESSAGES = namedStream(MESSAGE_EVENTS);
const RESPONSES = namedStream(RESPONSE_EVENTS);
const bytes = (text: string) => Buffer.from(text, "utf8");

/** `type` and data of each event; the name has to be the type, as SDKs drop other events. */
function payloads(output: string): readonly Record<string, unknown>[] {
  const events = output.split("\n\n");
  expect(events.pop()).toBe("");
  return events.map((event) => {
    const [name, data] = event.split("\n");
    const payload = JSON.parse(data?.slice("data: ".length) ?? "");
    expect(name).toBe(`event: ${payload.type}`);
    return payload;
  });
}

const STREAMS: readonly (readonly [EndpointName, string])[] = [
  ["messages", MESSAGES],
  ["responses", RESPONSES],
];

describe.each(STREAMS)("%s", (endpoint, clean) => {
  test("a well-formed stream passes byte for byte, wherever the chunks end", () => {
    fc.assert(
      fc.property(cuts, (places) => {
        expect(run(cutAt(places, bytes(clean)), { endpoint }).output).toBe(clean);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ["CRLF", clean.replaceAll("\n", "\r\n")],
    ["bare CR", clean.replaceAll("\n", "\r")],
    ["events without names", unnamed(clean)],
    ["names behind the data", clean.replaceAll(/^(event: .*)\n(data: .*)$/gm, "$2\n$1")],
    ["a byte order mark, comments and ids", `\uFEFF: hi\n\n${clean.replaceAll("event:", "id: 1\nevent:")}`],
    ["no space behind the colons", clean.replaceAll(/^(event|data): /gm, "$1:")],
    ["JSON lines", unnamed(clean).replaceAll("data: ", "").replaceAll("\n\n", "\n")],
    ["heartbeats in data", clean.replaceAll("event:", "data: : hi\n\nevent:")],
    ["an end mark of another format", `${clean}data: [done]\n\n`],
  ])("%s: repaired to the well-formed stream at every chunk size", (_, drifted) => {
    for (const size of [...CHUNK_SIZES, drifted.length])
      expect(run(inChunksOf(size, bytes(drifted)), { endpoint }).output).toBe(clean);
  });

  test("usage and the end are seen", () => {
    const { transform } = run([bytes(unnamed(clean))], { endpoint });
    expect(transform).toMatchObject({ whole: true, failure: undefined });
    expect(transform.usage).toMatchObject({ outputTokens: 9, cacheReadTokens: 6 });
  });

  test.each([
    ["OpenAI's envelope", 'data: {"error":{"message":"engine died","type":"x","code":503}}\n\n'],
    [
      "a flat error",
      'data: {"object":"error","message":"engine died","type":"BadRequestError","code":503}\n\n',
    ],
    ["an error field", 'error: {"message":"engine died","code":503}\n\n'],
    [
      "an event named error with foreign data",
      'event: error\ndata: {"detail":"engine died","status":503}\n\n',
    ],
  ])("%s becomes the format's own error", (_, foreign) => {
    const { output, transform } = run([bytes(foreign), bytes(clean)], { endpoint });
    const [event, ...others] = payloads(output);
    expect(others).toEqual([]);
    expect(JSON.stringify(event)).toContain('"message":"engine died"');
    expect(event?.["type"]).toBe(endpoint === "messages" ? "error" : "response.failed");
    expect(transform.failure).toEqual({ message: "engine died", beforeContent: true, status: 503 });
    expect(transform.whole).toBe(false);
  });

  test("a page in place of a stream is an error", () => {
    const { output, transform } = run([bytes("<html><body>502 Bad Gateway</body></html>")], { endpoint });
    expect(payloads(output)).toHaveLength(1);
    expect(transform.failure?.message).toEndWith("502 Bad Gateway");
  });
});

test("a Messages stream that stopped for a reason gets the last event it lacks", () => {
  const lacking = namedStream(MESSAGE_EVENTS.slice(0, -1));
  const { output, transform } = run([bytes(lacking)], { endpoint: "messages" });
  expect(output).toBe(MESSAGES);
  expect(transform.whole).toBe(true);
});

test("a Messages stream without reason is cut, and its input tokens are known", () => {
  const { output, transform } = run([bytes(namedStream(MESSAGE_EVENTS.slice(0, 4)))], {
    endpoint: "messages",
  });
  expect(payloads(output).at(-1)?.["type"]).toBe("error");
  expect(transform).toMatchObject({ whole: false, usage: { inputTokens: 30, cacheWriteTokens: 4 } });
});

test("response.incomplete is an end, and carries usage", () => {
  const incomplete = { type: "response.incomplete", response: { ...RESPONSE, status: "incomplete" } };
  const { output, transform } = run([bytes(namedStream([incomplete]))], { endpoint: "responses" });
  expect(output).toBe(namedStream([incomplete]));
  expect(transform).toMatchObject({ whole: true, usage: { inputTokens: 20, reasoningTokens: 3 } });
});

test("a JSON answer to a Messages stream request becomes the events of a stream", () => {
  const { output, transform } = run([bytes(JSON.stringify(MESSAGE, null, 2))], { endpoint: "messages" });
  const types = payloads(output).map(({ type }) => type);
  expect(types).toEqual([
    "message_start",
    ...["content_block_start", "content_block_delta", "content_block_stop"],
    ...["content_block_start", "content_block_delta", "content_block_stop"],
    "message_delta",
    "message_stop",
  ]);
  expect(transform).toMatchObject({ whole: true, usage: { inputTokens: 30, outputTokens: 9 } });
});

test("a JSON answer to a Responses stream request becomes the events of a stream", () => {
  const { output, transform } = run([bytes(JSON.stringify(RESPONSE))], { endpoint: "responses" });
  const events = payloads(output);
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, place) => place));
  expect(events.map(({ type }) => String(type).replace("response.", ""))).toEqual([
    ...["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"],
    ...["output_text.done", "content_part.done", "output_item.done", "output_item.added"],
    ...["function_call_arguments.delta", "function_call_arguments.done", "output_item.done", "completed"],
  ]);
  expect(events.at(-1)?.["response"]).toEqual(RESPONSE);
  expect(transform).toMatchObject({ whole: true, usage: { inputTokens: 20, outputTokens: 9 } });
});
