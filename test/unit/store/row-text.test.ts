// The texts and numbers that rows are kept in: what goes in comes out.

import { expect, test } from "bun:test";
import {
  decodeDetail,
  decodeFlags,
  decodePrice,
  decodeProfile,
  encodeDetail,
  encodeFlags,
  encodePrice,
  encodeProfile,
} from "../../../src/store/row-text.ts";
import { PRICE, profile, REFUSED, requestRow } from "./stored-rows.ts";

test("a profile", () => {
  expect(decodeProfile(encodeProfile(profile()))).toEqual(profile());
  const bare = profile({ user: undefined, workspace: undefined, provider: undefined, model: undefined });
  expect(decodeProfile(encodeProfile(bare))).toStrictEqual(bare);
});

test("profiles whose tags differ in order only have one text", () => {
  const one = encodeProfile(profile({ tags: { a: "1", b: "2" } }));
  expect(encodeProfile(profile({ tags: { b: "2", a: "1" } }))).toBe(one);
});

test("a price, to the last nano", () => {
  const { source, match, request, tiers, ...rates } = PRICE;
  const price = { ...PRICE, input: 9_007_199_254_740_993n, tiers: [{ above: 200_000, ...rates }] };
  expect(decodePrice(encodePrice(price))).toEqual(price);
});

test("the details of a request", () => {
  const row = requestRow();
  expect(decodeDetail(encodeDetail(row))).toMatchObject({
    endpoint: "chat",
    requestedModel: "fast",
    attempts: row.attempts,
    passed: ["R&D Spend Cap"],
    audioInput: 3,
    audioOutput: 4,
    cacheWrite1h: 50,
  });
  expect(decodeDetail(encodeDetail(requestRow(REFUSED)))).toMatchObject({ attempts: [], ended: "refused" });
});

test("flags, and whether it was sent", () => {
  expect(encodeFlags([], false)).toBe(0);
  expect(encodeFlags(["estimated", "cached"], true)).toBe(1 + 16 + 32);
  expect(decodeFlags(1 + 2 + 4 + 8 + 16 + 32)).toEqual([
    "estimated",
    "interrupted",
    "unpriced",
    "subscription",
    "cached",
  ]);
});
