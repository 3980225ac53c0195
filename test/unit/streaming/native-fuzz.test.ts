import { expect, test } from "bun:test";
import { EventStreamScanner } from "../../../src/lib/event-stream.ts";
import { createEventStreamTransform } from "../../../src/streaming/event-stream-transform.ts";
import { createGeminiArrayTransform } from "../../../src/streaming/gemini-array.ts";
import { GeminiObserver } from "../../../src/streaming/gemini-observer.ts";
import type { StreamTransform } from "../../../src/streaming/transform.ts";
import { VerbatimTransform } from "../../../src/streaming/verbatim.ts";
import { seeded } from "../../support/stream-fuzz.ts";
import {
  CONVERSE_STREAM,
  CONVERSE_THROTTLED,
  GEMINI_ARRAY,
  GEMINI_EVENTS,
  INVOKE_STREAM,
} from "../../support/wire-samples/native.ts";

const asIs = (text: string) => text;

interface Kind {
  readonly samples: readonly Buffer[];
  readonly create: () => StreamTransform;
  /** What does not hold of this output; undefined when all is well. */
  readonly problemOf?: (output: Buffer, transform: StreamTransform) => string | undefined;
}

const KINDS: readonly Kind[] = [
  {
    samples: [CONVERSE_STREAM, CONVERSE_THROTTLED, INVOKE_STREAM],
    create: () => createEventStreamTransform("converse", asIs),
    problemOf: problemOfMessages,
  },
  {
    samples: [INVOKE_STREAM, CONVERSE_STREAM],
    create: () => createEventStreamTransform("invoke", asIs),
    problemOf: problemOfMessages,
  },
  { samples: [Buffer.from(GEMINI_ARRAY)], create: () => createGeminiArrayTransform("fuzz") },
  {
    samples: [Buffer.from(GEMINI_EVENTS)],
    create: () => new VerbatimTransform(new GeminiObserver("fuzz"), true),
  },
];

/** The output is whole messages, the last of which says so when the stream is not whole. */
function problemOfMessages(output: Buffer, transform: StreamTransform): string | undefined {
  const scanner = new EventStreamScanner(1 << 24);
  scanner.push(output);
  let bytes = 0;
  let type: string | undefined;
  while (scanner.next()) {
    bytes += scanner.raw.reduce((sum, { start, end }) => sum + end - start, 0);
    type = scanner.frame?.headers.get(":message-type");
  }
  if (bytes !== output.length) return "the output is not made of whole messages";
  const isSilent = !transform.whole && transform.failure === undefined && type !== "exception";
  return isSilent ? "it is not whole and does not say so" : undefined;
}

function feed(chunks: readonly Uint8Array[], { create }: Kind) {
  const transform = create();
  const parts = chunks.map((chunk) => transform.push(chunk));
  parts.push(transform.end({ kind: "eof" }));
  const output = Buffer.concat(parts.filter((part) => part !== undefined));
  const { whole, started, usage, textBytes, failure, broken } = transform;
  return { output, transform, said: { whole, started, usage, textBytes, failure, broken } };
}

function mutate(bytes: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * (bytes.length + 1));
  const behind = at + Math.floor(random() ** 3 * (bytes.length - at));
  const head = bytes.subarray(0, at);
  switch (Math.floor(random() * 4)) {
    case 0:
      return Buffer.concat([head, bytes.subarray(behind)]);
    case 1:
      return Buffer.concat([head, bytes.subarray(at, behind), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([head, Buffer.from([Math.floor(random() * 256)]), bytes.subarray(at + 1)]);
    default:
      return Buffer.from(head);
  }
}

function cutAnywhere(bytes: Buffer, random: () => number): Buffer[] {
  const chunks: Buffer[] = [];
  const longest = random() < 0.3 ? 3 : 300;
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.floor(random() * longest);
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}

test.each(KINDS.map((kind, index) => [index, kind] as const))(
  "mutated native streams of kind %d never throw, are the same in any chunks, and end visibly",
  (_, kind) => {
    const random = seeded(20_261_121);
    for (let round = 0; round < 1500; round++) {
      const sample = kind.samples[Math.floor(random() * kind.samples.length)] ?? Buffer.alloc(0);
      let bytes: Buffer = Buffer.from(sample);
      for (let left = Math.floor(random() * 4); left > 0; left--) bytes = mutate(bytes, random);
      const whole = feed([Buffer.from(bytes)], kind);
      const split = feed(cutAnywhere(bytes, random), kind);
      expect(split.said).toEqual(whole.said);
      expect(split.output.toString("latin1")).toBe(whole.output.toString("latin1"));
      expect(whole.said.whole && whole.said.failure !== undefined).toBe(false);
      expect(kind.problemOf?.(whole.output, whole.transform)).toBeUndefined();
    }
  },
);
