// Waits that end at once when the caller gives up, and the body of a stream that keeps a pace.

import type { Frame } from "./sse.ts";
import { BYTES_PER_TOKEN } from "./tokens.ts";

/** Timers of the runtime fire at once when set to more; so long a wait means for ever. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Pace {
  /** More than 0. */
  readonly tokensPerSecond: number;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Waits so many milliseconds (Infinity = for ever); rejects with the signal's reason as soon as it aborts. */
export async function waitFor(ms: number, signal: AbortSignal, sleep: Pace["sleep"]): Promise<void> {
  signal.throwIfAborted();
  if (ms > LONGEST_TIMER_MS) {
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
  try {
    await sleep(Math.ceil(ms), signal);
  } finally {
    // Whatever a broken-off sleep says: the reason is the signal's.
    signal.throwIfAborted();
  }
}

/**
 * The frames as bytes, each when the text before it has had its time. Nothing runs while nobody reads; cancelling
 * the body or aborting the signal ends a wait at once.
 */
export function pacedBody(
  frames: Iterator<Frame>,
  pace: Pace,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stopped = new AbortController();
  const ended = AbortSignal.any([signal, stopped.signal]);
  const msPerByte = 1000 / (pace.tokensPerSecond * BYTES_PER_TOKEN);
  const startedAt = pace.now();
  let bytesBefore = 0;
  let next = frames.next();

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        ended.throwIfAborted();
        const waitMs = startedAt + bytesBefore * msPerByte - pace.now();
        if (waitMs > 0) await waitFor(waitMs, ended, pace.sleep);
        let due = "";
        let textBytes = 0;
        while (!next.done && textBytes === 0) {
          due += next.value.data;
          textBytes = next.value.textBytes;
          next = frames.next();
        }
        bytesBefore += textBytes;
        if (due !== "") controller.enqueue(encoder.encode(due));
        if (next.done && textBytes === 0) controller.close();
      },
      cancel(reason) {
        stopped.abort(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
