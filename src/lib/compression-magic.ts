// Tells compressed bytes by how they begin, for servers that forget to label them.

const GZIP = Uint8Array.of(0x1f, 0x8b);
const ZSTD = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);

/** Undefined for plain text: neither JSON nor server-sent events can begin with these bytes. */
export function sniffCompression(start: Uint8Array): "gzip" | "zstd" | undefined {
  if (GZIP.every((byte, at) => start[at] === byte)) return "gzip";
  return ZSTD.every((byte, at) => start[at] === byte) ? "zstd" : undefined;
}

/** Whether more bytes are needed to tell: so few have come that they may be the beginning of a compressed text's. */
export function isTooShortToTell(start: Uint8Array): boolean {
  return [GZIP, ZSTD].some(
    (magic) => start.length < magic.length && start.every((byte, at) => byte === magic[at]),
  );
}
