import { describe, expect, test } from "bun:test";
import type { NativeAction } from "../../../src/formats/native-action.ts";
import { type OutputLimit, readOutputLimit } from "../../../src/formats/native-output-limit.ts";
import { scanTopLevel } from "../../../src/lib/json-scan.ts";

function limitOf(action: NativeAction, body: string): OutputLimit {
  const text = Buffer.from(body).toString("latin1");
  return readOutputLimit(action, text, scanTopLevel(text));
}

const json = (action: NativeAction, body: object) => limitOf(action, JSON.stringify(body));

describe("what a request may produce", () => {
  test.each<[string, NativeAction, object, OutputLimit]>([
    [
      "Gemini",
      "generate_content",
      { generationConfig: { maxOutputTokens: 500, candidateCount: 2 } },
      { maxTokens: 500, n: 2 },
    ],
    [
      "Gemini in snake case",
      "stream_generate_content",
      { generation_config: { max_output_tokens: 500, candidate_count: "3" } },
      { maxTokens: 500, n: 3 },
    ],
    ["Gemini without a limit", "generate_content", { contents: [] }, { maxTokens: undefined, n: 1 }],
    ["Converse", "converse", { inferenceConfig: { maxTokens: 500 } }, { maxTokens: 500, n: 1 }],
    [
      "Converse with the model's own field beside",
      "converse_stream",
      { inferenceConfig: { maxTokens: 5 }, additionalModelRequestFields: { max_tokens: 900 } },
      { maxTokens: 900, n: 1 },
    ],
    ["Claude", "invoke", { max_tokens: 500 }, { maxTokens: 500, n: 1 }],
    ["Llama", "invoke", { max_gen_len: 500 }, { maxTokens: 500, n: 1 }],
    ["Titan", "invoke_stream", { textGenerationConfig: { maxTokenCount: 500 } }, { maxTokens: 500, n: 1 }],
    ["Nova", "invoke", { inferenceConfig: { max_new_tokens: 500 } }, { maxTokens: 500, n: 1 }],
    ["Cohere", "invoke", { max_tokens: 500, num_generations: 4 }, { maxTokens: 500, n: 4 }],
    ["Claude on Vertex", "stream_raw_predict", { max_tokens: 500 }, { maxTokens: 500, n: 1 }],
    [
      "embeddings",
      "embed_content",
      { generationConfig: { maxOutputTokens: 5 } },
      { maxTokens: undefined, n: 1 },
    ],
    [
      "zero is no limit",
      "generate_content",
      { generationConfig: { maxOutputTokens: 0 } },
      { maxTokens: undefined, n: 1 },
    ],
    [
      "not a number",
      "generate_content",
      { generationConfig: { maxOutputTokens: "x" } },
      { maxTokens: undefined, n: 1 },
    ],
    ["not an object", "generate_content", { generationConfig: [1] }, { maxTokens: undefined, n: 1 }],
  ])("%s", (_, action, body, expected) => {
    expect(json(action, body)).toEqual(expected);
  });

  test("of a limit that stands there twice the larger counts", () => {
    expect(
      limitOf(
        "generate_content",
        '{"generationConfig":{"maxOutputTokens":900,"maxOutputTokens":5,"max_output_tokens":7}}',
      ),
    ).toEqual({ maxTokens: 900, n: 1 });
    expect(
      limitOf(
        "generate_content",
        '{"generationConfig":{"maxOutputTokens":5},"generation_config":{"max\\u004futputTokens":9}}',
      ).maxTokens,
    ).toBe(9);
  });

  test("letters that are not ASCII stand in its way no more than a broken object does", () => {
    expect(
      json("converse", { "größe 你好": "ж", inferenceConfig: { ключ: 1, maxTokens: 5 } }).maxTokens,
    ).toBe(5);
    expect(limitOf("converse", '{"inferenceConfig":{"maxTokens" 5}}').maxTokens).toBeUndefined();
  });
});
