// Streams gone wrong in ways nobody thought of: mutates the samples, cuts them anywhere, and checks what must hold of
// whatever comes out.

import type { EndpointName } from "../../src/formats/table.ts";
import { createStreamTransform } from "../../src/streaming/create-transform.ts";
import type { StreamOptions, StreamTransform } from "../../src/streaming/transform.ts";
import { CONTENT_SAMPLES } from "./wire-samples/content.ts";
import { FAILURE_SAMPLES } from "./wire-samples/failures.ts";
import { FRAMING_SAMPLES } from "./wire-samples/framing.ts";
import { MESSAGE_EVENTS, namedStream, RESPONSE_EVENTS } from "./wire-samples/named.ts";
import { bytesOf } from "./wire-samples/sample.ts";
import { TOOL_SAMPLES } from "./wire-samples/tools.ts";

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const CORPUS: readonly Buffer[] = [
  ...[...FRAMING_SAMPLES, ...CONTENT_SAMPLES, ...TOOL_SAMPLES, ...FAILURE_SAMPLES].map(bytesOf),
  Buffer.from(namedStream(MESSAGE_EVENTS)),
  Buffer.from(namedStream(RESPONSE_EVENTS)),
]
  .map((bytes) => Buffer.from(bytes))
  .filter((bytes) => bytes.length < 20_000);

const TOKENS = [
  ...[
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ":",
    "data: ",
    "data:",
    "event: error\n",
    "id: 1\n",
    "error: ",
    "\uFEFF",
    "\0",
  ],
  ...[
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    "null",
    "[DONE]",
    "data: [done]\n\n",
    "{}",
    "[]",
    '"usage":{}',
    '"index":1e9,',
  ],
  ...[
    'data: {"choices":[{}]}\n\n',
    'data: {"choices":[{"delta":{"tool_calls":[{}]}}]}\n\n',
    "<html>",
    "1e400",
  ],
].map((token) => Buffer.from(token));

const ENDPOINTS: readonly EndpointName[] = ["chat", "chat", "chat", "completions", "responses", "messages"];

/** One case; throws, with what it was, when something does not hold that must. */
export function fuzzOnce(random: () => number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const options: StreamOptions = {
    endpoint: pick(ENDPOINTS),
    repair: random() < 0.8,
    hideUsage: random() < 0.5,
    requestId: "fuzz",
    model: random() < 0.5 ? "m" : undefined,
  };
  let bytes: Buffer = Buffer.from(pick(CORPUS));
  for (let left = Math.floor(random() * 6); left > 0; left--) bytes = mutate(bytes, random, pick);
  const whole = feed([bytes], options);
  const split = feed(cutAnywhere(bytes, random), options);
  const problem =
    whole.output !== split.output
      ? "the output depends on where the chunks end"
      : problemOf(whole, bytes, options);
  if (problem === undefined) return;
  throw new Error(
    `${problem}\n${JSON.stringify(options)}\n${JSON.stringify(bytes.toString("latin1"))}\n${JSON.stringify(whole.output)}`,
  );
}

interface Fed {
  readonly output: string;
  readonly transform: StreamTransform;
}

function feed(chunks: readonly Uint8Array[], options: StreamOptions): Fed {
  const transform = createStreamTransform(options);
  const parts = chunks.map((chunk) => transform.push(chunk));
  parts.push(transform.end({ kind: "eof" }));
  return { output: Buffer.concat(parts.filter((part) => part !== undefined)).toString("latin1"), transform };
}

function mutate(bytes: Buffer, random: () => number, pick: <T>(list: readonly T[]) => T): Buffer {
  const at = Math.floor(random() * (bytes.length + 1));
  const length = Math.floor(random() ** 3 * (bytes.length - at));
  const [head, piece, tail] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (Math.floor(random() * 6)) {
    case 0:
      return Buffer.concat([head, tail]);
    case 1:
      return Buffer.concat([head, piece, piece, tail]);
    case 2:
      return Buffer.concat([head, Buffer.from([Math.floor(random() * 256)]), bytes.subarray(at + 1)]);
    case 3:
      return head;
    case 4:
      return Buffer.concat([head, pick(CORPUS).subarray(0, Math.floor(random() * 600)), bytes.subarray(at)]);
    default:
      return Buffer.concat([head, pick(TOKENS), bytes.subarray(at)]);
  }
}

function cutAnywhere(bytes: Buffer, random: () => number): readonly Buffer[] {
  const chunks: Buffer[] = [];
  const longest = random() < 0.3 ? 3 : 300;
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.floor(random() * longest);
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}

/** What does not hold of this output; undefined when all is well. */
function problemOf({ output, transform }: Fed, input: Buffer, options: StreamOptions): string | undefined {
  if (transform.whole && transform.failure !== undefined) return "whole and failed";
  if (output.length > 4 * input.length + 2000) return "the output is much longer than the input";
  if (!options.repair) {
    const passed = input.toString("latin1");
    return !options.hideUsage && !output.startsWith(passed) ? "verbatim is not" : undefined;
  }
  const events = output.split("\n\n");
  if (events.pop() !== "") return "the last event is not terminated";
  const isOpenAi = options.endpoint === "chat" || options.endpoint === "completions";
  if (isOpenAi && events.pop() !== "data: [DONE]") return "no end mark";
  for (const event of events) {
    const problem = isOpenAi ? problemOfChunk(event) : problemOfNamed(event);
    if (problem !== undefined) return `${problem}: ${event}`;
  }
  return undefined;
}

function problemOfChunk(event: string): string | undefined {
  if (!event.startsWith("data: ")) return "not a data event";
  const value = JSON.parse(event.slice("data: ".length));
  if (typeof value.error?.message === "string" && typeof value.error.type === "string") return undefined;
  return Array.isArray(value.choices) ? undefined : "neither chunk nor error";
}

function problemOfNamed(event: string): string | undefined {
  if (event === "data: [DONE]") return undefined;
  const lines = event.split("\n");
  if (lines.length !== 2 || !lines[0]?.startsWith("event: ")) return "not a named event";
  JSON.parse(lines[1]?.slice("data: ".length) ?? "");
  return undefined;
}
