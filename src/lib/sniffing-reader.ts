// A reader that undoes a compression nobody labelled: what arrives is looked at once, at its beginning.

import { type ByteRead, type ByteReader, byteReader } from "./byte-reader.ts";
import { isTooShortToTell, sniffCompression } from "./compression-magic.ts";

/** Reads plain bytes as they come; bytes that begin like gzip or zstd are decompressed as they come. */
export function sniffingReader(source: ByteReader): ByteReader {
  let reader: ByteReader | undefined;
  const readFirst = async (): Promise<ByteRead> => {
    const first = await readStart(source);
    const format = first.done ? undefined : sniffCompression(first.value);
    if (format === undefined) {
      reader = source;
      return first;
    }
    // Bun's decompression knows zstd, which the type of the web's own does not.
    const decompression = new DecompressionStream(format as "gzip");
    reader = byteReader(asStream(first, source).pipeThrough(decompression as ReadableWritablePair));
    return await reader.read();
  };
  // No promise of its own around those of the source: there is one per chunk of every stream.
  return { read: () => (reader === undefined ? readFirst() : reader.read()) };
}

/** What comes first, and as much behind it as is needed to tell what it is. */
async function readStart(source: ByteReader): Promise<ByteRead> {
  let start = await source.read();
  while (!start.done && isTooShortToTell(start.value)) {
    const more = await source.read();
    if (more.done) break;
    start = { done: false, value: Buffer.concat([start.value, more.value]) };
  }
  return start;
}

function asStream(first: ByteRead, rest: ByteReader): ReadableStream {
  let next: ByteRead | undefined = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = next ?? (await rest.read());
      next = undefined;
      if (read.done) controller.close();
      else controller.enqueue(read.value);
    },
  });
}
