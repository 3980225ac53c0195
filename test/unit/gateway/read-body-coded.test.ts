// Compressed bodies: decoded under the same cap, one coding after the other, and refused where that is not possible.

import { beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { BodyUnderTest, CAP, type Sent } from "./body-under-test.ts";

let bodies: BodyUnderTest;

beforeEach(() => {
  bodies = new BodyUnderTest();
});

const ENCODE: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = {
  gzip: gzipSync,
  "x-gzip": gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

describe.each(Object.entries(ENCODE))("a body in %s", (coding, encode) => {
  const sent = (data: Uint8Array): Sent => ({
    body: data,
    headers: { "content-encoding": coding.toUpperCase() },
  });
  const text = (size: number): Buffer => Buffer.from("x".repeat(size));

  test("is decoded, and the decoded bytes are counted too", async () => {
    const data = encode(text(500));
    expect(await bodies.read(sent(data))).toBe("x".repeat(500));
    expect(bodies.held).toEqual([data.byteLength, 500]);
  });

  test("of exactly the cap passes, one byte more does not", async () => {
    expect(await bodies.read(sent(encode(text(CAP))))).toHaveLength(CAP);
    expect((await bodies.refusal(sent(encode(text(CAP + 1))))).code).toBe("body_too_large");
  });

  test("that would unpack to a thousand times the cap is refused", async () => {
    expect((await bodies.refusal(sent(encode(Buffer.alloc(CAP * 1_000))))).code).toBe("body_too_large");
  });

  test("that is broken, or something else, is the client's mistake", async () => {
    const data = encode(Buffer.from(crypto.getRandomValues(new Uint8Array(200))));
    for (const bad of [data.subarray(0, 100), text(50)]) {
      expect((await bodies.refusal(sent(bad))).code).toBe("invalid_request");
    }
  });

  test("whose decoded bytes find no room is told to come back", async () => {
    bodies.room = 400;
    expect((await bodies.refusal(sent(encode(text(500))))).code).toBe("overloaded");
  });
});

describe("several codings", () => {
  test("are undone in turn, the last one first", async () => {
    const body = brotliCompressSync(gzipSync("{}"));
    expect(await bodies.read({ body, headers: { "content-encoding": "gzip , identity, br" } })).toBe("{}");
    expect((await bodies.refusal({ body, headers: { "content-encoding": "br, gzip" } })).code).toBe(
      "invalid_request",
    );
  });
  test("identity, or an empty label, mean none", async () => {
    for (const coding of ["identity", "", " , "])
      expect(await bodies.read({ body: "{}", headers: { "content-encoding": coding } })).toBe("{}");
  });
  test.each([
    "compress",
    "foo",
    "gzip;q=1",
    "*",
    "foo, gzip",
    "gzip, foo",
    "constructor",
    "__proto__",
    "gzip,gzip,gzip,gzip",
  ])("%s are not known", async (coding) => {
    const error = await bodies.refusal({ body: "{}", headers: { "content-encoding": coding } });
    expect(error.code).toBe("unsupported_encoding");
  });
});
