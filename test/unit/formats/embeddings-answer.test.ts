import { describe, expect, test } from "bun:test";
import { toSpecifiedEmbeddings } from "../../../src/formats/embeddings-answer.ts";

const bytes = (body: unknown) => Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
const VECTOR = [0.5, -1.25, 3];
/** The same three numbers as little-endian 32-bit floats. */
const BASE64 = "AAAAPwAAoL8AAEBA";

function specified(body: unknown, encoding: "float" | "base64" = "float"): unknown {
  const answer = toSpecifiedEmbeddings(bytes(body), encoding, "asked");
  return answer === undefined ? undefined : JSON.parse(Buffer.from(answer.body).toString("utf8"));
}

const answer = (vectors: readonly unknown[], model = "asked", tokens = 0) => ({
  object: "list",
  data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
  model,
  usage: { prompt_tokens: tokens, total_tokens: tokens },
});

describe("what is as specified and asked passes byte for byte", () => {
  test.each([
    [
      "float",
      `{ "object":"list","data":[{"object":"embedding","index":0,"embedding":[0.50,-1.25]}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5}}`,
    ],
    [
      "base64",
      `{"object":"list","data":[{"object":"embedding","index":0,"embedding":"${BASE64}"}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5},"id":"x"}`,
    ],
  ] as const)("%s", (encoding, text) => {
    const body = bytes(text);
    const answer = toSpecifiedEmbeddings(body, encoding, undefined);
    expect(answer?.body).toBe(body);
    expect(answer?.usage?.inputTokens).toBe(5);
  });
});

describe("every shape becomes the specified one", () => {
  test.each<[string, unknown, unknown]>([
    ["floats as asked", answer([VECTOR], "m", 5), answer([VECTOR], "m", 5)],
    ["base64 although floats were asked", answer([BASE64], "m", 5), answer([VECTOR], "m", 5)],
    [
      "data is one vector",
      { object: "list", data: VECTOR, model: "m", usage: { prompt_tokens: 5, total_tokens: 5 } },
      answer([VECTOR], "m", 5),
    ],
    ["data is vectors", { data: [VECTOR, VECTOR] }, answer([VECTOR, VECTOR])],
    ["the body is one vector", VECTOR, answer([VECTOR])],
    ["the body is vectors (TEI)", [VECTOR, VECTOR], answer([VECTOR, VECTOR])],
    ["embedding (Ollama)", { embedding: VECTOR }, answer([VECTOR])],
    [
      "embeddings (Ollama)",
      { model: "m", embeddings: [VECTOR], prompt_eval_count: 4 },
      answer([VECTOR], "m", 4),
    ],
    ["index and a nested vector (llama.cpp)", [{ index: 0, embedding: [VECTOR] }], answer([VECTOR])],
    [
      "no index, object, model or usage",
      { data: [{ embedding: VECTOR }, { embedding: [1] }] },
      answer([VECTOR, [1]]),
    ],
    [
      "out of order",
      {
        data: [
          { index: 1, embedding: [1] },
          { index: 0, embedding: VECTOR },
        ],
      },
      answer([VECTOR, [1]]),
    ],
    ["no total", { ...answer([VECTOR], "m"), usage: { prompt_tokens: 5 } }, answer([VECTOR], "m", 5)],
    ["no vectors at all", { data: [] }, answer([])],
    [
      "Cohere",
      { id: "x", embeddings: { float: [VECTOR] }, meta: { billed_units: { input_tokens: 4 } } },
      answer([VECTOR], "asked", 4),
    ],
  ])("%s", (_, body, expected) => {
    expect(specified(body)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ["floats", answer([VECTOR], "m", 5)],
    ["base64", answer([BASE64], "m", 5)],
  ])("base64 when that was asked, from %s", (_, body) => {
    expect(specified(body, "base64")).toEqual(answer([BASE64], "m", 5));
  });

  test("further members of entries and of usage stay", () => {
    const body = {
      data: [{ embedding: VECTOR, truncated: true }],
      usage: { prompt_tokens: 2, cost: 0.1 },
    };
    expect(specified(body)).toMatchObject({
      data: [{ truncated: true }],
      usage: { prompt_tokens: 2, total_tokens: 2, cost: 0.1 },
    });
  });

  test.each([[{ error: "no" }], ["<html>"], [{ data: [{ text: "a" }] }], ["12"]])(
    "%j is no answer",
    (body) => {
      expect(specified(body)).toBeUndefined();
    },
  );

  test.each<[unknown, number | undefined]>([
    [{ embedding: VECTOR }, undefined],
    [[VECTOR], undefined],
    [{ embeddings: [VECTOR], prompt_eval_count: 4 }, 4],
    [{ embeddings: { float: [VECTOR] }, meta: { billed_units: { input_tokens: 4 } } }, 4],
    [{ data: [VECTOR], usage: { total_tokens: 4 } }, 4],
  ])("usage that %j reports: %p", (body, tokens) => {
    expect(toSpecifiedEmbeddings(bytes(body), "float", "m")?.usage?.inputTokens).toBe(tokens);
  });
});
