// Reads the usage at the end of an answer that is too long to be held: most formats say it behind the text.

import { findLastObject } from "../lib/json-find.ts";
import { readBodyUsage } from "./body-usage.ts";
import { readNativeUsage } from "./native-usage.ts";
import type { Endpoint } from "./table.ts";
import type { Usage } from "./usage.ts";

/** So many bytes of the end are enough: usage is small, and little follows it. */
export const TAIL_BYTES = 64 * 1024;

const USAGE = Buffer.from('"usage"');
const USAGE_METADATA = Buffer.from('"usageMetadata"');

/** The usage that the last bytes of an uncompressed JSON body report; undefined when they report none. */
export function readTailUsage(
  { name, native }: Endpoint,
  tail: Buffer<ArrayBuffer>,
  headers: Headers,
): Usage | undefined {
  if (native === undefined) return readBodyUsage(name, tail);
  const found = {
    usage: findLastObject(tail, USAGE),
    usageMetadata: findLastObject(tail, USAGE_METADATA),
  };
  return readNativeUsage(native, Buffer.from(JSON.stringify(found)), headers);
}
