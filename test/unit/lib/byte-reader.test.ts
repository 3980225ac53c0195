// Reading a body chunk by chunk, also one that is not there.

import { describe, expect, test } from "bun:test";
import { byteReader } from "../../../src/lib/byte-reader.ts";

describe("a reader", () => {
  test("of no body is at its end", async () => {
    expect(await byteReader(null).read()).toEqual({ done: true });
  });
  test("gives the chunks of a body, then its end", async () => {
    const reader = byteReader(new Response("abc").body);
    expect(Buffer.from((await reader.read()).value ?? "").toString()).toBe("abc");
    expect((await reader.read()).done).toBe(true);
  });
});
