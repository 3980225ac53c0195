// Durations and sizes as people write them.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { DURATION_PATTERN, durationMs, parseDuration } from "../../../src/lib/duration.ts";
import { parseSize, SIZE_PATTERN, sizeBytes } from "../../../src/lib/size.ts";

test.each<[string | number, number]>([
  [0, 0],
  ["0", 0],
  ["0ms", 0],
  ["250ms", 250],
  ["30s", 30_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["0.0004s", 0],
])("the duration %p is %p ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each<[string | number, number]>([
  [0, 0],
  ["0", 0],
  ["512B", 512],
  ["64KiB", 65_536],
  ["32MiB", 33_554_432],
  ["1.5GiB", 1_610_612_736],
  ["2TiB", 2_199_023_255_552],
])("the size %p is %p bytes", (text, bytes) => {
  expect(sizeBytes(text)).toBe(bytes);
});

test.each<string | number>([
  "",
  "5",
  5,
  -0.5,
  "-1s",
  "1 s",
  "s",
  "1S",
  "1h30m",
  "1e3s",
  " 1s",
  "1s ",
  "٣s",
  "1.s",
])("%p is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
  expect(() => durationMs(text)).toThrow(RangeError);
});

test.each<string | number>(["", "64", 64, "64KB", "64k", "64kib", "-1B", "1 MiB", "1PiB"])(
  "%p is no size",
  (text) => {
    expect(parseSize(text)).toBeUndefined();
    expect(() => sizeBytes(text)).toThrow(RangeError);
  },
);

test("the patterns match exactly what is read", () => {
  const texts = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.constantFrom("ms", "s", "m", "KiB", "B", "d", ""),
      )
      .map(([number, unit]) => `${number}${unit}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(new RegExp(DURATION_PATTERN).test(text)).toBe(parseDuration(text) !== undefined);
      expect(new RegExp(SIZE_PATTERN).test(text)).toBe(parseSize(text) !== undefined);
    }),
    { seed: 1 },
  );
});
