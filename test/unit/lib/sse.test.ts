import { describe, expect, test } from "bun:test";
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { EventScanner, type SseEvent } from "../../../src/lib/sse.ts";
import { CHUNK_SIZES, cutAt, cuts, inChunksOf } from "../../support/splitting.ts";

interface Scan {
  readonly events: readonly { name: string | undefined; data: string }[];
  readonly raw: string;
  readonly tooLong: boolean;
}

function scan(chunks: readonly Uint8Array[], maxBytes = 1 << 20): Scan {
  const scanner = new EventScanner({ maxBytes, keepRaw: true });
  const events: SseEvent[] = [];
  const raw: Uint8Array[] = [];
  const drain = () => {
    while (scanner.next()) {
      if (scanner.event !== undefined) events.push(scanner.event);
      for (const { bytes, start, end } of scanner.raw) raw.push(bytes.slice(start, end));
    }
  };
  for (const chunk of chunks) {
    scanner.push(chunk);
    drain();
  }
  scanner.finish();
  drain();
  return {
    events: events.map(({ name, data }) => ({ name, data: data.toString("utf8") })),
    raw: Buffer.concat(raw).toString("latin1"),
    tooLong: scanner.tooLong,
  };
}

const bytes = (text: string) => Buffer.from(text, "utf8");
const scanText = (text: string) => scan([bytes(text)]).events;
const dataOf = (text: string) => scanText(text).map(({ data }) => data);

describe("what counts as an event", () => {
  test.each([
    ["LF", "data: a\n\ndata: b\n\n", ["a", "b"]],
    ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
    ["bare CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
    ["mixed line ends", "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", ["a", "b", "c"]],
    ["several data lines, joined by LF", "data: a\r\ndata:\ndata: b\n\n", ["a\n\nb"]],
    ["no space after the colon", "data:a\n\n", ["a"]],
    ["only one space is taken off", "data:  a \n\n", [" a "]],
    ["a data line without a colon", "data\n\n", [""]],
    ["a byte order mark before the first line", "\uFEFFdata: a\n\n", ["a"]],
    ["a byte order mark later is text", "data: a\n\n\uFEFFdata: b\n\n", ["a"]],
    ["comments, ids and unknown fields are none", ": hi\n\nid: 1\n\nretry: 5\n\nfoo: x\n\n", []],
    ["blank lines before and between", "\n\n\ndata: a\n\n\n\ndata: b\n\n", ["a", "b"]],
    ["the last one without its blank line", "data: a\n\ndata: b\n", ["a", "b"]],
    ["the last one without any line end", "data: a\n\ndata: b", ["a", "b"]],
    ["a field name with a space in front is another field", " data: a\n\n", []],
  ])("%s", (_, text, expected) => {
    expect(dataOf(text)).toEqual(expected);
  });

  test("its name is the last `event` field, and empty means none", () => {
    expect(scanText("event: a\nevent: b\ndata: 1\n\ndata: 2\n\nevent:\ndata: 3\n\n")).toEqual([
      { name: "b", data: "1" },
      { name: undefined, data: "2" },
      { name: undefined, data: "3" },
    ]);
  });
});

describe("splitting", () => {
  const text =
    "\uFEFF: hello\r\n\r\nevent: a\r\ndata: 你好👩‍🚀\r\ndata: é—“\r\n\r\ndata: b\r\rdata: c\n\nid: 1\ndata: d\r\n\ndata: e";

  test.each(CHUNK_SIZES.map((size) => [size]))("chunks of %d bytes give the same events", (size) => {
    expect(scan(inChunksOf(size, bytes(text)))).toEqual(scan([bytes(text)]));
  });

  test("nothing is lost: the raw blocks are the stream", () => {
    expect(scan([bytes(text)]).raw).toBe(bytes(text).toString("latin1"));
  });

  test("any bytes, cut anywhere, give the same events and the same raw bytes", () => {
    fc.assert(
      fc.property(streamLikeBytes, cuts, (stream, places) => {
        const whole = scan([stream]);
        const split = scan(cutAt(places, stream));
        expect(split).toEqual(whole);
        expect(whole.raw).toBe(Buffer.from(stream).toString("latin1"));
      }),
      { numRuns: 500 },
    );
  });

  test("an event within one chunk is a view of it, not a copy", () => {
    const chunk = new Uint8Array(bytes("data: abc\n\n"));
    const scanner = new EventScanner({ maxBytes: 100, keepRaw: false });
    scanner.push(chunk);
    expect(scanner.next()).toBe(true);
    expect(scanner.event?.data.buffer).toBe(chunk.buffer);
  });
});

describe("eventsource-parser as oracle", () => {
  test("legal streams, cut anywhere, give the same events", () => {
    fc.assert(
      fc.property(legalStream, cuts, (stream, places) => {
        const expected: { name: string | undefined; data: string }[] = [];
        const parser = createParser({
          onEvent: ({ event, data }) => expected.push({ name: event || undefined, data }),
        });
        parser.feed(stream);
        expect(scan(cutAt(places, bytes(stream))).events).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe("bounds", () => {
  const scanLong = (parts: readonly string[]) =>
    scan(
      parts.map((part) => bytes(part)),
      1000,
    );

  test("one line that never ends is given up", () => {
    const { tooLong, events } = scanLong(["data: a\n\n", ...Array(11).fill("x".repeat(100))]);
    expect(tooLong).toBe(true);
    expect(events).toEqual([{ name: undefined, data: "a" }]);
  });

  test("so are endless lines without a blank one", () => {
    expect(scanLong(Array(200).fill("data: x\n")).tooLong).toBe(true);
  });

  test("so is an event that is too long in one chunk", () => {
    const { tooLong, events } = scanLong([`data: a\n\ndata: ${"x".repeat(1000)}\n\ndata: b\n\n`]);
    expect(tooLong).toBe(true);
    expect(events).toHaveLength(1);
  });

  test("any number of events within the bound is fine", () => {
    expect(scanLong(Array(200).fill("data: x\n\n"))).toMatchObject({ tooLong: false });
  });

  test("16 MiB in chunks of a few bytes take linear time and memory", () => {
    const size = 16 * 1024 * 1024;
    const chunk = bytes("0123456789abcdef0123456789abcdef");
    const scanner = new EventScanner({ maxBytes: size, keepRaw: true });
    for (let sent = 0; sent <= size; sent += chunk.length) {
      scanner.push(chunk);
      if (scanner.next()) break;
    }
    expect(scanner.event).toBeUndefined();
    expect(scanner.tooLong).toBe(true);
  });
});

/** Bytes in which every terminator, field and mark is likely. */
const streamLikeBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "data",
        ":",
        "data: ",
        "event: ",
        " ",
        "{",
        "\uFEFF",
        "é",
        "x",
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => bytes(parts.join("")));

const value = fc
  .oneof(fc.constantFrom("", "a", " b", '{"x":1}', "你好", ":c"), fc.string({ maxLength: 8 }))
  .map((text) => text.replace(/[\r\n\0]/g, ""));

/** What the standard allows, with whole blank lines at the end. */
const legalStream = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.tuple(
        fc.array(
          fc.tuple(fc.constantFrom("data", "event", "id", "", "foo"), fc.constantFrom(":", ": "), value),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        fc.constantFrom("\n", "\r\n", "\r"),
      ),
      { maxLength: 8 },
    ),
  )
  .map(([mark, blocks]) => {
    const text = blocks.map(([lines, end]) => {
      const fields = lines.map(([name, colon, content]) => `${name}${colon}${content}${end}`);
      return `${fields.join("")}${end}`;
    });
    return `${mark ? "\uFEFF" : ""}${text.join("")}\n`;
  });
