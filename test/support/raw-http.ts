// HTTP/1.1 messages as bytes: reads them from a socket without forgiving anything, and writes them as told.

import type { ByteStream } from "./byte-stream.ts";

export interface RawMessage {
  /** Request line or status line. */
  readonly startLine: string;
  /** Headers in their order and spelling. */
  readonly headers: readonly (readonly [string, string])[];
  /** The value of a header, joined with `, ` when repeated. */
  header(name: string): string | undefined;
  /** Decoded from chunks where the message is chunked. */
  readonly body: Buffer;
  readonly text: string;
}

export interface RawReply extends RawMessage {
  readonly status: number;
  json(): Record<string, unknown>;
}

export interface RawHead {
  readonly startLine: string;
  readonly headers: readonly (readonly [string, string])[];
  header(name: string): string | undefined;
}

/** Reads a head up to the empty line. */
export async function readHead(stream: ByteStream): Promise<RawHead> {
  const [startLine = "", ...lines] = (await stream.through("\r\n\r\n"))
    .toString("latin1")
    .trimEnd()
    .split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return { startLine, headers, header: (name) => headerOf(headers, name) };
}

function headerOf(headers: RawHead["headers"], name: string): string | undefined {
  const values = headers.filter(([spelled]) => spelled.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** The next chunk's data; empty at the last one, whose trailer is read too. */
export async function readChunk(stream: ByteStream): Promise<Buffer> {
  const size = Number.parseInt((await stream.through("\r\n")).toString("latin1"), 16);
  if (!Number.isInteger(size)) throw new Error("bad chunk size");
  const data = await stream.exactly(size);
  await stream.exactly(2);
  return data;
}

async function readBody(stream: ByteStream, head: RawHead, untilClose: boolean): Promise<Buffer> {
  if (/chunked/i.test(head.header("transfer-encoding") ?? "")) {
    const parts: Buffer[] = [];
    for (;;) {
      const part = await readChunk(stream);
      if (part.length === 0) return Buffer.concat(parts);
      parts.push(part);
    }
  }
  const length = head.header("content-length");
  if (length !== undefined) return await stream.exactly(Number(length));
  return untilClose ? await stream.toEnd() : Buffer.alloc(0);
}

function messageOf(head: RawHead, body: Buffer): RawMessage {
  return { ...head, body, text: body.toString("utf8") };
}

export async function readRequest(stream: ByteStream): Promise<RawMessage> {
  const head = await readHead(stream);
  return messageOf(head, await readBody(stream, head, false));
}

/** One whole answer. A broken body rejects with {@link ClosedEarly}. */
export async function readReply(stream: ByteStream): Promise<RawReply> {
  const head = await readHead(stream);
  const status = statusOf(head);
  const bare = status === 204 || status === 304;
  const message = messageOf(head, bare ? Buffer.alloc(0) : await readBody(stream, head, true));
  return { ...message, status, json: () => JSON.parse(message.text) as Record<string, unknown> };
}

export function statusOf(head: RawHead): number {
  return Number(head.startLine.split(" ")[1]);
}

/** A request as bytes. Adds nothing but `content-length` where a body is given and no header speaks of it. */
export function requestBytes(
  line: string,
  headers: readonly string[],
  body: string | Uint8Array = "",
): Buffer {
  const bytes = Buffer.from(body);
  const framed = headers.some((header) => /^(content-length|transfer-encoding):/i.test(header));
  const lines = framed || bytes.length === 0 ? headers : [...headers, `content-length: ${bytes.length}`];
  return Buffer.concat([Buffer.from(`${[line, ...lines].join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

/** An answer as bytes, with a content-length. */
export function replyBytes(status: string, headers: readonly string[], body: string | Uint8Array): Buffer {
  return requestBytes(`HTTP/1.1 ${status}`, [...headers, `content-length: ${Buffer.byteLength(body)}`], body);
}
