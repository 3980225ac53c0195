// The top-level scanner finds what JSON.parse finds, at the right bytes, and refuses what is not an object.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JsonScanError, scanTopLevel, stringAt } from "../../../src/lib/json-scan.ts";

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const utf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8");

describe("a JSON object's top level", () => {
  test("gives every member with the bytes of its value", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
        fc.nat(3),
        (object, indent) => {
          const json = JSON.stringify(object, null, indent);
          const text = latin1(json);
          const parsed = JSON.parse(json) as Record<string, unknown>;
          const { members } = scanTopLevel(text);
          expect(members.map((member) => member.key)).toEqual(Object.keys(object).sort(order(json)));
          for (const { key, start, end } of members) {
            const value: unknown = JSON.parse(utf8(text.slice(start, end)));
            if (key !== "__proto__") expect(value).toEqual(parsed[key]);
            expect(stringAt(text, start, end)).toEqual(typeof value === "string" ? value : undefined);
          }
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  test("is found behind and before white space, and may be empty", () => {
    expect(scanTopLevel(" \r\n\t{ } \n")).toEqual({ members: [], bodyStart: 5 });
  });

  test("unescapes keys, so that a spelling cannot hide one", () => {
    const { members } = scanTopLevel(String.raw`{"\u006dodel":1,"M\u006fdel":2}`);
    expect(members.map((member) => member.key)).toEqual(["model", "Model"]);
  });

  test.each([
    ["", "expected a JSON object"],
    ["[]", "expected a JSON object"],
    ["\ufeff{}", "expected a JSON object"],
    ['{"a":1', "expected a comma"],
    ['{"a":1}x', "unexpected text"],
    ['{"a":1} {"b":2}', "unexpected text"],
    ['{"a" 1}', "expected a colon"],
    ["{a:1}", "expected a key"],
    ['{"a":1,}', "expected a key"],
    ['{"a":}', "expected a value"],
    ['{"a":01}', "expected a value"],
    ['{"a":nul}', "expected a value"],
    ['{"a":truex}', "expected a value"],
    ['{"a":NaN}', "expected a value"],
    ['{"a":"x}', "unterminated string"],
    [String.raw`{"a":"x\"}`, "unterminated string"],
    ['{"a":[1}', "mismatched bracket"],
    ['{"a":[1', "unterminated object or array"],
    [String.raw`{"\x":1}`, "bad escape"],
    ['{"a\nb":1}', "bad escape"],
  ])("%j is refused", (text, reason) => {
    expect(() => scanTopLevel(latin1(text))).toThrow(JsonScanError);
    expect(() => scanTopLevel(latin1(text))).toThrow(reason);
  });

  test("nested 1,000 levels deep passes, deeper is refused", () => {
    const nested = (depth: number): string => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(scanTopLevel(nested(1000)).members.length).toBe(1);
    expect(() => scanTopLevel(nested(1001))).toThrow("nested deeper");
    expect(() => scanTopLevel(nested(30_000))).toThrow("nested deeper");
  });
});

/** Objects list integer-like keys first, in both worlds; JSON text is written in that order. */
function order(json: string): (a: string, b: string) => number {
  const keys = Object.keys(JSON.parse(json) as object);
  return (a, b) => keys.indexOf(a) - keys.indexOf(b);
}
