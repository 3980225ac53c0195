import { describe, expect, test } from "bun:test";
import { createGeminiArrayTransform } from "../../../src/streaming/gemini-array.ts";
import { GeminiObserver } from "../../../src/streaming/gemini-observer.ts";
import type { StreamEnd, StreamTransform } from "../../../src/streaming/transform.ts";
import { VerbatimTransform } from "../../../src/streaming/verbatim.ts";
import { CHUNK_SIZES, inChunksOf } from "../../support/splitting.ts";
import { GEMINI_ARRAY, GEMINI_EVENTS, GEMINI_PIECES } from "../../support/wire-samples/native.ts";

const FORMS = {
  events: {
    create: (): StreamTransform => new VerbatimTransform(new GeminiObserver("req-1"), true),
    write: (pieces: readonly string[]) => pieces.map((json) => `data: ${json}\r\n\r\n`).join(""),
    read: (text: string): unknown[] =>
      text
        .split(/\r?\n\r?\n/)
        .filter((event) => event !== "")
        .map((event) => JSON.parse(event.replace(/^data: /, ""))),
  },
  array: {
    create: (): StreamTransform => createGeminiArrayTransform("req-1"),
    write: (pieces: readonly string[]) => `[${pieces.join("\n,\r\n")}\n]`,
    read: (text: string): unknown[] => JSON.parse(text),
  },
} as const;

type Form = keyof typeof FORMS;

const EOF: StreamEnd = { kind: "eof" };
const TIMEOUT: StreamEnd = { kind: "failed", code: "upstream_timeout", message: "the idle timer ran out" };

function feed(form: Form, text: string, how: StreamEnd = EOF, size = 64) {
  const transform = FORMS[form].create();
  const parts = inChunksOf(size, Buffer.from(text)).map((chunk) => transform.push(chunk));
  parts.push(transform.end(how));
  const output = Buffer.concat(parts.filter((part) => part !== undefined)).toString("utf8");
  return { output, transform };
}

const candidate = (parts: object[], rest: object = {}) =>
  JSON.stringify({ candidates: [{ content: { parts }, ...rest }] });
const [FIRST, LAST] = GEMINI_PIECES;

describe.each(["events", "array"] as const)("a stream of Gemini's in the form of %s", (form) => {
  const { write, read } = FORMS[form];

  test.each([...CHUNK_SIZES])("passes byte for byte in chunks of %d", (size) => {
    const text = form === "events" ? GEMINI_EVENTS : GEMINI_ARRAY;
    const { output, transform } = feed(form, text, EOF, size);
    expect(output).toBe(text);
    expect(transform).toMatchObject({
      whole: true,
      started: true,
      broken: false,
      failure: undefined,
      answerModel: "gemini-x",
      textBytes: 6,
      usage: { inputTokens: 11, outputTokens: 7, cacheReadTokens: 4, reasoningTokens: 3 },
    });
    expect(transform.usage?.doubt).toBeUndefined();
  });

  test("ends with an error when it is cut, and what was used so far is interim", () => {
    const text = write(GEMINI_PIECES);
    const { output, transform } = feed(form, text.slice(0, text.indexOf(LAST) - 1));
    const pieces = read(output);
    expect(pieces).toHaveLength(2);
    expect(pieces[1]).toMatchObject({ error: { code: 502, status: "UNAVAILABLE" } });
    expect(transform).toMatchObject({
      whole: false,
      failure: undefined,
      usage: { inputTokens: 11, doubt: "interim" },
    });
  });

  test("ends with what the gateway says happened", () => {
    const { output } = feed(form, form === "events" ? write([FIRST]) : `[${FIRST}`, TIMEOUT);
    expect(read(output)[1]).toMatchObject({
      error: { code: 504, message: "the idle timer ran out", status: "DEADLINE_EXCEEDED" },
    });
  });

  test("is not added to when the upstream says itself what went wrong", () => {
    const failure = '{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}';
    const { output, transform } = feed(form, write([FIRST, failure]));
    expect(output).toBe(write([FIRST, failure]));
    expect(transform).toMatchObject({
      whole: false,
      failure: { message: "The model is overloaded.", beforeContent: false, status: 503 },
    });
    expect(feed(form, write([failure])).transform.failure?.beforeContent).toBe(true);
  });

  test("is whole when every answer has a reason to end", () => {
    const one = (index: number, finishReason?: string) => candidate([{ text: "x" }], { index, finishReason });
    expect(
      feed(form, `${write([one(0), one(1), one(0, "STOP")]).replace(/\n?\]$/, "")}`).transform.whole,
    ).toBe(false);
    const all = [one(0), one(1), one(0, "STOP"), one(1, "MAX_TOKENS")];
    expect(feed(form, write(all)).transform.whole).toBe(true);
    const unsaid = write([one(0, "FINISH_REASON_UNSPECIFIED")]).replace(/\n?\]$/, "");
    expect(feed(form, unsaid).transform.whole).toBe(false);
  });

  test("stays whole when more comes behind the reason", () => {
    const pieces = [
      candidate([{ text: "x" }], { finishReason: "STOP" }),
      candidate([], { groundingMetadata: {} }),
    ];
    expect(feed(form, write(pieces).replace(/\n?\]$/, "")).transform.whole).toBe(true);
  });

  test("is whole when the prompt was refused", () => {
    const { output, transform } = feed(form, write(['{"promptFeedback":{"blockReason":"SAFETY"}}']));
    expect(output).toBe(write(['{"promptFeedback":{"blockReason":"SAFETY"}}']));
    expect(transform).toMatchObject({ whole: true, started: true });
  });

  test.each<[string, object[], boolean, number]>([
    ["an empty text", [{ text: "" }], false, 0],
    ["text", [{ text: "größe" }], true, 7],
    ["a thought", [{ text: "Hm", thought: true }], true, 2],
    ["a call", [{ functionCall: { name: "f", args: { a: 1 } } }], true, 7],
    ["an image", [{ inlineData: { data: "AAAA" } }], true, 0],
  ])("%s begins an answer or not", (_, parts, started, textBytes) => {
    expect(feed(form, write([candidate(parts)]).slice(0, -1)).transform.textBytes).toBe(textBytes);
    const transform = FORMS[form].create();
    transform.push(Buffer.from(write([candidate(parts)])));
    expect(transform.started).toBe(started);
  });
});

describe("the array form", () => {
  test("is closed where only the bracket is missing", () => {
    const { output, transform } = feed("array", GEMINI_ARRAY.slice(0, -1));
    expect(JSON.parse(output)).toEqual(JSON.parse(GEMINI_ARRAY));
    expect(transform.whole).toBe(true);
  });

  test("is an array with an error even when nothing came", () => {
    expect(JSON.parse(feed("array", "").output)).toMatchObject([{ error: { code: 502 } }]);
  });

  test("cannot be read on when it is no array, and has no pings", () => {
    const transform = createGeminiArrayTransform("req-1");
    expect(transform.push(Buffer.from("<html>"))).toBeUndefined();
    expect(transform).toMatchObject({ broken: true, flaw: "damaged", betweenEvents: false, started: false });
    expect(transform.push(Buffer.from(GEMINI_ARRAY))).toBeUndefined();
  });

  test("a chunk of whole objects leaves as it came, the same object", () => {
    const transform = createGeminiArrayTransform("req-1");
    const chunk = Buffer.from(`[${FIRST}\n`);
    expect(Buffer.from(transform.push(chunk) ?? []).equals(chunk)).toBe(true);
    const held = Buffer.from(",\r\n");
    expect(transform.push(held)).toBeUndefined();
  });
});
