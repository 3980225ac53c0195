// Samples whose bytes or head say something else than they are: compression without a label, other content types.

import { gzipSync, zstdCompressSync } from "node:zlib";
import { ANSWER, stream, USAGE, usageChunk } from "./chunks.ts";
import type { Sample } from "./sample.ts";

export interface HeadedSample extends Sample {
  /** The head's content type, where it is not that of a stream. */
  readonly contentType?: string;
}

const METERED = { text: "Good morning", finish: "stop", usage: [12, 5] as const };
const STREAM = Buffer.from(stream(...ANSWER, usageChunk()));
const PLAIN = JSON.stringify({
  id: "chatcmpl-s1",
  object: "chat.completion",
  created: 1_790_000_000,
  model: "small-model",
  choices: [{ index: 0, message: { role: "assistant", content: "Good morning" }, finish_reason: "stop" }],
  usage: USAGE,
});

export const TRANSPORT_SAMPLES: readonly HeadedSample[] = [
  { quirk: "gzip without a label", bytes: gzipSync(STREAM), expect: METERED },
  { quirk: "zstd without a label", bytes: zstdCompressSync(STREAM), expect: METERED },
  {
    quirk: "one gzip member an event, without a label",
    bytes: Buffer.concat([...ANSWER, "[DONE]"].map((json) => gzipSync(`data: ${json}\n\n`))),
    expect: { text: "Good morning", finish: "stop" },
  },
  {
    quirk: "a stream called text/plain",
    bytes: STREAM,
    contentType: "text/plain",
    expect: METERED,
    wellFormed: true,
  },
  {
    quirk: "a plain answer called application/json",
    bytes: PLAIN,
    contentType: "application/json",
    expect: METERED,
  },
  {
    quirk: "an HTML page called text/html",
    bytes: "<html><head><title>Sign in</title></head><body>Please sign in.</body></html>",
    contentType: "text/html",
    expect: { text: "", error: "The upstream sent text in place of a stream: Please sign in." },
  },
];
