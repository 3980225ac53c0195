// Admin keys are known by their digests, and only whole.

import { describe, expect, test } from "bun:test";
import { type AdminKey, findAdmin } from "../../../src/auth/admin-keys.ts";
import { keyDigest } from "../../../src/auth/virtual-keys.ts";

const KEYS: readonly AdminKey[] = [
  { name: "ops", role: "admin", digest: keyDigest("key of ops") },
  { name: "anna", role: "viewer", digest: keyDigest("key of anna") },
  { name: "twin", role: "metrics", digest: keyDigest("key of ops") },
];

describe("an admin key", () => {
  test("is its owner's; of two that are the same, the first one's", () => {
    expect(findAdmin("key of ops", KEYS)).toEqual({ name: "ops", role: "admin" });
    expect(findAdmin("key of anna", KEYS)).toEqual({ name: "anna", role: "viewer" });
  });

  test.each(["", "key of", "key of ops ", "KEY OF OPS", keyDigest("key of ops"), "ключ"])(
    "is not %p",
    (text) => {
      expect(findAdmin(text, KEYS)).toBeUndefined();
    },
  );

  test("is nobody's where there are none", () => {
    expect(findAdmin("key of ops", [])).toBeUndefined();
  });
});
