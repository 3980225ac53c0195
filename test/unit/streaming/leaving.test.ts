import { describe, expect, test } from "bun:test";
import { createStreamTransform } from "../../../src/streaming/create-transform.ts";
import type { StreamTransform } from "../../../src/streaming/transform.ts";
import { ANSWER, events, GOOD, MORNING, ROLE, STOP, usageChunk } from "../../support/wire-samples/chunks.ts";

const create = (hideUsage = false): StreamTransform =>
  createStreamTransform({ endpoint: "chat", repair: true, hideUsage, requestId: "req-1", model: undefined });
const push = (transform: StreamTransform, text: string) =>
  Buffer.from(transform.push(Buffer.from(text)) ?? []).toString("utf8");

describe("an event under repair leaves as soon as its line is complete", () => {
  test.each([
    ["well formed", events(GOOD)],
    ["its blank line has not come", `data: ${GOOD}\n`],
    ["one newline between events", `data: ${GOOD}\n`],
    ["a JSON line", `${GOOD}\n`],
    ["CRLF", `data: ${GOOD}\r\n\r\n`],
    ["bare CR", `data: ${GOOD}\r\r`],
  ])("%s", (_, sent) => {
    const transform = create();
    push(transform, events(ROLE));
    expect(push(transform, sent)).toBe(events(GOOD));
    expect(push(transform, sent.replace(GOOD, MORNING))).toBe(events(MORNING));
  });

  test("the blank line that comes later is not sent twice", () => {
    const transform = create();
    expect(push(transform, `data: ${ROLE}\n`)).toBe(events(ROLE));
    expect(push(transform, "\n")).toBe("");
    expect(push(transform, events(GOOD))).toBe(events(GOOD));
  });

  test("the end mark leaves at once, not at the end of the connection", () => {
    const transform = create();
    push(transform, events(...ANSWER));
    expect(push(transform, "data: [DONE]\n\n")).toBe("data: [DONE]\n\n");
    expect(transform.end({ kind: "eof" })).toBeUndefined();
  });

  test("well-formed events within one chunk are a view of it", () => {
    const chunk = Buffer.from(events(...ANSWER));
    const out = create().push(chunk);
    expect(out?.buffer).toBe(chunk.buffer);
    expect(out).toHaveLength(chunk.length);
  });
});

describe("usage", () => {
  test("is held until nothing can come behind it", () => {
    const transform = create();
    push(transform, events(...ANSWER));
    expect(push(transform, events(usageChunk()))).toBe("");
    expect(push(transform, "data: [DONE]\n\n")).toBe(events(usageChunk(), "[DONE]"));
  });

  test("behind the end mark is read, and not sent", () => {
    const transform = create();
    push(transform, events(...ANSWER, "[DONE]"));
    expect(push(transform, events(usageChunk()))).toBe("");
    expect(transform.usage?.outputTokens).toBe(5);
  });

  test("of a stream that is cut is known", () => {
    const transform = create(true);
    push(transform, events(ROLE, usageChunk({ prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 })));
    transform.end({ kind: "failed", code: "upstream_timeout", message: "idle" });
    expect(transform).toMatchObject({ whole: false, usage: { inputTokens: 3, outputTokens: 1 } });
  });
});

describe("what is unknown to the specification stays", () => {
  test("members, numbers and escapes of a chunk that needs no repair, beside one that does", () => {
    const exotic = GOOD.replace('"delta"', '"seed":12345678901234567890,"t":1.0e0,"u":"\\u00e9","delta"');
    const transform = create();
    push(transform, events(ROLE.replace('"role":"assistant",', "")));
    expect(push(transform, events(exotic))).toBe(events(exotic));
    expect(push(transform, `data:${exotic}\r\n\r\n`)).toBe(events(exotic));
  });

  test("members of a chunk that does", () => {
    const transform = create();
    push(transform, events(ROLE));
    const odd = STOP.replace('"index":0', '"index":"0","stop_id":7').replace("}]", '}],"extra":{"a":[null]}');
    expect(push(transform, events(odd))).toBe(events(odd.replace('"index":"0"', '"index":0')));
  });
});
