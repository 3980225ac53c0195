// Embeddings of the mock: unit vectors that depend on the input alone, as float and as base64.

import { describe, expect, test } from "bun:test";
import { mockUnderTest } from "./mock-under-test.ts";

interface Answer {
  readonly data: readonly { readonly embedding: readonly number[] | string }[];
  readonly usage: object;
}

async function embed(body: object, settings = {}): Promise<Answer> {
  const response = await mockUnderTest(settings).send("embeddings", { model: "m", ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

async function vectors(body: object): Promise<readonly (readonly number[])[]> {
  return (await embed(body)).data.map(({ embedding }) => embedding as readonly number[]);
}

test("the answer is a whole embeddings list", async () => {
  const answer = await embed({ input: ["a", "b"], dimensions: 2 });
  expect(answer as unknown).toEqual({
    object: "list",
    data: [0, 1].map((index) => ({
      object: "embedding",
      index,
      embedding: [expect.any(Number), expect.any(Number)],
    })),
    model: "m",
    usage: { prompt_tokens: 1, total_tokens: 1 },
  });
});

test("a vector stays the same from release to release", async () => {
  expect(await vectors({ input: "a", dimensions: 3 })).toEqual([
    [0.9031294584274292, -0.3435279428958893, -0.25757670402526855],
  ]);
});

test("equal inputs give equal vectors wherever they stand, others different ones", async () => {
  const [first, second, third] = await vectors({ input: ["x", "y", "x"] });
  expect(first).toEqual(third as number[]);
  expect(first).not.toEqual(second as number[]);
  expect((await vectors({ input: "y" }))[0]).toEqual(second as number[]);
});

test.each([undefined, 1, 7, 1536])("%p dimensions give a vector of length 1", async (dimensions) => {
  const [vector = []] = await vectors({ input: "some text", dimensions });
  expect(vector).toHaveLength(dimensions ?? 256);
  expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
});

describe("base64", () => {
  test("holds the very numbers of the float answer, single precision, little-endian", async () => {
    const input = ["alpha", "βήτα", ""];
    const floats = await vectors({ input, encoding_format: "float" });
    const { data } = await embed({ input, encoding_format: "base64" });
    const decoded = data.map(({ embedding }) => {
      const bytes = Buffer.from(embedding as string, "base64");
      return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
    });
    expect(decoded).toEqual(floats as number[][]);
  });
});

describe("inputs", () => {
  test.each([
    ["a text", "häuser", 2, 1],
    ["texts, their bytes together", ["abc", "defgh"], 2, 2],
    ["tokens, counted as such", [5, 6, 7], 3, 1],
    ["lists of tokens", [[5, 6], [7]], 3, 2],
  ])("may be %s", async (_what, input, tokens, count) => {
    const { data, usage } = await embed({ input });
    expect(data).toHaveLength(count);
    expect(usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
  });

  test.each([
    ["missing", {}],
    ["an empty list", { input: [] }],
    ["a number", { input: 3 }],
    ["a list of objects", { input: [{}] }],
    ["a list with an empty list", { input: [[]] }],
    ["more than the list may hold", { input: new Array(2049).fill("x") }],
    ["more numbers than an answer may hold", { input: new Array(1025).fill("x"), dimensions: 2048 }],
    ["with dimensions of 0", { input: "x", dimensions: 0 }],
    ["with dimensions that are too many", { input: "x", dimensions: 4097 }],
    ["with an unknown encoding", { input: "x", encoding_format: "hex" }],
  ])("%s: 400", async (_what, body) => {
    const response = await mockUnderTest().send("embeddings", { model: "m", ...body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });
});

test("usage is what the settings say", async () => {
  const { usage } = await embed({ input: "x" }, { usage: { promptTokens: 9, completionTokens: 5 } });
  expect(usage).toEqual({ prompt_tokens: 9, total_tokens: 9 });
});
