import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createStreamTransform } from "../../../src/streaming/create-transform.ts";
import type { StreamOptions, StreamTransform } from "../../../src/streaming/transform.ts";
import { cutAt, cuts } from "../../support/splitting.ts";
import {
  ANSWER,
  chunk,
  events,
  GOOD,
  MORNING,
  ROLE,
  STOP,
  stream,
  usageChunk,
} from "../../support/wire-samples/chunks.ts";
import { run } from "../../support/wire-samples/sample.ts";

const create = (options: Partial<StreamOptions> = {}): StreamTransform =>
  createStreamTransform({
    endpoint: "chat",
    repair: false,
    hideUsage: false,
    requestId: "req-1",
    model: "asked",
    ...options,
  });
const bytes = (text: string) => Buffer.from(text, "utf8");
const text = (output: Uint8Array | undefined) =>
  output === undefined ? "" : Buffer.from(output).toString("utf8");
const METERED = stream(...ANSWER, usageChunk());
/** Not a byte of this is as a server should send it, except what makes it whole. */
const UNTIDY = `\uFEFF: hi\r\n\r\nid: 1\r\ndata:${ROLE}\r\n\r\n\r\ndata: ${STOP}\ndata: [done]\n\nrest`;

describe("nothing to hide", () => {
  test("every chunk leaves as it came, the same object", () => {
    const transform = create();
    for (const piece of cutAt([0.1, 0.13, 0.5, 0.8], bytes(METERED)))
      expect(transform.push(piece)).toBe(piece);
    expect(transform.end({ kind: "eof" })).toBeUndefined();
    expect(transform).toMatchObject({
      whole: true,
      started: true,
      usage: { inputTokens: 12, outputTokens: 5 },
    });
  });

  test("untidy bytes stay untidy", () => {
    expect(run([bytes(UNTIDY)], { repair: false }).output).toBe(bytes(UNTIDY).toString("latin1"));
  });
});

describe("hiding the usage chunk", () => {
  test("takes out exactly that event", () => {
    expect(run([bytes(METERED)], { repair: false, hideUsage: true }).output).toBe(stream(...ANSWER));
  });

  test("leaves `usage: null` on other chunks", () => {
    const nulls = ANSWER.map((json) => json.replace(/}$/, ',"usage":null}'));
    const { output } = run([bytes(stream(...nulls, usageChunk()))], { repair: false, hideUsage: true });
    expect(output).toBe(stream(...nulls));
  });

  test("leaves usage on a chunk that carries a choice", () => {
    const metered = stream(ROLE, GOOD, STOP.replace(/}$/, ',"usage":{"prompt_tokens":1}}'));
    expect(run([bytes(metered)], { repair: false, hideUsage: true }).output).toBe(metered);
  });

  test("works wherever the chunks end, and keeps every other byte", () => {
    const around = `: hi\r\n\r\n${events(ROLE, GOOD)}`;
    const behind = `id: 3\ndata:${STOP}\r\n\r\n${events("[DONE]")}`;
    const whole = bytes(`${around}${events(usageChunk())}${behind}`);
    fc.assert(
      fc.property(cuts, (places) => {
        const { output, transform } = run(cutAt(places, whole), { repair: false, hideUsage: true });
        expect(output).toBe(`${around}${behind}`);
        expect(transform.usage?.outputTokens).toBe(5);
      }),
      { numRuns: 200 },
    );
  });

  test("an event leaves with the chunk that completes it", () => {
    const transform = create({ hideUsage: true });
    expect(text(transform.push(bytes(events(ROLE))))).toBe(events(ROLE));
    expect(transform.push(bytes(`data: ${GOOD}`))).toBeUndefined();
    expect(text(transform.push(bytes("\n\n")))).toBe(events(GOOD));
  });
});

describe("the head may go out", () => {
  const startedAfter = (first: string, options: Partial<StreamOptions> = {}) => {
    const transform = create(options);
    transform.push(bytes(first));
    return transform.started;
  };

  test.each([
    ["nothing", "", false],
    ["a comment", ": hi\n\n", false],
    ["a role", events(ROLE), false],
    ["half an event", `data: ${GOOD}`, false],
    ["text", events(GOOD), true],
    ["reasoning", events(chunk({ reasoning_content: "hm" })), true],
    ["a tool call", events(chunk({ tool_calls: [{ index: 0, id: "a" }] })), true],
    ["an empty list of tool calls", events(chunk({ content: "", tool_calls: [] })), false],
    ["a reason", events(STOP), true],
    ["the end", events("[DONE]"), true],
    ["an error", events('{"error":{"message":"no"}}'), true],
  ])("chat, after %s: %p", (_, first, expected) => {
    expect(startedAfter(first)).toBe(expected);
    expect(startedAfter(first, { repair: true })).toBe(expected);
  });

  const event = (json: string) => `event: ${JSON.parse(json).type}\ndata: ${json}\n\n`;

  test.each([
    ["message_start", '{"type":"message_start","message":{"usage":{"input_tokens":3}}}', false],
    ["a ping", '{"type":"ping"}', false],
    [
      "an empty text block",
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      false,
    ],
    [
      "a tool call",
      '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a"}}',
      true,
    ],
    ["a delta", '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}', true],
    ["an error", '{"type":"error","error":{"type":"overloaded_error","message":"busy"}}', true],
  ])("messages, after %s: %p", (_, json, expected) => {
    expect(startedAfter(event(json), { endpoint: "messages" })).toBe(expected);
    expect(startedAfter(event(json), { endpoint: "messages", repair: true })).toBe(expected);
  });

  test.each([
    ["response.created", '{"type":"response.created","response":{"id":"r"}}', false],
    [
      "an empty message",
      '{"type":"response.output_item.added","item":{"type":"message","content":[]}}',
      false,
    ],
    ["a call", '{"type":"response.output_item.added","item":{"type":"function_call","name":"f"}}', true],
    ["a delta", '{"type":"response.output_text.delta","delta":"a"}', true],
    ["a failure", '{"type":"response.failed","response":{"error":{"message":"no"}}}', true],
  ])("responses, after %s: %p", (_, json, expected) => {
    expect(startedAfter(event(json), { endpoint: "responses" })).toBe(expected);
    expect(startedAfter(event(json), { endpoint: "responses", repair: true })).toBe(expected);
  });
});

describe("a heartbeat may be inserted", () => {
  test.each([
    ["before the first byte", "", true],
    ["behind a blank line", events(ROLE), true],
    ["within a line", "data: {", false],
    ["between a line and its blank line", `data: ${ROLE}\n`, false],
  ])("%s: %p", (_, sent, expected) => {
    const transform = create();
    transform.push(bytes(sent));
    expect(transform.betweenEvents).toBe(expected);
  });

  test("always, where only whole events leave", () => {
    for (const options of [{ hideUsage: true }, { repair: true }]) {
      const transform = create(options);
      transform.push(bytes(`${events(ROLE)}data: ${GOOD}`));
      expect(transform.betweenEvents).toBe(true);
    }
  });
});

describe("ends", () => {
  const TIMED_OUT = { kind: "failed", code: "upstream_timeout", message: "idle for 5m" } as const;
  const endOf = (
    sent: string,
    how: Parameters<StreamTransform["end"]>[0],
    options: Partial<StreamOptions> = {},
  ) => {
    const transform = create(options);
    transform.push(bytes(sent));
    return { end: text(transform.end(how)), transform };
  };
  const ERROR =
    '{"error":{"message":"idle for 5m","type":"server_error","param":null,"code":"upstream_timeout"}}';

  test("chat: a failure is an error event, then the end mark", () => {
    const { end, transform } = endOf(events(ROLE, GOOD), TIMED_OUT);
    expect(end).toBe(stream(ERROR));
    expect(transform.whole).toBe(false);
  });

  test("an event that has partly left is closed first", () => {
    expect(endOf(`${events(ROLE)}data: {"id"`, TIMED_OUT).end).toBe(`\n\n${stream(ERROR)}`);
  });

  test("an event that is held is dropped", () => {
    for (const options of [{ hideUsage: true }, { repair: true }])
      expect(endOf(`${events(ROLE)}data: {"id"`, TIMED_OUT, options).end).toBe(stream(ERROR));
  });

  test("a failure behind the reason is none: the answer is whole", () => {
    const { end, transform } = endOf(events(ROLE, GOOD, MORNING, STOP), TIMED_OUT);
    expect(end).toBe("");
    expect(transform.whole).toBe(true);
    expect(endOf(events(ROLE, STOP), TIMED_OUT, { repair: true }).end).toBe(events("[DONE]"));
  });

  test("the upstream's own error is not followed by another", () => {
    const { end, transform } = endOf(events(ROLE, '{"error":{"message":"no","code":503}}'), { kind: "eof" });
    expect(end).toBe("");
    expect(transform.failure).toEqual({ message: "no", beforeContent: true, status: 503 });
  });

  test("messages: an error event with our code and the request id", () => {
    const { end } = endOf("event: message_start\ndata: {}\n\n", TIMED_OUT, { endpoint: "messages" });
    expect(end).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"timeout_error","message":"idle for 5m","details":{"error_code":"upstream_timeout"}},"request_id":"req-1"}\n\n',
    );
  });

  test("responses: response.failed with the whole response, numbered behind the last event", () => {
    const created =
      '{"type":"response.created","response":{"id":"resp_7","object":"response","created_at":5,"status":"in_progress","model":"m","output":[],"error":null},"sequence_number":0}';
    const delta = '{"type":"response.output_text.delta","delta":"a","sequence_number":4}';
    const sent = `event: response.created\ndata: ${created}\n\nevent: response.output_text.delta\ndata: ${delta}\n\n`;
    const { end } = endOf(sent, TIMED_OUT, { endpoint: "responses" });
    const [name, data] = end.split("\n");
    expect(name).toBe("event: response.failed");
    expect(JSON.parse(data?.slice("data: ".length) ?? "")).toMatchObject({
      type: "response.failed",
      sequence_number: 5,
      response: {
        id: "resp_7",
        object: "response",
        created_at: 5,
        model: "m",
        status: "failed",
        error: { code: "upstream_timeout", message: "idle for 5m" },
      },
    });
  });

  test("responses: an error event alone is followed by response.failed", () => {
    const sent =
      'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"slow down","sequence_number":2}\n\n';
    for (const repair of [false, true]) {
      const { end, transform } = endOf(sent, { kind: "eof" }, { endpoint: "responses", repair });
      expect(end).toContain('"type":"response.failed","sequence_number":3');
      expect(end).toContain('"error":{"code":"rate_limit_exceeded","message":"slow down"}');
      expect(transform.failure?.message).toBe("slow down");
    }
  });
});

describe("an event without end", () => {
  const ENDLESS = [
    ["one line", 'data: {"a":"', Buffer.alloc(1 << 20, "x")],
    ["many lines", "data: {\n", Buffer.from('data: "a": 1,\n'.repeat(75_000))],
  ] as const;

  test.each(
    ENDLESS.flatMap(([name, ...rest]) => [false, true].map((repair) => [name, repair, ...rest] as const)),
  )(
    "is given up within 16 MiB, and the stream ends with an error (%s, repair: %p)",
    (_, repair, start, filler) => {
      const transform = create({ repair, hideUsage: true });
      transform.push(bytes(`${events(ROLE)}${start}`));
      let sent = 0;
      while (!transform.broken && sent < 40) {
        expect(transform.push(filler)).toBeUndefined();
        sent++;
      }
      expect(transform.broken).toBe(true);
      expect(transform.push(filler)).toBeUndefined();
      expect(text(transform.end({ kind: "eof" }))).toContain('"code":"upstream_unreachable"');
    },
  );
});
