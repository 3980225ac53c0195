// Streams that pass byte for byte: an event that may be an error leaves whole, everything else at once.

import { describe, expect, test } from "bun:test";
import { MessagesObserver } from "../../../src/streaming/messages-observer.ts";
import { VerbatimTransform } from "../../../src/streaming/verbatim.ts";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const DELTA = event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "Hello" } });
const ERROR = event("error", { error: { type: "api_error", message: "bad key sk-secret" } });

function pushed(whole: string, pieceBytes: number): string[] {
  const transform = new VerbatimTransform(new MessagesObserver("id"), false);
  const bytes = Buffer.from(whole);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    pieces.push(text(transform.push(bytes.subarray(at, at + pieceBytes))));
  return [...pieces, text(transform.end({ kind: "eof" }))].filter((piece) => piece !== "");
}

describe.each([1, 2, 3, 5, 7, 11, 64, 4_096])("in pieces of %d bytes", (pieceBytes) => {
  test("what an error says leaves in one piece, whatever comes behind it", () => {
    const pieces = pushed(DELTA + ERROR + ERROR, pieceBytes);
    expect(pieces.join("")).toBe(DELTA + ERROR + ERROR);
    expect(pieces.filter((piece) => piece.includes("bad key sk-secret")).length).toBeGreaterThan(0);
    expect(pieces.join("|").split("bad key sk-secret").length).toBe(3);
  });

  test("an error that is never finished is held until the end", () => {
    const cut = ERROR.slice(0, -3);
    const pieces = pushed(DELTA + cut, pieceBytes);
    expect(pieces.join("").startsWith(DELTA + cut)).toBe(true);
    expect(pieces.join("|")).toContain("bad key sk-secret");
  });

  test("other events leave as they arrive", () => {
    const pieces = pushed(DELTA + DELTA, pieceBytes);
    expect(
      pieces
        .slice(0, -1)
        .every(
          (piece, number) => piece === (DELTA + DELTA).slice(number * pieceBytes, (number + 1) * pieceBytes),
        ),
    ).toBe(true);
  });
});
