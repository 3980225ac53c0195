// Writes events as the specification has them, with their own bytes where those are right.

import type { ByteOutput } from "../lib/byte-output.ts";
import type { Stretch } from "../lib/sse.ts";

const LF = 0x0a;

/** A line that is right, and the blank line behind it, whether or not that one has come. */
export function writeLine(output: ByteOutput, { bytes, start, end }: Stretch): void {
  const ended = bytes[end] === LF && bytes[end + 1] === LF;
  output.keep(bytes, start, ended ? end + 2 : end);
  if (!ended) output.write("\n\n");
}

/** An event without a name; the JSON is on one line. */
export function writeData(output: ByteOutput, json: string): void {
  output.write(`data: ${json}\n\n`);
}
