// Cuts bytes into chunks, at sizes or at random places, for everything that must not depend on where chunks end.

import fc from "fast-check";

/** Chunk sizes that between them hit every awkward place of small samples. */
export const CHUNK_SIZES = [1, 2, 3, 5, 7, 64, 1400] as const;

export function inChunksOf(size: number, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return chunks;
}

/** Places to cut at, as fractions of the length; empty chunks are possible. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 40,
});

export function cutAt(fractions: readonly number[], bytes: Uint8Array): Uint8Array[] {
  const places = fractions.map((fraction) => Math.round(fraction * bytes.length)).toSorted((a, b) => a - b);
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    chunks.push(bytes.slice(from, place));
    from = place;
  }
  return chunks;
}
