// Reads a plain answer into memory, so that one that breaks off is a clear error and never half a success.

import { GatewayError } from "../errors.ts";
import { TAIL_BYTES } from "../formats/tail-usage.ts";
import { type ByteReader, byteReader } from "../lib/byte-reader.ts";
import { accountForLong } from "./account-answer.ts";
import { type Answered, breakOff, discard, finish } from "./attempt.ts";

/** Up to this size an answer is held back until it is whole. */
export const WHOLE_BYTES = 8 * 1024 * 1024;

type Answer =
  | { readonly kind: "whole"; readonly body: Uint8Array }
  /** Too large to hold: passes on as it comes, and closes the record itself. */
  | { readonly kind: "endless"; readonly body: ReadableStream<Uint8Array> };

/** A decoded body that goes on for longer is nobody's answer. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * @param wholeBytes the size up to which the answer is held back
 * @throws {GatewayError} when the body cannot be read to its end, or finds no room; the attempt is discarded then
 */
export async function readAnswer(answered: Answered, wholeBytes: number): Promise<Answer> {
  const { response, timers } = answered.reply;
  timers.started();
  try {
    const length = knownLength(response);
    if (length !== undefined && length <= wholeBytes) {
      answered.hold(length);
      return { kind: "whole", body: await response.bytes() };
    }
    return await readParts(answered, wholeBytes);
  } catch (error) {
    const failure = error instanceof GatewayError ? error : breakOff(answered, error).error;
    discard(answered);
    throw failure;
  }
}

/** The length of a body that is not compressed, where the head says it. */
function knownLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ? undefined : Number(length);
}

async function readParts(answered: Answered, wholeBytes: number): Promise<Answer> {
  const { response, timers } = answered.reply;
  const reader = byteReader(response.body);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    timers.waiting();
    const { done, value } = await reader.read();
    if (done) return { kind: "whole", body: Buffer.concat(parts) };
    answered.hold(value.byteLength);
    parts.push(value);
    size += value.byteLength;
    if (size > wholeBytes) {
      // From here on the client sets the pace.
      timers.paused();
      return { kind: "endless", body: passOn(answered, parts, reader) };
    }
  }
}

/** The parts that were read, then the rest as it comes. */
function passOn(answered: Answered, parts: Uint8Array[], reader: ByteReader): ReadableStream<Uint8Array> {
  const { timers } = answered.reply;
  let passed = 0;
  let tail: Buffer<ArrayBuffer> = Buffer.alloc(0);
  const next = async (): Promise<Uint8Array | undefined> => {
    const waiting = parts.shift();
    if (waiting !== undefined) return waiting;
    timers.waiting();
    const { done, value } = await reader.read();
    timers.paused();
    return done ? undefined : value;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = await next();
          // The client has left in the meantime.
          if (answered.record.isClosed) return;
          if (part === undefined) {
            accountForLong(answered, tail);
            finish(answered, true, "completed");
            controller.close();
            return;
          }
          passed += part.byteLength;
          tail = lastBytes(tail, part);
          // Too long to be looked into: where its end reports no usage, all of it counts as text.
          if (answered.record.account !== undefined) answered.record.account.textBytes = passed;
          if (passed > MOST_BYTES) throw new Error("the answer is too long");
          controller.enqueue(part);
        } catch (error) {
          if (answered.record.isClosed) return;
          const { end } = breakOff(answered, error);
          finish(answered, false, end);
          answered.control.abort("interrupted");
          // The head is out: a broken connection is the one honest end.
          controller.error(error);
        }
      },
      cancel() {
        if (answered.record.isClosed) return;
        answered.control.abort("client_closed");
        finish(answered, false, "client_closed");
      },
    },
    { highWaterMark: 0 },
  );
}

function lastBytes(before: Buffer, part: Uint8Array): Buffer<ArrayBuffer> {
  const kept = part.byteLength >= TAIL_BYTES ? [] : [before];
  return Buffer.concat([...kept, part.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
}
