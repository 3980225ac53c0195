import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import { EventStreamScanner, encodeEventStreamMessage } from "../../../src/lib/event-stream.ts";
import { CHUNK_SIZES, inChunksOf } from "../../support/splitting.ts";
import { CONVERSE_DAMAGED, CONVERSE_STREAM } from "../../support/wire-samples/native.ts";

const LIMIT = 1 << 20;

function scan(chunks: readonly Uint8Array[], maxBytes = LIMIT) {
  const scanner = new EventStreamScanner(maxBytes);
  const messages: { headers: [string, string][]; payload: string }[] = [];
  const raw: Uint8Array[] = [];
  for (const chunk of chunks) {
    scanner.push(chunk);
    while (scanner.next()) {
      const { headers, payload } = scanner.frame ?? { headers: [], payload: Buffer.alloc(0) };
      messages.push({ headers: [...headers], payload: payload.toString("utf8") });
      raw.push(...scanner.raw.map(({ bytes, start, end }) => bytes.subarray(start, end)));
    }
  }
  return { messages, raw: Buffer.concat(raw), flaw: scanner.flaw };
}

/** Both sums made right again, so that only what stands between them is wrong. */
function withSums(message: Buffer): Buffer {
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.length - 4);
  return message;
}

/** A message with these bytes for headers. */
function withHeaders(headers: Buffer): Buffer {
  const message = Buffer.alloc(16 + headers.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.set(headers, 12);
  return withSums(message);
}

describe("reading", () => {
  test("a stream of the vendor's has its messages, byte for byte", () => {
    const { messages, raw, flaw } = scan([CONVERSE_STREAM]);
    expect(messages.map(({ headers }) => new Map(headers).get(":event-type"))).toEqual([
      "messageStart",
      "contentBlockDelta",
      "contentBlockDelta",
      "contentBlockStop",
      "messageStop",
      "metadata",
    ]);
    expect(messages[0]?.payload).toContain('"role":"assistant"');
    expect(raw.equals(CONVERSE_STREAM)).toBe(true);
    expect(flaw).toBeUndefined();
  });

  test.each([...CHUNK_SIZES])("chunks of %d bytes make no difference", (size) => {
    expect(scan(inChunksOf(size, CONVERSE_STREAM))).toEqual(scan([CONVERSE_STREAM]));
  });

  test("headers that hold no string are passed over", () => {
    const name = Buffer.from([1, 0x61]);
    const text = Buffer.from([1, 0x7a, 7, 0, 2, 0x6f, 0x6b]);
    const values: readonly (readonly number[])[] = [
      [0],
      [1],
      [2, 1],
      [3, 0, 1],
      [4, 0, 0, 0, 1],
      [5, 0, 0, 0, 0, 0, 0, 0, 1],
      [6, 0, 2, 9, 9],
      [8, 0, 0, 0, 0, 0, 0, 0, 1],
      [9, ...new Array<number>(16).fill(7)],
    ];
    for (const value of values) {
      const { messages } = scan([withHeaders(Buffer.concat([name, Buffer.from(value), text]))]);
      expect(messages).toEqual([{ headers: [["z", "ok"]], payload: "" }]);
    }
  });
});

describe("what cannot be read", () => {
  test("a byte that does not fit its sum is a flaw, and nothing of that message counts", () => {
    expect(scan([CONVERSE_DAMAGED])).toMatchObject({ messages: [], flaw: "damaged" });
    const second = Buffer.concat([CONVERSE_STREAM, CONVERSE_DAMAGED]);
    expect(scan(inChunksOf(7, second)).messages).toHaveLength(6);
  });

  test("every single wrong bit of a message is found", () => {
    const message = encodeEventStreamMessage([[":event-type", "x"]], Buffer.from("{}"));
    for (let bit = 0; bit < message.length * 8; bit++) {
      const wrong = Buffer.from(message);
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(scan([wrong])).toMatchObject({ messages: [], flaw: "damaged" });
    }
  });

  test.each<[string, Buffer]>([
    ["text", Buffer.from('{"message":"this is JSON"}')],
    ["a length that is too short", withSums(Buffer.from([0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))],
    [
      "headers longer than the message",
      withSums(Buffer.from([0, 0, 0, 16, 0, 0, 0, 1, ...new Array(8).fill(0)])),
    ],
    ["a header without its value", withHeaders(Buffer.from([1, 0x61, 7, 0, 9, 0x62]))],
    ["a header of no type", withHeaders(Buffer.from([1, 0x61]))],
    ["a header of an unknown type", withHeaders(Buffer.from([1, 0x61, 10]))],
  ])("%s", (_, bytes) => {
    expect(scan([bytes]).flaw).toBe("damaged");
    expect(scan(inChunksOf(1, bytes)).flaw).toBe("damaged");
  });

  test("a message that is too long is not waited for", () => {
    const message = encodeEventStreamMessage([], Buffer.alloc(100));
    expect(scan([message.subarray(0, 12)], 115).flaw).toBe("too_long");
    expect(scan([message], 115)).toMatchObject({ messages: [], flaw: "too_long" });
    expect(scan([message], 116).messages).toHaveLength(1);
  });
});

test("what is written can be read, also in letters that are not ASCII", () => {
  const headers: [string, string][] = [
    [":message-type", "exception"],
    ["größe", "你好"],
  ];
  const { messages } = scan([encodeEventStreamMessage(headers, Buffer.from("ж"))]);
  expect(messages).toEqual([{ headers, payload: "ж" }]);
});
