import { describe, expect, test } from "bun:test";
import { EventStreamScanner, encodeEventStreamMessage } from "../../../src/lib/event-stream.ts";
import {
  createEventStreamTransform,
  type EventStreamContent,
} from "../../../src/streaming/event-stream-transform.ts";
import type { StreamEnd } from "../../../src/streaming/transform.ts";
import { CHUNK_SIZES, inChunksOf } from "../../support/splitting.ts";
import {
  CONVERSE_DAMAGED,
  CONVERSE_STREAM,
  CONVERSE_THROTTLED,
  INVOKE_STREAM,
} from "../../support/wire-samples/native.ts";

const EOF: StreamEnd = { kind: "eof" };
const asIs = (text: string) => text;

function feed(
  content: EventStreamContent,
  chunks: readonly Uint8Array[],
  how: StreamEnd = EOF,
  scrub = asIs,
) {
  const transform = createEventStreamTransform(content, scrub);
  const parts = chunks.map((chunk) => transform.push(chunk));
  parts.push(transform.end(how));
  return { output: Buffer.concat(parts.filter((part) => part !== undefined)), transform };
}

/** Kinds and payloads of the messages; throws where the SDKs would. */
function messagesOf(output: Buffer): { type: string | undefined; payload: unknown }[] {
  const scanner = new EventStreamScanner(1 << 20);
  const messages = [];
  scanner.push(output);
  let bytes = 0;
  while (scanner.next()) {
    const { headers, payload } = scanner.frame ?? { headers: new Map<string, string>(), payload: "{}" };
    messages.push({
      type: headers.get(":event-type") ?? headers.get(":exception-type"),
      payload: JSON.parse(payload.toString()),
    });
    bytes += scanner.raw.reduce((sum, { start, end }) => sum + end - start, 0);
  }
  if (bytes !== output.length) throw new Error("the stream does not end with a message");
  return messages;
}

const event = (type: string, payload: object) =>
  encodeEventStreamMessage(
    [
      [":event-type", type],
      [":message-type", "event"],
    ],
    Buffer.from(JSON.stringify(payload)),
  );
const chunk = (payload: object) =>
  event("chunk", { bytes: Buffer.from(JSON.stringify(payload)).toString("base64") });

describe.each([...CHUNK_SIZES])("in chunks of %d bytes", (size) => {
  test("Converse passes byte for byte", () => {
    const { output, transform } = feed("converse", inChunksOf(size, CONVERSE_STREAM));
    expect(output.equals(CONVERSE_STREAM)).toBe(true);
    expect(transform).toMatchObject({
      whole: true,
      started: true,
      broken: false,
      failure: undefined,
      betweenEvents: false,
      textBytes: Buffer.byteLength("Hello! 你好"),
      usage: { inputTokens: 17, outputTokens: 7, cacheReadTokens: 4, cacheWriteTokens: 2 },
    });
  });

  test("Claude's invocation passes byte for byte", () => {
    const { output, transform } = feed("invoke", inChunksOf(size, INVOKE_STREAM));
    expect(output.equals(INVOKE_STREAM)).toBe(true);
    expect(transform).toMatchObject({
      whole: true,
      started: true,
      textBytes: 6,
      answerModel: "claude-x",
      usage: { inputTokens: 17, outputTokens: 7, cacheReadTokens: 4, cacheWriteTokens: 2 },
    });
    expect(transform.usage?.doubt).toBeUndefined();
  });

  test("an exception is a failure, and passes", () => {
    const { output, transform } = feed("converse", inChunksOf(size, CONVERSE_THROTTLED));
    expect(output.equals(CONVERSE_THROTTLED)).toBe(true);
    expect(transform).toMatchObject({
      whole: false,
      failure: {
        message: "Too many tokens, please wait before trying again.",
        beforeContent: false,
        status: 429,
      },
    });
  });

  test("a damaged message does not leave, and an exception stands in its place", () => {
    const { output, transform } = feed("converse", inChunksOf(size, CONVERSE_DAMAGED));
    expect(transform).toMatchObject({ broken: true, flaw: "damaged", started: false, whole: false });
    expect(messagesOf(output)).toHaveLength(1);
  });
});

test("a chunk of whole messages leaves as it came, the same object", () => {
  const transform = createEventStreamTransform("converse", asIs);
  const bytes = Buffer.from(CONVERSE_STREAM);
  expect(transform.push(bytes)).toBe(bytes);
  expect(transform.end(EOF)).toBeUndefined();
});

describe("a stream that is cut", () => {
  test("ends, wherever it was, with an exception that can be read", () => {
    const stopsAt = CONVERSE_STREAM.indexOf("messageStop");
    for (let at = 0; at < stopsAt; at += 7) {
      const { output, transform } = feed("converse", [CONVERSE_STREAM.subarray(0, at)]);
      const last = messagesOf(output).at(-1);
      expect(last).toEqual({
        type: "modelStreamErrorException",
        payload: { message: "The upstream's stream ended before the answer was complete." },
      });
      expect(transform).toMatchObject({ whole: false, usage: undefined });
    }
  });

  test("says what the gateway knows", () => {
    const how: StreamEnd = { kind: "failed", code: "internal", message: "stopped" };
    const { output } = feed("invoke", [INVOKE_STREAM.subarray(0, 600)], how);
    expect(messagesOf(output).at(-1)).toEqual({
      type: "internalServerException",
      payload: { message: "stopped" },
    });
  });

  test("after Claude's beginning its input is known, and the rest is interim", () => {
    const { transform } = feed("invoke", [INVOKE_STREAM.subarray(0, 600)]);
    expect(transform.usage).toMatchObject({ inputTokens: 17, outputTokens: 1, doubt: "interim" });
  });

  test("between its stop and its counts it is whole all the same", () => {
    const { output, transform } = feed("converse", [CONVERSE_STREAM.subarray(0, 720)]);
    expect(messagesOf(output).at(-1)?.type).toBe("messageStop");
    expect(transform).toMatchObject({ whole: true, usage: undefined, textBytes: 13 });
  });
});

describe("an upstream's exception", () => {
  const exception = encodeEventStreamMessage(
    [
      [":exception-type", "validationException"],
      [":message-type", "exception"],
    ],
    Buffer.from('{"message":"no such key: sk-12345678"}'),
  );

  test("loses the credential in it, and can still be read", () => {
    const scrub = (text: string) => text.replaceAll("sk-12345678", "[secret]");
    const { output, transform } = feed("converse", [exception], EOF, scrub);
    expect(messagesOf(output)).toEqual([
      { type: "validationException", payload: { message: "no such key: [secret]" } },
    ]);
    expect(transform.failure).toMatchObject({ beforeContent: true, status: 400 });
  });

  test("passes as it is where there is none", () => {
    expect(feed("converse", [exception]).output.equals(exception)).toBe(true);
  });
});

describe("invocations of others than Claude", () => {
  const metrics = { "amazon-bedrock-invocationMetrics": { inputTokenCount: 9, outputTokenCount: 5 } };

  test.each<[string, object[], number, object | undefined]>([
    [
      "Llama",
      [
        { generation: "Hel", prompt_token_count: 9, generation_token_count: 1, stop_reason: null },
        {
          generation: "lo",
          prompt_token_count: null,
          generation_token_count: 5,
          stop_reason: "stop",
          ...metrics,
        },
      ],
      5,
      { inputTokens: 9, outputTokens: 5 },
    ],
    [
      "Titan",
      [
        {
          outputText: "Hello",
          inputTextTokenCount: 9,
          totalOutputTextTokenCount: 5,
          completionReason: "FINISH",
        },
      ],
      5,
      { inputTokens: 9, outputTokens: 5 },
    ],
    [
      "Nova",
      [
        { messageStart: { role: "assistant" } },
        { contentBlockDelta: { delta: { text: "Hello" } } },
        { messageStop: { stopReason: "end_turn" } },
        { metadata: { usage: { inputTokens: 9, outputTokens: 5, cacheReadInputTokenCount: 2 } } },
      ],
      5,
      { inputTokens: 11, outputTokens: 5, cacheReadTokens: 2 },
    ],
    [
      "those that answer as OpenAI does",
      [
        { choices: [{ delta: { content: "Hel" } }] },
        { choices: [{ delta: { content: "lo" }, finish_reason: "stop" }], ...metrics },
      ],
      5,
      { inputTokens: 9, outputTokens: 5 },
    ],
    ["Mistral", [{ outputs: [{ text: "Hello", stop_reason: "stop" }] }], 5, undefined],
  ])("%s", (_, payloads, textBytes, usage) => {
    const { transform } = feed("invoke", [Buffer.concat(payloads.map(chunk))]);
    expect(transform).toMatchObject({ whole: true, started: true, textBytes });
    if (usage === undefined) expect(transform.usage).toBeUndefined();
    else expect(transform.usage).toMatchObject(usage);
    expect(transform.usage?.doubt).toBeUndefined();
  });

  test("counts in the middle are interim", () => {
    const { transform } = feed("invoke", [
      chunk({ generation: "Hel", prompt_token_count: 9, generation_token_count: 1 }),
    ]);
    expect(transform.usage).toMatchObject({ inputTokens: 9, outputTokens: 1, doubt: "interim" });
  });

  test("an error in a chunk is a failure", () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const { output, transform } = feed("invoke", [chunk(error)]);
    expect(transform.failure).toMatchObject({ message: "Overloaded", beforeContent: true });
    expect(messagesOf(output)).toHaveLength(1);
  });

  test.each([{ bytes: 5 }, { bytes: "%%%" }, {}, { bytes: "W10=" }])("a chunk of %p passes", (payload) => {
    const bytes = event("chunk", payload);
    expect(feed("invoke", [bytes]).output.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });
});
