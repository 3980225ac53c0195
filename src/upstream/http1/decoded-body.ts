// Undoes the content coding of an answer that came compressed although nobody asked for it.

import { type ByteRead, type ByteReader, byteReader } from "../../lib/byte-reader.ts";

/** Codings by the name a server gives them, and the runtime's name for each. */
const FORMATS: Readonly<Record<string, string>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
};

/** What a body with this `content-encoding` has to be decoded from; undefined = it is read as it comes. */
export function codingOf(encoding: string | null): string | undefined {
  return encoding === null ? undefined : FORMATS[encoding.toLowerCase()];
}

/** Reads the decoded bytes as they come. Rejects where they break off, and where they are not what was said. */
export function decodedBody(coding: string, source: ByteReader): ByteReader {
  let reader: ByteReader | undefined;
  const readFirst = async (): Promise<ByteRead> => {
    const first = await source.read();
    // Some servers name a coding for a body that is not there.
    if (first.done) return first;
    // The runtime's types know neither brotli nor zstd.
    const decompression = new DecompressionStream(formatOf(coding, first.value) as "gzip");
    reader = byteReader(joined(first, source).pipeThrough(decompression as ReadableWritablePair));
    return await reader.read();
  };
  let started: Promise<ByteRead> | undefined;
  return {
    read() {
      if (reader !== undefined) return reader.read();
      if (started !== undefined) return started.then(() => reader?.read() ?? { done: true });
      started = readFirst();
      return started;
    },
  };
}

/** Half of the servers that say `deflate` leave out the frame that belongs around it. */
function formatOf(coding: string, start: Uint8Array): string {
  const [first = 0, second = 0] = start;
  const isFramed = (first & 15) === 8 && (start.length < 2 || ((first << 8) | second) % 31 === 0);
  return coding === "deflate" && !isFramed ? "deflate-raw" : coding;
}

function joined(first: ByteRead, rest: ByteReader): ReadableStream {
  let next: ByteRead | undefined = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = next ?? (await rest.read());
        next = undefined;
        if (read.done) controller.close();
        else controller.enqueue(read.value);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Everything that a reader brings. */
export async function readWhole(reader: ByteReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts);
    parts.push(value);
  }
}
