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
