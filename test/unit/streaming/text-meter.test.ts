import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { quotedKeys, TextMeter } from "../../../src/streaming/text-meter.ts";

const KEYS = quotedKeys("content", "reasoning_content", "arguments");

const measure = (...events: readonly (object | string)[]) => {
  const meter = new TextMeter(KEYS);
  for (const event of events)
    meter.see(Buffer.from(typeof event === "string" ? event : JSON.stringify(event)));
  return meter.bytes;
};

const delta = (members: object, id = "c-1") => ({ id, choices: [{ index: 0, delta: members }] });

describe("bytes of text in events", () => {
  test.each<[string, readonly (object | string)[], number]>([
    ["none", [delta({ role: "assistant" }), delta({})], 0],
    ["one", [delta({ content: "abc" })], 3],
    [
      "several alike",
      [delta({ content: "abc" }), delta({ content: "de" }), delta({ content: "Grüße 你好" })],
      5 + 14,
    ],
    ["empty text and null", [delta({ content: "" }), delta({ content: null })], 0],
    ["another member", [delta({ reasoning_content: "hm" }), delta({ content: "abc" })], 5],
    [
      "text behind an empty one",
      [delta({ content: "a" }), delta({ content: "", reasoning_content: "hm" })],
      3,
    ],
    [
      "two at once",
      [delta({ content: "a", reasoning_content: "hm" }), delta({ content: "b", reasoning_content: "x" })],
      5,
    ],
    ["arguments", [delta({ tool_calls: [{ index: 0, function: { arguments: '{"a":"b"}' } }] })], 9],
    ["another place in each event", [delta({ content: "a" }, "c"), delta({ content: "bc" }, "c-10")], 3],
    ["spaces around the colon", ['{"content" : "abc"}', '{"content" : "de"}'], 5],
    ["escapes", ['{"content":"a\\n\\"b\\\\"}'], 5],
    ["characters that are escaped", ['{"content":"\\u4f60\\u597d"}'], 6],
    ["a key that is part of the text", [delta({ content: 'say "content":"no"' })], 18],
    ["a value that is no text", ['{"content":{"a":"b"}}', '{"content":5}'], 0],
    ["an event that is cut", ['{"content":"abc', '{"content":"\\', '{"content":', '{"content"'], 3 + 1],
    ["no JSON", ["", "[DONE]", ": ping"], 0],
  ])("%s", (_, events, expected) => {
    expect(measure(...events)).toBe(expected);
  });

  test("are what UTF-8 takes, for any text", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const plain = texts.map((text) => text.replace(/[\p{Cc}\ud800-\udfff]/gu, "?"));
        const expected = plain.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        expect(measure(...plain.map((content) => delta({ content })))).toBe(expected);
      }),
    );
  });
});
