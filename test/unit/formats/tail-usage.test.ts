// The end of a long answer tells what it has cost, whatever stands before it and however it was cut.

import { describe, expect, test } from "bun:test";
import { ENDPOINTS, type Endpoint, NATIVE_ENDPOINTS } from "../../../src/formats/table.ts";
import { readTailUsage, TAIL_BYTES } from "../../../src/formats/tail-usage.ts";

const NO_HEADERS = new Headers();

/** The last bytes of an answer whose end is this. */
function tailOf(end: string): Buffer<ArrayBuffer> {
  return Buffer.from(`{"text":"${"x\\n".repeat(TAIL_BYTES)}",${end}}`).subarray(-TAIL_BYTES);
}

describe("the usage at the end", () => {
  test.each<[string, Endpoint, string]>([
    ["chat", ENDPOINTS.chat, '"usage":{"prompt_tokens":3,"completion_tokens":7}'],
    ["messages", ENDPOINTS.messages, '"usage":{"input_tokens":3,"output_tokens":7}'],
    [
      "Gemini, with members behind it",
      NATIVE_ENDPOINTS.generate_content,
      '"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":7},"modelVersion":"m"',
    ],
    ["Converse", NATIVE_ENDPOINTS.converse, '"usage":{"inputTokens":3,"outputTokens":7}'],
    ["an invocation", NATIVE_ENDPOINTS.invoke, '"usage":{"input_tokens":3,"output_tokens":7}'],
    [
      "Anthropic on another's cloud",
      NATIVE_ENDPOINTS.raw_predict,
      '"usage":{"input_tokens":3,"output_tokens":7}',
    ],
  ])("of %s", (_what, endpoint, end) => {
    expect(readTailUsage(endpoint, tailOf(end), NO_HEADERS)).toMatchObject({
      inputTokens: 3,
      outputTokens: 7,
    });
  });

  test("is undefined where there is none, and not what the text says", () => {
    const said = '"said":"\\"usage\\": {\\"prompt_tokens\\": 1, \\"completion_tokens\\": 1}"';
    for (const endpoint of [ENDPOINTS.chat, NATIVE_ENDPOINTS.converse, NATIVE_ENDPOINTS.generate_content])
      expect(readTailUsage(endpoint, tailOf(said), NO_HEADERS)).toBeUndefined();
  });
});
