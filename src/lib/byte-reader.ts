// A reader of bytes under one type: the runtime's own declarations disagree about theirs.

export type ByteRead =
  | { readonly done: true; readonly value?: undefined }
  | { readonly done: false; readonly value: Uint8Array };

export interface ByteReader {
  read(): Promise<ByteRead>;
}

/** Locks the body and reads it chunk by chunk; a body that is not there is at its end. */
export function byteReader(body: ReadableStream | null): ByteReader {
  if (body === null) return { read: () => Promise.resolve({ done: true }) };
  return body.getReader() as ByteReader;
}

/** The whole body; undefined when it is longer than that. `beforeRead` is called before each piece is waited for. */
export async function readAtMost(
  body: ReadableStream | null,
  maxBytes: number,
  beforeRead: () => void = () => {},
): Promise<Uint8Array | undefined> {
  const reader = byteReader(body);
  const parts: Uint8Array[] = [];
  for (let size = 0; ; ) {
    beforeRead();
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts);
    size += value.byteLength;
    if (size > maxBytes) return undefined;
    parts.push(value);
  }
}
