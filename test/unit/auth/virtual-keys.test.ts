// Looking up virtual keys by digest, and refusing those that are disabled or have expired.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createKeyRing, keyDigest, requireLive } from "../../../src/auth/virtual-keys.ts";
import { fakeKey } from "../../support/fake-parts.ts";

const alice = fakeKey({ name: "alice" });
const bob = fakeKey({ name: "bob" });
const guest = fakeKey({ name: "guest" });
const ring = createKeyRing(
  [
    {
      key: alice,
      digests: [
        { hash: keyDigest("new"), until: undefined },
        { hash: keyDigest("old"), until: 1_000 },
      ],
    },
    { key: bob, digests: [{ hash: keyDigest("bob's"), until: undefined }] },
  ],
  guest,
);

describe("a ring of keys", () => {
  test.each([
    ["new", 0, "alice"],
    ["new", 1e15, "alice"],
    ["old", 999, "alice"],
    ["old", 1_000, undefined],
    ["bob's", 0, "bob"],
    ["Bob's", 0, undefined],
    ["", 0, undefined],
    [keyDigest("new"), 0, undefined],
    [`sha256:${keyDigest("new")}`, 0, undefined],
  ])("%p at %d is %p", (text, nowMs, name) => {
    expect(ring.find(text, nowMs)?.name).toBe(name as string);
  });

  test("has the key of callers without one, or has none", () => {
    expect(ring.anonymous).toBe(guest);
    expect(createKeyRing([], undefined).anonymous).toBeUndefined();
  });

  test("keeps no key, only digests", () => {
    expect(Bun.inspect(ring, { depth: 9 })).not.toContain("bob's");
  });
});

test("a digest is SHA-256 in lower-case hex of the key's UTF-8", () => {
  for (const key of ["", "sk-postern-x", "größe 😀"])
    expect(keyDigest(key)).toBe(createHash("sha256").update(key, "utf8").digest("hex"));
});

describe("a key", () => {
  const code = (key: ReturnType<typeof fakeKey>, nowMs: number): unknown => {
    try {
      requireLive(key, nowMs);
      return "live";
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  test.each([
    ["without an end", {}, 1e15, "live"],
    ["before its end", { expiresAt: 1_000 }, 999, "live"],
    ["at its end", { expiresAt: 1_000 }, 1_000, "key_expired"],
    ["long after its end", { expiresAt: 1_000 }, 1e15, "key_expired"],
    ["disabled", { disabled: true }, 0, "key_disabled"],
    ["disabled and expired", { disabled: true, expiresAt: 1 }, 2, "key_disabled"],
  ] as const)("%s is %s", (_, settings, nowMs, expected) => {
    expect(code(fakeKey(settings), nowMs)).toBe(expected);
  });

  test("that expired is told when", () => {
    const gone = fakeKey({ expiresAt: Date.UTC(2026, 0, 2) });
    expect(() => requireLive(gone, Date.UTC(2026, 0, 3))).toThrow("2026-01-02T00:00:00.000Z");
  });
});
