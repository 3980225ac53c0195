// Embeddings as real servers send them, in the form that the client asked for.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const VECTOR = [0.5, -0.25, 1];
const OTHER = [2, 0, -8];
const base64 = (vector: readonly number[]): string =>
  Buffer.from(new Float32Array(vector).buffer).toString("base64");
const entry = (embedding: unknown, index = 0) => ({ object: "embedding", index, embedding });
const list = (...data: readonly unknown[]) => ({
  object: "list",
  data,
  model: "embedder",
  usage: { prompt_tokens: 7, total_tokens: 7 },
});

/** Shape → the body, its vectors, and the tokens it reports. */
const SHAPES: Readonly<Record<string, readonly [unknown, (readonly number[])[], number]>> = {
  "the specification's": [list(entry(VECTOR), entry(OTHER, 1)), [VECTOR, OTHER], 7],
  "the specification's in base64": [list(entry(base64(VECTOR))), [VECTOR], 7],
  "without index, object, model and usage": [
    { data: [{ embedding: VECTOR }, { embedding: OTHER }] },
    [VECTOR, OTHER],
    0,
  ],
  "out of order": [list(entry(OTHER, 1), entry(VECTOR, 0)), [VECTOR, OTHER], 7],
  "without total_tokens": [{ ...list(entry(VECTOR)), usage: { prompt_tokens: 7 } }, [VECTOR], 7],
  "data that is one vector": [{ data: VECTOR }, [VECTOR], 0],
  "a bare vector": [VECTOR, [VECTOR], 0],
  "a bare list of vectors": [[VECTOR, OTHER], [VECTOR, OTHER], 0],
  "`embedding`": [{ embedding: VECTOR }, [VECTOR], 0],
  "`embeddings` with prompt_eval_count": [
    { embeddings: [VECTOR, OTHER], prompt_eval_count: 7 },
    [VECTOR, OTHER],
    7,
  ],
  "`embeddings.float` with billed units": [
    { id: "e", embeddings: { float: [VECTOR, OTHER] }, meta: { billed_units: { input_tokens: 7 } } },
    [VECTOR, OTHER],
    7,
  ],
  "one level too deep": [[{ index: 0, embedding: [VECTOR] }], [VECTOR], 0],
};

describe("embeddings come as the client asked, from a server that sends", () => {
  for (const [name, [body, vectors, tokens]] of Object.entries(SHAPES)) {
    test.each(["float", "base64", undefined] as const)(`${name}: asked for %s`, async (asked) => {
      const format = asked === undefined ? {} : { encoding_format: asked };
      const request = { model: "up/m", input: ["a", "b"], ...format };
      const sent = JSON.stringify(body);
      upstream.answer(() => new Response(sent, { headers: { "content-type": "application/json" } }));
      const response = await gateway.post("/v1/embeddings", request);
      const text = await response.text();
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
      const answer = JSON.parse(text);
      const embeddings = asked === "base64" ? vectors.map(base64) : vectors;
      expect(answer).toMatchObject({
        object: "list",
        data: embeddings.map((embedding, index) => ({ object: "embedding", index, embedding })),
        model: expect.any(String),
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      });
      if (name === (asked === "base64" ? "the specification's in base64" : "the specification's"))
        expect(text).toBe(sent);
    });
  }

  test.each([
    ["openai 7", OpenAI7],
    ["openai 6", OpenAI6],
  ])("anything, and %s reads it", async (_, Client) => {
    const client = new Client({ apiKey: TEST_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    for (const [body, vectors] of Object.values(SHAPES)) {
      upstream.answer(() => Response.json(body));
      const { data } = await client.embeddings.create({ model: "up/m", input: ["a", "b"] });
      expect(data.map(({ embedding }) => [...embedding])).toEqual(vectors.map((vector) => [...vector]));
    }
  });
});
