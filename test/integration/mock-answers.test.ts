// The mock provider through the gateway: every endpoint as JSON and as a stream, with usage that can be reckoned.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, get, idsOf, keySection, outcome, type Verdict, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway(
    yamlOf({
      providers: {
        demo: { type: "mock", models: ["small", "large"] },
        mock: { mock: { models: ["one", "two"] } },
        fixed: {
          type: "mock",
          mock: { reply: "Grüße, 世界 und {{model}}", usage: { prompt_tokens: 11, completion_tokens: 7 } },
        },
        silent: { type: "mock", mock: { reply: "" } },
        pinned: { type: "mock", model: "pin", mock: { reply: "{{model}}" } },
      },
      keys: keySection({ caller: {} }),
    }),
  );
});

afterAll(async () => {
  await gateway?.stop();
});

async function call(endpoint: string, body: Record<string, unknown>): Promise<Verdict> {
  return await ask(gateway, { as: "caller", path: `/v1/${endpoint}`, body });
}

const user = (content: unknown) => [{ role: "user", content }];

/** The `data:` payloads of a stream; the last one of a chat stream is `[DONE]`. */
function events(verdict: Verdict): string[] {
  expect(verdict.headers.get("content-type")).toContain("text/event-stream");
  expect(verdict.text.endsWith("\n\n")).toBe(true);
  return verdict.text.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice(6)] : []));
}

interface Chunk {
  readonly choices: readonly {
    readonly delta?: { readonly content?: string | null; readonly role?: string };
    readonly text?: string;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
}

function chunks(verdict: Verdict): Chunk[] {
  const all = events(verdict);
  expect(all.pop()).toBe("[DONE]");
  return all.map((data) => JSON.parse(data) as Chunk);
}

describe("chat", () => {
  test("says what the user said", async () => {
    const answer = await call("chat/completions", { model: "demo/small", messages: user("Hello there") });
    expect(outcome(answer)).toBe("200 demo/small");
    expect(answer.json()).toMatchObject({
      object: "chat.completion",
      id: expect.stringMatching(/./),
      created: expect.any(Number),
      model: "small",
      choices: [
        { index: 0, message: { role: "assistant", content: "You said: Hello there" }, finish_reason: "stop" },
      ],
    });
  });

  test("of several messages it is the user's last, in whatever shape", async () => {
    const messages = [
      { role: "system", content: "be brief" },
      { role: "user", content: "first" },
      { role: "assistant", content: "answer" },
      {
        role: "user",
        content: [
          { type: "text", text: "last " },
          { type: "text", text: "words" },
        ],
      },
      { role: "assistant", content: "prefill" },
    ];
    const answer = await call("chat/completions", { model: "demo/small", messages });
    expect(answer.text).toMatch(/You said: last \s*words/);
  });

  test.each([
    ["abcd", 1],
    ["abcde", 2],
    ["ü世", 2],
    ["", 0],
  ])("counts a quarter of the prompt's bytes, rounded up: %p is %d", async (content, tokens) => {
    const answer = await call("chat/completions", { model: "demo/small", messages: user(content) });
    const reply = Buffer.byteLength(`You said: ${content}`);
    const completion = Math.ceil(reply / 4);
    expect(answer.json()["usage"]).toMatchObject({
      prompt_tokens: tokens,
      completion_tokens: completion,
      total_tokens: tokens + completion,
    });
  });

  test("reports the usage that it is told to", async () => {
    const answer = await call("chat/completions", { model: "fixed/x", messages: user("hi") });
    expect(answer.json()).toMatchObject({
      choices: [{ message: { content: "Grüße, 世界 und x" } }],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
  });

  test("streams the same text, in pieces, with an end", async () => {
    const body = { model: "fixed/x", messages: user("hi"), stream: true };
    const all = chunks(await call("chat/completions", body));
    expect(all[0]?.choices[0]?.delta?.role).toBe("assistant");
    expect(all.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("")).toBe("Grüße, 世界 und x");
    expect(all.filter((chunk) => chunk.choices[0]?.delta?.content).length).toBeGreaterThan(2);
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(all.filter((chunk) => chunk.choices.length === 0)).toEqual([]);
    expect(all.some((chunk) => chunk.usage)).toBe(false);
  });

  test("streams usage, once and last, to those who ask", async () => {
    const stream_options = { include_usage: true };
    const body = { model: "fixed/x", messages: user("hi"), stream: true, stream_options };
    const all = chunks(await call("chat/completions", body));
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } });
    expect(all.slice(0, -1).some((chunk) => chunk.usage)).toBe(false);
  });

  test("an empty reply is an answer, too", async () => {
    const body = { model: "silent/x", messages: user("hi") };
    expect((await call("chat/completions", body)).json()).toMatchObject({
      choices: [{ finish_reason: "stop" }],
    });
    const all = chunks(await call("chat/completions", { ...body, stream: true }));
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  test("takes a pin as its model", async () => {
    const answer = await call("chat/completions", { model: "pinned/other", messages: user("hi") });
    expect(answer.json()).toMatchObject({ model: "pin", choices: [{ message: { content: "pin" } }] });
  });

  test.each([{ messages: [] }, {}, { messages: "hi" }, { messages: [7] }])(
    "a body that is no chat (%p) is a 400 in the envelope",
    async (body) => {
      const answer = await call("chat/completions", { model: "demo/small", ...body });
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    },
  );
});

describe("completions", () => {
  test("as JSON", async () => {
    const answer = await call("completions", { model: "demo/small", prompt: "Once" });
    expect(answer.json()).toMatchObject({
      object: "text_completion",
      model: "small",
      choices: [{ index: 0, text: "You said: Once", finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 },
    });
  });

  test("as a stream", async () => {
    const all = chunks(await call("completions", { model: "demo/small", prompt: "Once", stream: true }));
    expect(all.map((chunk) => chunk.choices[0]?.text ?? "").join("")).toBe("You said: Once");
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });
});

describe("embeddings", () => {
  interface Embeddings {
    readonly data: readonly { readonly index: number; readonly embedding: number[] | string }[];
    readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
  }

  async function embed(body: Record<string, unknown>): Promise<Embeddings> {
    const answer = await call("embeddings", { model: "demo/small", ...body });
    expect(answer.status).toBe(200);
    return answer.json() as unknown as Embeddings;
  }

  test("are unit vectors: the same for the same text, others for others", async () => {
    const { data, usage } = await embed({ input: ["cat", "dog", "cat"] });
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    const [cat, dog, again] = data.map(({ embedding }) => embedding as number[]);
    expect(again).toEqual(cat ?? []);
    expect(dog).not.toEqual(cat ?? []);
    for (const vector of [cat, dog]) {
      expect(Math.hypot(...(vector ?? []))).toBeCloseTo(1, 5);
      expect(vector?.every(Number.isFinite)).toBe(true);
    }
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });

  test("come as base64 of the same numbers to those who ask", async () => {
    const floats = await embed({ input: "cat", encoding_format: "float" });
    const base64 = await embed({ input: "cat", encoding_format: "base64" });
    const bytes = Buffer.from(base64.data[0]?.embedding as string, "base64");
    const numbers = floats.data[0]?.embedding as number[];
    expect(bytes.length).toBe(numbers.length * 4);
    for (const [at, number] of numbers.entries()) expect(bytes.readFloatLE(at * 4)).toBeCloseTo(number, 6);
  });

  test("have as many dimensions as asked for", async () => {
    expect((await embed({ input: "cat", dimensions: 12 })).data[0]?.embedding).toHaveLength(12);
  });
});

describe("responses", () => {
  const body = { model: "demo/small", input: "Hello" };

  test("as JSON", async () => {
    const answer = await call("responses", body);
    expect(answer.json()).toMatchObject({
      object: "response",
      status: "completed",
      model: "small",
      output: [
        {
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text: "You said: Hello" }],
        },
      ],
      usage: { input_tokens: 2, output_tokens: 4, total_tokens: 6 },
    });
  });

  test("as a stream, from created to completed, numbered", async () => {
    const answer = await call("responses", { ...body, stream: true });
    const all = events(answer).map((data) => JSON.parse(data) as Record<string, unknown>);
    expect(all[0]?.["type"]).toBe("response.created");
    expect(all.at(-1)).toMatchObject({
      type: "response.completed",
      response: { status: "completed", usage: { input_tokens: 2, output_tokens: 4 } },
    });
    expect(all.map((event) => event["sequence_number"])).toEqual(all.map((_, index) => index));
    const deltas = all.filter(({ type }) => type === "response.output_text.delta");
    expect(deltas.map(({ delta }) => delta).join("")).toBe("You said: Hello");
    expect(answer.text.split("\n\n")[0]).toMatch(/^event: response\.created\ndata: /);
  });
});

describe("models", () => {
  test.each([
    ["/providers/mock/v1/models", ["one", "two"]],
    ["/providers/demo/v1/models", ["large", "small"]],
  ])("%s are what it was told to list", async (path, expected) => {
    expect(idsOf(await get(gateway, path, "caller")).sort()).toEqual(expected);
  });
});
