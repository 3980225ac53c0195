// Reads messages of AWS's binary event stream, with every length and sum checked; knows nothing of the gateway's reader.

import { crc32 } from "node:zlib";

export interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

/** All messages; throws where a length or a sum is wrong, or one is incomplete. */
export function readFrames(bytes: Uint8Array): Frame[] {
  const buffer = Buffer.from(bytes);
  const frames: Frame[] = [];
  for (let at = 0; at < buffer.length; ) {
    const total = buffer.readUInt32BE(at);
    const message = buffer.subarray(at, at + total);
    if (message.length !== total) throw new Error(`message ${frames.length} is cut short`);
    if (message.readUInt32BE(8) !== crc32(message.subarray(0, 8)))
      throw new Error("the prelude's sum is wrong");
    if (message.readUInt32BE(total - 4) !== crc32(message.subarray(0, -4))) throw new Error("a sum is wrong");
    const headersEnd = 12 + message.readUInt32BE(4);
    frames.push({
      headers: readHeaders(message.subarray(12, headersEnd)),
      payload: message.toString("utf8", headersEnd, total - 4),
    });
    at += total;
  }
  return frames;
}

function readHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    const name = bytes.toString("utf8", at + 1, nameEnd);
    if (bytes.readUInt8(nameEnd) !== 7) throw new Error(`${name} is no text`);
    const start = nameEnd + 3;
    at = start + bytes.readUInt16BE(nameEnd + 1);
    headers[name] = bytes.toString("utf8", start, at);
  }
  return headers;
}
