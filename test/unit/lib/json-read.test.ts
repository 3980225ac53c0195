import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findLastObject, hasObject } from "../../../src/lib/json-find.ts";
import { parseJson } from "../../../src/lib/json-value.ts";
import { looksLikeHtml, plainText } from "../../../src/lib/plain-text.ts";

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const KEY = Buffer.from('"usage"');

describe("parsing", () => {
  test("gives what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([["{"], [""], ["{'a':1}"], ["[1,]"], ["\uFEFF{}"], [`{"a":"${"x".repeat(3000)}`]])(
    "%s is no JSON",
    (text) => {
      expect(parseJson(text)).toBeUndefined();
    },
  );

  test("more than 1,000 levels are refused, and fewer are not", () => {
    expect(parseJson(nested(1000))).toBeDefined();
    expect(parseJson(nested(1001))).toBeUndefined();
    expect(parseJson(nested(1_000_000))).toBeUndefined();
  });

  test("brackets within strings are no levels", () => {
    const text = JSON.stringify({ a: `\\"${"[{".repeat(5000)}\\`, b: "[".repeat(5000) });
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });
});

describe("finding an object by its key", () => {
  const find = (text: string) => findLastObject(Buffer.from(text), KEY);

  test.each<[string, unknown]>([
    ['{"usage":{"a":1}}', { a: 1 }],
    ['{"usage" : \n {"a":{"b":"}"}}}', { a: { b: "}" } }],
    ['{"usage":{"a":1},"x":{"usage":{"a":2}}}', { a: 2 }],
    ['{"usage":{"a":1},"x":{"usage":null}}', { a: 1 }],
    ['{"usage":{"a":"\\"}{"}}', { a: '"}{' }],
    ['{"text":"\\"usage\\":{\\"a\\":1}"}', undefined],
    ['{"usage":[1]}', undefined],
    ['{"usage":{"a":1', undefined],
    ['"usage"', undefined],
    ["", undefined],
  ])("%s", (text, expected) => {
    expect(find(text)).toEqual(expected);
    expect(hasObject(Buffer.from(text), KEY)).toBe(
      expected !== undefined || (text.includes('{"a":1') && !text.includes("\\")),
    );
  });

  test("an object that is too large is not read", () => {
    expect(find(`{"usage":{"a":"${"x".repeat(70_000)}"}}`)).toBeUndefined();
  });
});

describe("readable text", () => {
  test.each([
    ["  several\n  words ", "several words"],
    [
      "<html><head><title>a</title></head><body class=x>Not <b>found</b>&nbsp;&lt;here&gt;</body>",
      "Not found <here>",
    ],
    ["<!doctype html><script>var a = '<b>'</script>oops", "oops"],
    ["a < b and c > d", "a < b and c > d"],
    ["x".repeat(101), `${"x".repeat(100)}…`],
  ])("%s", (text, expected) => {
    expect(plainText(text, 100)).toBe(expected);
  });

  test("a hostile page takes no time, because only its beginning is looked at", () => {
    for (const part of ["<", "<script", "<script>", "<body ", "&"])
      expect(plainText(`<html>${part.repeat(1_000_000)}`, 100).length).toBeLessThanOrEqual(101);
  });

  test.each([
    ["<!DOCTYPE html>", true],
    [" \n<HTML lang=en>", true],
    ["<think>", false],
    ["{}", false],
  ])("%s is a page: %p", (text, expected) => {
    expect(looksLikeHtml(text)).toBe(expected);
  });
});
