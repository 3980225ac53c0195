// Edits change exactly their spans: every other byte stays, and the value read back is the one that was set.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyEdits, memberOf, setMember } from "../../../src/lib/json-edit.ts";
import { scanTopLevel } from "../../../src/lib/json-scan.ts";

const keys = fc.oneof(
  fc.constantFrom("model", "stream", "stream_options", "n"),
  fc.string({ unit: "grapheme" }),
);
const objects = fc.dictionary(
  keys.filter((key) => key !== "__proto__"),
  fc.jsonValue(),
  { maxKeys: 6 },
);

function scan(bytes: Uint8Array): ReturnType<typeof scanTopLevel> {
  return scanTopLevel(Buffer.from(bytes).toString("latin1"));
}

function set(text: string, key: string, json: string): string {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.from(applyEdits(bytes, [setMember(scan(bytes), key, json)])).toString("utf8");
}

describe("a member", () => {
  test("that is set reads back as set, and all others as before", () => {
    fc.assert(
      fc.property(
        objects,
        keys.filter((key) => key !== "__proto__"),
        fc.jsonValue(),
        fc.nat(2),
        (object, key, value, indent) => {
          const edited: unknown = JSON.parse(
            set(JSON.stringify(object, null, indent), key, JSON.stringify(value)),
          );
          const expected: unknown = JSON.parse(JSON.stringify({ ...object, [key]: value }));
          expect(edited).toEqual(expected as object);
        },
      ),
      { seed: 21, numRuns: 500 },
    );
  });

  test.each([
    ['{"model":"a"}', '{"model":9}'],
    ['{"a" : 1.0e0 ,\t"model"\n:\r "é\\u00e9" , "z":[ ]} \n', '{"a" : 1.0e0 ,\t"model"\n:\r 9 , "z":[ ]} \n'],
    ['{"\\u006dodel":{"model":1}}', '{"\\u006dodel":9}'],
    ['{"größe😀":1,"model":null}', '{"größe😀":1,"model":9}'],
    ["{}", '{"model":9}'],
    [" { } ", ' {"model":9 } '],
    ['{"n":1}', '{"model":9,"n":1}'],
    ['{\n  "n": 1\n}', '{"model":9,\n  "n": 1\n}'],
  ])("in %p becomes %p", (text, expected) => {
    expect(set(text, "model", "9")).toBe(expected);
  });

  test("is found by its unescaped name, at the top level only", () => {
    const top = scanTopLevel('{"a":{"model":1},"m\\u006fdel":2}');
    expect(memberOf(top, "model")).toEqual({ key: "model", start: 30, end: 31 });
    expect(memberOf(top, "Model")).toBeUndefined();
  });
});

describe("several edits", () => {
  test("replace exactly their spans, in whatever order they are given", () => {
    const cases = fc.tuple(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(60), fc.string()), { maxLength: 6 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(cases, ([bytes, cuts, reversed]) => {
        const places = [...new Set(cuts.map(([at]) => Math.min(at, bytes.length)))].sort((a, b) => a - b);
        const edits = places.slice(0, -1).flatMap((start, i) => {
          const end = places[i + 1] ?? bytes.length;
          return i % 2 === 0 ? [{ start, end, text: cuts[i]?.[1] ?? "" }] : [];
        });
        let expected = Buffer.alloc(0);
        let from = 0;
        for (const { start, end, text } of edits) {
          expected = Buffer.concat([expected, bytes.subarray(from, start), Buffer.from(text)]);
          from = end;
        }
        expected = Buffer.concat([expected, bytes.subarray(from)]);
        const given = reversed ? edits.toReversed() : edits;
        expect(Buffer.from(applyEdits(bytes, given)).equals(expected)).toBe(true);
      }),
      { seed: 22, numRuns: 500 },
    );
  });

  test("that insert at one place keep their order", () => {
    const bytes = Buffer.from("{}");
    const edits = [1, 2, 3].map((n) => ({ start: 1, end: 1, text: String(n) }));
    expect(Buffer.from(applyEdits(bytes, edits)).toString()).toBe("{123}");
  });

  test("put two members into an object that has others", () => {
    const bytes = Buffer.from('{"a":1}');
    const top = scan(bytes);
    const edited = applyEdits(bytes, [setMember(top, "x", "1"), setMember(top, "y", "2")]);
    expect(Buffer.from(edited).toString()).toBe('{"x":1,"y":2,"a":1}');
  });

  test("none leave the very same bytes", () => {
    const bytes = Buffer.from("{}");
    expect(applyEdits(bytes, [])).toBe(bytes);
  });
});
