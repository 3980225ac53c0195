import { describe, expect, test } from "bun:test";
import { ByteAccumulator } from "../../../src/lib/byte-accumulator.ts";
import { ByteOutput } from "../../../src/lib/byte-output.ts";
import { sniffCompression } from "../../../src/lib/compression-magic.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");
const text = (output: Uint8Array | undefined) =>
  output === undefined ? undefined : Buffer.from(output).toString("utf8");

describe("collected bytes", () => {
  test("are joined, and handed over once", () => {
    const collected = new ByteAccumulator();
    for (const piece of ["a", "", "bcd", "e"]) collected.append(bytes(piece));
    expect([collected.length, collected.last]).toEqual([5, 0x65]);
    expect(text(collected.take())).toBe("abcde");
    expect([collected.length, collected.last]).toEqual([0, undefined]);
  });

  test("that were handed over are not written to again", () => {
    const collected = new ByteAccumulator();
    collected.append(bytes("abc"));
    const taken = collected.take();
    collected.append(bytes("xyz"));
    expect(text(taken)).toBe("abc");
  });
});

describe("output", () => {
  test("of one whole source is that source", () => {
    const source = bytes("abcdef");
    const output = new ByteOutput();
    output.keep(source, 0, 2);
    output.keep(source, 2, 6);
    expect(output.take()).toBe(source);
    expect(output.take()).toBeUndefined();
  });

  test("of neighbouring stretches is a view of their source", () => {
    const source = bytes("abcdef");
    const output = new ByteOutput();
    output.keep(source, 1, 3);
    output.keep(source, 3, 5);
    const taken = output.take();
    expect([text(taken), taken?.buffer]).toEqual(["bcde", source.buffer]);
  });

  test("of anything else is joined in order", () => {
    const source = bytes("abcdef");
    const output = new ByteOutput();
    output.keep(source, 0, 2);
    output.write("");
    output.keep(source, 3, 3);
    output.write("–");
    output.keep(source, 1, 3);
    output.keep(bytes("z"), 0, 1);
    expect(text(output.take())).toBe("ab–bcz");
  });
});

test.each([
  [Bun.gzipSync(bytes("data: 1\n\n")), "gzip"],
  [Bun.zstdCompressSync(bytes("data: 1\n\n")), "zstd"],
  [bytes("data: 1\n\n"), undefined],
  [bytes("{}"), undefined],
  [bytes(""), undefined],
] as const)("compressed bytes are told by how they begin (%#)", (start, expected) => {
  expect(sniffCompression(start)).toBe(expected);
});
