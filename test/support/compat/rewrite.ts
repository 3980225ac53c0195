// Rewrites the JSON inside an answer as it passes: plain, in server-sent events, or in AWS event-stream frames.

import { framed } from "./frames.ts";

type Change = (json: unknown) => unknown;

/** The body with every JSON text in it changed; pieces leave as soon as they are whole. */
export function rewritten(answer: Response, change: Change): ReadableStream<Uint8Array> | string | null {
  const type = answer.headers.get("content-type") ?? "";
  if (answer.body === null) return null;
  if (type.includes("amazon.eventstream"))
    return pieces(answer.body, wholeFrame, (frame) => changedFrame(frame, change));
  if (type.includes("event-stream"))
    return pieces(answer.body, wholeLine, (line) => changedLine(line, change));
  return pieces(
    answer.body,
    () => undefined,
    (rest) => changedText(rest, change),
  );
}

/** Cuts a stream into pieces; the rest at the end is a piece, too. */
function pieces(
  body: ReadableStream<Uint8Array>,
  lengthOf: (bytes: Buffer) => number | undefined,
  change: (piece: Buffer) => Uint8Array,
): ReadableStream<Uint8Array> {
  let held = Buffer.alloc(0);
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        held = Buffer.concat([held, chunk]);
        for (let length = lengthOf(held); length !== undefined; length = lengthOf(held)) {
          controller.enqueue(change(held.subarray(0, length)));
          held = held.subarray(length);
        }
      },
      flush(controller) {
        if (held.length > 0) controller.enqueue(change(held));
      },
    }),
  );
}

function wholeLine(bytes: Buffer): number | undefined {
  const at = bytes.indexOf(10);
  return at === -1 ? undefined : at + 1;
}

function wholeFrame(bytes: Buffer): number | undefined {
  if (bytes.length < 12) return undefined;
  const length = bytes.readUInt32BE(0);
  return bytes.length < length ? undefined : length;
}

function changedLine(line: Buffer, change: Change): Uint8Array {
  const match = /^(data: ?)(\{.*\})(\s*)$/s.exec(line.toString());
  return match === null
    ? line
    : Buffer.from(`${match[1]}${JSON.stringify(change(JSON.parse(match[2] ?? "")))}${match[3]}`);
}

function changedText(text: Buffer, change: Change): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(change(JSON.parse(text.toString()))));
  } catch {
    return text;
  }
}

function changedFrame(frame: Buffer, change: Change): Uint8Array {
  const headersLength = frame.readUInt32BE(4);
  const head = frame.subarray(12, 12 + headersLength);
  const payload = JSON.parse(frame.subarray(12 + headersLength, -4).toString()) as { bytes?: string };
  const json =
    payload.bytes === undefined
      ? change(payload)
      : { ...payload, bytes: changedBytes(payload.bytes, change) };
  return framed(head, Buffer.from(JSON.stringify(json)));
}

/** What an InvokeModel stream wraps. */
function changedBytes(base64: string, change: Change): string {
  return Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(base64, "base64").toString())))).toString(
    "base64",
  );
}
