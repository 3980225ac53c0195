// Writes messages of AWS's binary event stream, for upstreams of the tests' own.

import { crc32 } from "node:zlib";

const STRING = 7;

/** One message: total length, headers' length, CRC of these, headers, payload, CRC of all. */
export function awsFrame(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  return framed(
    Buffer.concat(Object.entries(headers).map(headerBytes)),
    Buffer.from(JSON.stringify(payload)),
  );
}

/** An event of that type, as Bedrock sends it. */
export function awsEvent(type: string, payload: unknown): Buffer {
  const headers = { ":event-type": type, ":content-type": "application/json", ":message-type": "event" };
  return awsFrame(headers, payload);
}

/** The same, of headers that are bytes already. */
export function framed(headers: Uint8Array, payload: Uint8Array): Buffer {
  const out = Buffer.alloc(16 + headers.length + payload.length);
  out.writeUInt32BE(out.length, 0);
  out.writeUInt32BE(headers.length, 4);
  out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
  out.set(headers, 12);
  out.set(payload, 12 + headers.length);
  out.writeUInt32BE(crc32(out.subarray(0, -4)), out.length - 4);
  return out;
}

function headerBytes([name, value]: [string, string]): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([
    Buffer.of(name.length),
    Buffer.from(name),
    Buffer.of(STRING),
    length,
    Buffer.from(value),
  ]);
}
