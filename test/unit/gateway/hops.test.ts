// A request that comes back to the instance it left is noticed; a mark that a client makes up changes nothing.

import { expect, test } from "bun:test";
import { GatewayError } from "../../../src/errors.ts";
import { passHop } from "../../../src/gateway/hops.ts";
import { HOP_HEADER } from "../../../src/upstream/headers.ts";

function pass(passed: string | undefined): string {
  try {
    return passHop(new Headers(passed === undefined ? {} : { [HOP_HEADER]: passed }), "me");
  } catch (error) {
    return error instanceof GatewayError ? error.code : "fault";
  }
}

test.each([
  [undefined, "me"],
  ["other", "other, me"],
  ["a, b", "a, b, me"],
  ["me", "loop_detected"],
  ["a,me", "loop_detected"],
  ["a , me , b", "loop_detected"],
  ["men, ame", "men, ame, me"],
  ["", ", me"],
  [Array.from({ length: 15 }, (_, i) => `i${i}`).join(","), expect.stringContaining("i14, me")],
  [Array.from({ length: 16 }, (_, i) => `i${i}`).join(","), "loop_detected"],
])("having passed %p it goes on with %p", (passed, expected) => {
  expect(pass(passed)).toEqual(expected as string);
});
