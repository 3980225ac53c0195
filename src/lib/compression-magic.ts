// Tells compressed bytes by how they begin, for servers that forget to label them.

/** Undefined for plain text: neither JSON nor server-sent events can begin with these bytes. */
export function sniffCompression(start: Uint8Array): "gzip" | "zstd" | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  const isZstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  return isZstd ? "zstd" : undefined;
}
