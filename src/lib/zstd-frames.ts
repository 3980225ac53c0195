// Whether zstd data is complete: the runtime's decoder takes data that breaks off for data that ends (RFC 8878).

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/** True when the bytes are one or more whole frames and nothing else. What is inside the blocks is not looked at. */
export function isWholeZstd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength === 0) return false;
  let at = 0;
  while (at < view.byteLength) {
    const end = frameEnd(view, at);
    if (end === undefined || end > view.byteLength) return false;
    at = end;
  }
  return true;
}

/** Offset behind the frame that begins at `at`, perhaps behind the end of the data; undefined when none begins there. */
function frameEnd(view: DataView, at: number): number | undefined {
  if (at + 8 > view.byteLength) return undefined;
  const magic = view.getUint32(at, true);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) return at + 8 + view.getUint32(at + 4, true);
  if (magic !== FRAME_MAGIC) return undefined;
  const descriptor = view.getUint8(at + 4);
  const blocks = blocksEnd(view, at + 5 + restOfHeader(descriptor));
  if (blocks === undefined) return undefined;
  return (descriptor & 0x04) === 0 ? blocks : blocks + CHECKSUM_BYTES;
}

/** Bytes of the frame header behind its descriptor: window, dictionary id, content size. */
function restOfHeader(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSize = sizeFlag === 0 && single ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  return (single ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0) + contentSize;
}

function blocksEnd(view: DataView, start: number): number | undefined {
  let at = start;
  while (at + BLOCK_HEADER_BYTES <= view.byteLength) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    // A run of one byte stores that byte once, whatever its length.
    const isRun = ((header >> 1) & 0x03) === 1;
    at += BLOCK_HEADER_BYTES + (isRun ? 1 : header >> 3);
    if ((header & 0x01) !== 0) return at;
  }
  return undefined;
}
