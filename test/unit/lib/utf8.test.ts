// Strict decoding of text files.

import { expect, test } from "bun:test";
import { decodeUtf8 } from "../../../src/lib/utf8.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ["empty", "", ""],
  ["plain", "a: 1\n", "a: 1\n"],
  ["more than ASCII", "ä € 😀", "ä € 😀"],
  ["a byte order mark, which goes", "\uFEFFa", "a"],
])("%s is text", (_, text, expected) => {
  expect(decodeUtf8(bytes(text))).toEqual({ ok: true, text: expected });
});

test.each<[string, Uint8Array, string, number, number]>([
  ["UTF-16, little end first", new Uint8Array([0xff, 0xfe, 0x61, 0]), "UTF-16", 1, 1],
  ["UTF-16, big end first", new Uint8Array([0xfe, 0xff, 0, 0x61]), "UTF-16", 1, 1],
  ["a NUL", bytes("a: 1\nb\u0000c"), "binary", 2, 2],
  ["a byte that never occurs", new Uint8Array([...bytes("a\nbä"), 0xff, 0x62]), "UTF-8", 2, 3],
  ["Latin-1", new Uint8Array([0x61, 0xe4, 0x62]), "UTF-8", 1, 2],
  ["a character cut short at the end", new Uint8Array([...bytes("ab\n"), 0xe2, 0x82]), "UTF-8", 2, 1],
  ["only a byte that never occurs", new Uint8Array([0xff]), "UTF-8", 1, 1],
])("%s is refused at its place", (_, input, reason, line, column) => {
  expect(decodeUtf8(input)).toEqual({ ok: false, reason: expect.stringContaining(reason), line, column });
});
