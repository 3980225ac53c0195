// Holds back an event that may be an error until it is whole, in streams whose bytes otherwise leave as they arrive.

import { asBuffer } from "../lib/as-buffer.ts";
import { ByteAccumulator } from "../lib/byte-accumulator.ts";

/** Words that every format's error event has before its message. */
const MARKS = [Buffer.from("error"), Buffer.from("failed")];

const LONGEST_MARK = 6;

const NOTHING = new Uint8Array(0);

/** What an upstream says of an error may repeat a credential, which is only found in whole texts. */
export class ErrorHold {
  readonly #held = new ByteAccumulator();
  /** The last bytes that have left of the event that is not complete: a mark may begin there. */
  #left: Uint8Array = NOTHING;

  /**
   * All that may leave now.
   *
   * @param openBytes how much has come of an event that is not complete, this chunk included
   * @param failed an error has been seen: whatever comes behind it is held, too
   */
  push(chunk: Uint8Array, openBytes: number, failed: boolean): Uint8Array | undefined {
    const isHolding = this.#held.length > 0;
    if (isHolding && openBytes > chunk.length) {
      this.#held.append(chunk);
      return undefined;
    }
    const begin = Math.max(0, chunk.length - openBytes);
    const open = chunk.subarray(begin);
    const seen = openBytes > chunk.length ? Buffer.concat([this.#left, open]) : asBuffer(open);
    const holds = open.length > 0 && (failed || MARKS.some((mark) => seen.includes(mark)));
    this.#left = holds ? NOTHING : Buffer.from(seen.subarray(-LONGEST_MARK));
    const leaving = holds ? chunk.subarray(0, begin) : chunk;
    const before = isHolding ? this.#held.take() : NOTHING;
    if (holds) this.#held.append(open);
    if (before.length > 0) return Buffer.concat([before, leaving]);
    return leaving.length > 0 ? leaving : undefined;
  }

  /** What is held, at the end of the stream. */
  take(): Uint8Array {
    return this.#held.take();
  }
}
