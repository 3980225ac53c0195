import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { divideHalfUp, formatUsd, parseUsd, showUsd, toJsonNano } from "../../../src/lib/money.ts";

describe("dollars as they are written", () => {
  test.each<[number, bigint]>([
    [0, 0n],
    [-0, 0n],
    [2, 2_000_000_000n],
    [0.1, 100_000_000n],
    [0.0375, 37_500_000n],
    [0.003625, 3_625_000n],
    [1e9, 1_000_000_000_000_000_000n],
    [1e21, 1_000_000_000_000_000_000_000_000_000_000n],
    [1.5e300, 15n * 10n ** 308n],
    [1e-9, 1n],
    [5e-10, 1n],
    [4.999e-10, 0n],
    [1.23456e-7, 123n],
    [123456.789, 123_456_789_000_000n],
    [Number.MIN_VALUE, 0n],
  ])("%p is %p nano-dollars", (usd, nano) => {
    expect(parseUsd(usd)).toBe(nano);
  });

  test.each([-1, -1e-12, Number.NaN, Number.POSITIVE_INFINITY])("%p is no amount", (usd) => {
    expect(() => parseUsd(usd)).toThrow(RangeError);
  });

  test("whatever has at most nine decimals is exact", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(999_999), (whole, micro) => {
        const text = `${whole}.${String(micro).padStart(6, "0")}`;
        expect(parseUsd(Number(text))).toBe(BigInt(whole) * 1_000_000_000n + BigInt(micro) * 1000n);
      }),
    );
  });
});

describe("the exact amount", () => {
  test.each<[bigint, string]>([
    [0n, "0"],
    [2_000_000_000n, "2"],
    [2_500_000_000n, "2.5"],
    [123_500n, "0.0001235"],
    [1n, "0.000000001"],
    [-1_500_000_000n, "-1.5"],
    [12_345_678_901_234_567_890_123n, "12345678901234.567890123"],
  ])("%p is %s", (nano, text) => {
    expect(formatUsd(nano)).toBe(text);
  });

  test("reads back", () => {
    fc.assert(
      fc.property(fc.nat(), (nano) => {
        expect(parseUsd(Number(formatUsd(BigInt(nano))))).toBe(BigInt(nano));
      }),
    );
  });
});

describe("an amount in a message", () => {
  test.each<[bigint, string]>([
    [0n, "$0.00"],
    [2_000_000_000n, "$2.00"],
    [1_200_000_000n, "$1.20"],
    [1_999_999_999n, "$2.00"],
    [1_234_567_891n, "$1.235"],
    [12_345_678_900n, "$12.35"],
    [123_456_789_000n, "$123.46"],
    [4_200_000n, "$0.0042"],
    [12_500_000n, "$0.0125"],
    [123_456n, "$0.0001235"],
    [7n, "$0.000000007"],
    [1_234_567_000_000_000n, "$1234567.00"],
    [-2_500_000_000n, "-$2.50"],
  ])("%p is %s", (nano, text) => {
    expect(showUsd(nano)).toBe(text);
  });
});

test("JSON has a number up to 2^53 and digits beyond", () => {
  expect(toJsonNano(0n)).toBe(0);
  expect(toJsonNano(2n ** 53n)).toBe(9_007_199_254_740_992);
  expect(toJsonNano(2n ** 53n + 1n)).toBe("9007199254740993");
  expect(toJsonNano(-(2n ** 53n) - 1n)).toBe("-9007199254740993");
});

test("a quotient is rounded half up", () => {
  expect([0n, 4n, 5n, 6n, 14n, 15n].map((dividend) => divideHalfUp(dividend, 10n))).toEqual([
    0n,
    0n,
    1n,
    1n,
    1n,
    2n,
  ]);
});
