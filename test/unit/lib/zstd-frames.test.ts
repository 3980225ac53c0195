// Complete zstd data is told from data that breaks off, at every byte.

import { describe, expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { isWholeZstd } from "../../../src/lib/zstd-frames.ts";

function skippable(size: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a53, 0);
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, Buffer.alloc(size, 0x28)]);
}

const SAMPLES: Readonly<Record<string, Uint8Array>> = {
  nothing: zstdCompressSync(new Uint8Array(0)),
  "one byte": zstdCompressSync("x"),
  "a text": zstdCompressSync('{"model":"up/m"} '.repeat(30)),
  "a run of one byte": zstdCompressSync(Buffer.alloc(2_000_000)),
  "random bytes over several blocks": zstdCompressSync(crypto.getRandomValues(new Uint8Array(60_000)).buffer),
  "a text with a checksum": zstdCompressSync("abc".repeat(99), { params: { 201: 1 } }),
  "two frames": Buffer.concat([zstdCompressSync("a"), zstdCompressSync("b".repeat(999))]),
  "a frame between skippable ones": Buffer.concat([skippable(0), zstdCompressSync("a"), skippable(77)]),
};

describe.each(Object.entries(SAMPLES))("zstd data of %s", (_, data) => {
  test("is whole", () => {
    expect(isWholeZstd(data)).toBe(true);
  });
  test("is not, with bytes missing or left over", () => {
    const cuts =
      data.length < 500
        ? data.keys()
        : [0, 1, 4, 5, 8, 17, data.length >> 1, data.length - 4, data.length - 1];
    const frameEnds = [...cuts].filter((cut) => isWholeZstd(data.subarray(0, cut)));
    // A cut between two frames leaves whole ones.
    expect(frameEnds.length).toBeLessThanOrEqual(2);
    expect(isWholeZstd(Buffer.concat([data, Buffer.from("x")]))).toBe(false);
    expect(isWholeZstd(Buffer.concat([data, Buffer.from("trailing garbage")]))).toBe(false);
  });
});

test.each(["", "x", "x".repeat(50), "{}", "\u001f\u008b\u0008"])("%p is none", (text) => {
  expect(isWholeZstd(Buffer.from(text, "latin1"))).toBe(false);
});

test("what the encoder makes of any bytes is whole, and one byte less is not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.integer({ min: 1, max: 19 }), (bytes, level) => {
      const data = zstdCompressSync(bytes, { params: { 100: level } });
      expect(isWholeZstd(data)).toBe(true);
      expect(isWholeZstd(data.subarray(0, -1))).toBe(false);
    }),
    { seed: 61, numRuns: 100 },
  );
});
