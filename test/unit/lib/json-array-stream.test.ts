import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JsonArrayScanner } from "../../../src/lib/json-array-stream.ts";
import { CHUNK_SIZES, inChunksOf } from "../../support/splitting.ts";
import { GEMINI_ARRAY, GEMINI_PIECES } from "../../support/wire-samples/native.ts";

const LIMIT = 1 << 20;

function scan(chunks: readonly Uint8Array[], maxBytes = LIMIT) {
  const scanner = new JsonArrayScanner(maxBytes);
  const objects: string[] = [];
  const raw: Uint8Array[] = [];
  for (const chunk of chunks) {
    scanner.push(chunk);
    while (scanner.next()) {
      if (scanner.frame !== undefined) objects.push(scanner.frame.data.toString("utf8"));
      raw.push(...scanner.raw.map(({ bytes, start, end }) => bytes.subarray(start, end)));
    }
  }
  const left = Buffer.concat(raw).toString("utf8");
  return { objects, left, closed: scanner.closed, flaw: scanner.flaw, ending: scanner.ending('{"e":1}') };
}

const whole = (text: string) => scan([Buffer.from(text)]);

test.each([...CHUNK_SIZES])("chunks of %d bytes make no difference", (size) => {
  const { objects, left, closed } = scan(inChunksOf(size, Buffer.from(GEMINI_ARRAY)));
  expect(objects).toEqual([...GEMINI_PIECES]);
  expect(left).toBe(GEMINI_ARRAY);
  expect(closed).toBe(true);
});

test.each<[string, string, string[]]>([
  ["no objects", " [ ] ", []],
  ["brackets and quotes in strings", '[{"a":"}]\\"{"},{"b":["\\\\"]}]', ['{"a":"}]\\"{"}', '{"b":["\\\\"]}']],
  ["nested objects", '[{"a":{"b":[{}]}}]', ['{"a":{"b":[{}]}}']],
  ["an object without a bracket around it", ' {"a":1}\n', ['{"a":1}']],
  ["a byte order mark", '\uFEFF[{"a":1}]', ['{"a":1}']],
  ["text behind the end", '[{"a":1}] and more', ['{"a":1}']],
])("%s", (_, text, objects) => {
  for (const size of [1, 2, 1000]) {
    const read = scan(inChunksOf(size, Buffer.from(text)));
    expect(read).toMatchObject({ objects, closed: true, flaw: undefined, ending: "" });
    expect(read.left).toBe(text);
  }
});

describe("an object leaves when it is whole, and not before", () => {
  test("the space behind it leaves with it, the comma with the next", () => {
    const scanner = new JsonArrayScanner(LIMIT);
    const steps: [string, string][] = [
      ['[{"a":1}', '[{"a":1}'],
      ["\n", "\n"],
      [",\r\n", ""],
      ['{"b":', ""],
      ["2}\n", ',\r\n{"b":2}\n'],
      ["]", "]"],
    ];
    for (const [arrives, leaves] of steps) {
      scanner.push(Buffer.from(arrives));
      let text = "";
      while (scanner.next())
        text += scanner.raw
          .map(({ bytes, start, end }) => Buffer.from(bytes).toString("utf8", start, end))
          .join("");
      expect(text).toBe(leaves);
    }
  });
});

describe("an array that is cut can be ended", () => {
  test.each<[string, string]>([
    ["", '[{"e":1}]'],
    ["  ", '[{"e":1}]'],
    ["[", '{"e":1}]'],
    ['[{"a":', '{"e":1}]'],
    ['[{"a":1}', '\n,\r\n{"e":1}\n]'],
    ['[{"a":1}\n', ',\r\n{"e":1}\n]'],
    ['[{"a":1},', '\n,\r\n{"e":1}\n]'],
    ['[{"a":1},{"b"', '\n,\r\n{"e":1}\n]'],
    ['[{"a":1}]', ""],
    ['{"a":1}', ""],
  ])("%s", (text, ending) => {
    const read = whole(text);
    expect(read.ending).toBe(ending);
    expect(Array.isArray(JSON.parse(read.left + ending)) || text.startsWith("{")).toBe(true);
  });

  test("without a last object, too", () => {
    const scanner = new JsonArrayScanner(LIMIT);
    expect(scanner.ending(undefined)).toBe("");
    scanner.push(Buffer.from('[{"a":1}'));
    while (scanner.next());
    expect(scanner.ending(undefined)).toBe("]");
  });

  test("wherever it is cut", () => {
    for (let at = 0; at < GEMINI_ARRAY.length; at++) {
      const { left, ending } = scan(inChunksOf(50, Buffer.from(GEMINI_ARRAY.slice(0, at))));
      expect(JSON.parse(left + ending).at(-1)).toEqual({ e: 1 });
    }
  });
});

describe("what is not an array of objects", () => {
  test.each(["<html>", "null", "[1]", '["a"]', "[,", '[{"a":1}{', '[{"a":1},]', '[{"a":1},,', "}"])(
    "%s",
    (text) => {
      expect(whole(text).flaw).toBe("damaged");
      expect(scan(inChunksOf(1, Buffer.from(text))).flaw).toBe("damaged");
    },
  );

  test("an object that is too long is not waited for", () => {
    const text = `[{"a":"${"x".repeat(100)}"}]`;
    for (const size of [1, 7, 1000])
      expect(scan(inChunksOf(size, Buffer.from(text)), 100)).toMatchObject({ objects: [], flaw: "too_long" });
  });

  test("any text is read without an exception, and the same in any chunks", () => {
    const characters = fc.constantFrom("[", "]", "{", "}", '"', "\\", ",", " ", "\n", "a", "1");
    fc.assert(
      fc.property(
        fc.string({ unit: characters, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (text, size) => {
          expect(scan(inChunksOf(size, Buffer.from(text)))).toEqual(whole(text));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
