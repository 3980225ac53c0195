// Compression that nobody labelled is undone, however the bytes are cut; plain bytes pass as they come.

import { expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ByteReader } from "../../../src/lib/byte-reader.ts";
import { sniffingReader } from "../../../src/lib/sniffing-reader.ts";
import { inChunksOf } from "../../support/splitting.ts";

function readerOf(chunks: readonly Uint8Array[]): ByteReader {
  const left = [...chunks];
  return {
    async read() {
      const value = left.shift();
      return value === undefined ? { done: true } : { done: false, value };
    },
  };
}

async function readAll(reader: ByteReader): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) parts.push(read.value);
  return Buffer.concat(parts);
}

const TEXT = Buffer.from("data: {}\n\ndata: [DONE]\n\n");
const twice = (compress: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  Buffer.concat([compress(TEXT.subarray(0, 10)), compress(TEXT.subarray(10))]);

test.each([
  ["gzip", gzipSync(TEXT)],
  ["zstd", zstdCompressSync(TEXT)],
  ["gzip in two members", twice(gzipSync)],
  ["zstd in two frames", twice(zstdCompressSync)],
])("%s is undone", async (_, bytes) => {
  for (const size of [1, 2, 3, 7, 1000])
    expect(await readAll(sniffingReader(readerOf(inChunksOf(size, bytes))))).toEqual(TEXT);
});

test.each([
  ["text", TEXT],
  ["text that begins like zstd", Buffer.from("(")],
  ["half a magic number", Buffer.of(0x28, 0xb5, 0x2f)],
  ["nothing", Buffer.alloc(0)],
])("%s passes", async (_, bytes) => {
  for (const size of [1, 2, 1000])
    expect(await readAll(sniffingReader(readerOf(inChunksOf(size, bytes))))).toEqual(bytes);
});

test("compressed data that breaks off is an error", async () => {
  const half = gzipSync(TEXT).subarray(0, 20);
  await expect(readAll(sniffingReader(readerOf([half])))).rejects.toThrow();
});
