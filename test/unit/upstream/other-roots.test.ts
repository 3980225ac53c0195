// Where else a server may be, by what its base URL says.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { baseUrlOf, otherRoots } from "../../../src/upstream/other-roots.ts";
import { providerRoot } from "../../../src/upstream/url.ts";

describe("the other roots, likeliest first", () => {
  test.each([
    ["http://h:8000/v1", ["http://h:8000"]],
    ["http://h", ["http://h/v1"]],
    ["http://h/api", ["http://h/api/v1", "http://h/v1", "http://h"]],
    ["http://h/api/v1", ["http://h/api", "http://h/v1", "http://h"]],
    ["http://h/v1/v1", ["http://h/v1", "http://h"]],
    ["http://h/v1beta/openai", ["http://h/v1beta/openai/v1", "http://h/v1", "http://h/v1beta", "http://h"]],
    ["https://h/a/b", ["https://h/a/b/v1", "https://h/v1", "https://h/a", "https://h"]],
    ["http://[::1]:8000/x", ["http://[::1]:8000/x/v1", "http://[::1]:8000/v1", "http://[::1]:8000"]],
  ])("%s", (root, others) => {
    expect(otherRoots(root)).toEqual(others);
  });
});

test("a bare origin is written so that it does not get /v1", () => {
  expect(baseUrlOf("http://h:1")).toBe("http://h:1/chat/completions");
  expect(baseUrlOf("http://h:1/v1")).toBe("http://h:1/v1");
});

test("every one of them can be written as a base URL of the same origin, and none is the first", () => {
  const segment = fc.constantFrom("v1", "v2", "api", "openai", "chat", "models", "messages", "v1beta", "%20");
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 12 }), (segments) => {
      const root = providerRoot(["https://h.example:8443", ...segments].join("/"));
      const others = otherRoots(root);
      expect(new Set(others).size).toBe(others.length);
      expect(others).not.toContain(root);
      expect(others.length).toBeLessThanOrEqual(8);
      for (const other of others) {
        expect(providerRoot(baseUrlOf(other))).toBe(other);
        expect(new URL(other).origin).toBe(new URL(root).origin);
      }
    }),
  );
});
