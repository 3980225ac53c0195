// The benchmarks' reader of HTTP answers: it must notice every byte that is not as it should be.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AnswerReader } from "../../../bench/framing.ts";

const COUNTED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

function read(pieces: readonly string[]): { answers: string[]; reader: AnswerReader } {
  const answers: string[] = [];
  let body = "";
  const reader = new AnswerReader({
    head: (status) => {
      body = `${status} `;
    },
    body: (bytes) => {
      body += bytes.toString("latin1");
    },
    end: () => void answers.push(body),
  });
  for (const piece of pieces) reader.push(Buffer.from(piece, "latin1"));
  return { answers, reader };
}

describe("answers on one connection", () => {
  test("are the same however their bytes were split", () => {
    const text = COUNTED + CHUNKED + COUNTED;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lengths) => {
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const length = lengths[turn % lengths.length] ?? 1;
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        const { answers, reader } = read(pieces);
        expect(answers).toEqual(["200 hello", "200 hello", "200 hello"]);
        expect(reader.idle).toBe(true);
      }),
    );
  });

  test("are not complete while a byte is missing", () => {
    for (const text of [COUNTED, CHUNKED]) {
      const { answers, reader } = read([text.slice(0, -1)]);
      expect(answers).toEqual([]);
      expect(reader.idle).toBe(false);
    }
  });

  test.each([
    ["another protocol", "SSH-2.0\r\n\r\n"],
    ["neither a length nor chunks", "HTTP/1.1 200 OK\r\nserver: x\r\n\r\n"],
    ["a chunk's size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
    ["a chunk longer than it said", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n"],
  ])("are refused: %s", (_what, text) => {
    expect(() => read([text])).toThrow();
  });
});
