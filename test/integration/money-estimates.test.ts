// What a call costs where the upstream does not say it, or says it where it is hard to find.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { verdictOf } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import { nanoOf, rowFor } from "../support/money-account.ts";
import { CHAT_CONTENT, PRICE } from "../support/money-formats.ts";
import { type MoneyScene, moneyScene } from "../support/money-scene.ts";
import { CHAT_REPLY, DONE, eventStream, firstChunk, lastChunk } from "../support/upstream.ts";

const CALLER = { authorization: `Bearer ${virtualKey("caller")}` };

/** In nano-dollars; see {@link PRICE}. */
const OUTPUT = 600;

let scene: MoneyScene;

beforeAll(async () => {
  scene = await moneyScene({ pricing: { models: { "up/*": PRICE } } });
});
beforeEach(() => scene.upstream.reset());
afterAll(async () => {
  await scene?.stop();
});

interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call({ path, body }: Call, stream: boolean) {
  const answer = await scene.gateway.post(
    path,
    { model: "up/m", ...body, ...(stream && { stream }) },
    CALLER,
  );
  return await verdictOf(answer);
}

/** A chat call that the upstream answers with these events. */
async function chatStream(events: string) {
  scene.upstream.answer(() => eventStream(events));
  return await call({ path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } }, true);
}

const { usage: _usage, ...UNCOUNTED } = CHAT_REPLY;

/** A chat answer without usage that says this. */
function saying(content: string): Response {
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
  return Response.json({ ...UNCOUNTED, choices });
}

describe("an answer without usage", () => {
  test("of a whole answer: what came is counted, and the row says that it is an estimate", async () => {
    const { usage: _, ...reply } = CHAT_REPLY;
    scene.upstream.answer(() => Response.json(reply));
    const answer = await call({ path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } }, false);
    expect(answer.status).toBe(200);
    const row = await rowFor(scene.gateway, answer);
    expect(row.flags).toEqual(["estimated"]);
    expect(row.cost_nano_usd).toBeGreaterThan(0);
    expect(nanoOf(answer.headers.get("x-postern-cost-usd"))).toBe(row.cost_nano_usd);
  });

  test("of a stream likewise", async () => {
    const answer = await chatStream(CHAT_CONTENT + DONE);
    const row = await rowFor(scene.gateway, answer);
    expect(row).toMatchObject({ flags: ["estimated"], ended: "completed" });
    expect(row.cost_nano_usd).toBeGreaterThan(0);
  });

  test("an absurd usage is not believed, and marked", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4e15, total_tokens: 4e15 };
    scene.upstream.answer(() => Response.json({ ...CHAT_REPLY, usage }));
    const answer = await call({ path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } }, false);
    const row = await rowFor(scene.gateway, answer);
    expect(row.flags).toEqual(["estimated"]);
    expect(row.cost_nano_usd).toBeLessThanOrEqual(600 * 1e9 + 150 * 1e9);
  });

  test("a refusal of the upstream costs nothing; one that reports usage costs that", async () => {
    const error = { error: { message: "bad", type: "invalid_request_error", param: null, code: null } };
    const chat = { path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } };
    for (const status of [400, 429, 500, 503]) {
      scene.upstream.answer(() => Response.json(error, { status }));
      const answer = await call(chat, false);
      expect(answer.status).toBe(status);
      expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 0, status });
    }
    const usage = { prompt_tokens: 20, completion_tokens: 0, total_tokens: 20 };
    scene.upstream.answer(() => Response.json({ ...error, usage }, { status: 400 }));
    const answer = await call(chat, false);
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 20 * 150 });
  });
});

describe("usage that makes no sense", () => {
  const chat = { path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } };
  const NEGATIVE = { prompt_tokens: -1_000, completion_tokens: -1_000, total_tokens: -2_000 };

  test.each([
    ["negative", NEGATIVE],
    ["text", { prompt_tokens: "many", completion_tokens: [], total_tokens: {} }],
    ["no object", "3"],
  ])("%s: the answer is charged as if there were none", async (_what, usage) => {
    scene.upstream.answer(() => Response.json({ ...CHAT_REPLY, usage }));
    const row = await rowFor(scene.gateway, await call(chat, false));
    expect(row.flags).toEqual(["estimated"]);
    expect(row.cost_nano_usd).toBeGreaterThan(0);
    expect(row.usage?.input_tokens).toBeGreaterThanOrEqual(0);
  });

  test("more from the cache than there was input: never cheaper than all of it from the cache", async () => {
    const prompt_tokens_details = { cached_tokens: 900 };
    const usage = { prompt_tokens: 100, completion_tokens: 0, total_tokens: 100, prompt_tokens_details };
    scene.upstream.answer(() => Response.json({ ...CHAT_REPLY, usage }));
    const row = await rowFor(scene.gateway, await call(chat, false));
    expect(row.cost_nano_usd).toBeGreaterThanOrEqual(100 * 75);
  });
});

describe("an error in a stream", () => {
  const ERROR = `data: ${JSON.stringify({ error: { message: "no", type: "server_error", code: null } })}\n\n`;

  test("before anything else: nothing was used", async () => {
    const answer = await chatStream(ERROR);
    expect(answer.text).toContain('"error"');
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 0, flags: [] });
  });

  test("behind some content: that is charged", async () => {
    const answer = await chatStream(firstChunk("one two three") + ERROR);
    expect(answer.text).toContain('"error"');
    const row = await rowFor(scene.gateway, answer);
    expect(row).toMatchObject({ flags: ["estimated"], ended: "upstream_error" });
    expect(row.cost_nano_usd).toBeGreaterThan(0);
  });
});

describe("an answer without usage that is longer than it might be", () => {
  const WORDS = "several words of text ".repeat(250);

  test("is charged whole, not only what was held", async () => {
    scene.upstream.answer(() => saying(WORDS));
    const answer = await call({ path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } }, false);
    const row = await rowFor(scene.gateway, answer);
    expect(row.flags).toEqual(["estimated"]);
    expect(row.cost_nano_usd).toBeGreaterThan(250 * OUTPUT);
  });

  test("likewise a stream that is whole", async () => {
    const answer = await chatStream(firstChunk(WORDS) + lastChunk() + DONE);
    const row = await rowFor(scene.gateway, answer);
    expect(row).toMatchObject({ flags: ["estimated"], ended: "completed" });
    expect(row.cost_nano_usd).toBeGreaterThan(250 * OUTPUT);
  });
});

describe("an answer of more than 8 MiB costs what it says", () => {
  const LARGE = 9 << 20;

  test("in chat, where the head has gone out before", async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
    const choices = [
      { ...CHAT_REPLY.choices[0], message: { role: "assistant", content: "x".repeat(LARGE) } },
    ];
    scene.upstream.answer(() => Response.json({ ...CHAT_REPLY, choices, usage }));
    const answer = await call({ path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } }, false);
    expect([answer.status, answer.headers.get("x-postern-cost-usd")]).toEqual([200, null]);
    expect(await rowFor(scene.gateway, answer)).toMatchObject({
      cost_nano_usd: 10 * 150 + 4 * OUTPUT,
      flags: [],
    });
  });

  test("and for embeddings, of which a batch is easily so large", async () => {
    const embedding = Array.from({ length: LARGE / 2048 }, () => 0.0625);
    const data = Array.from({ length: 400 }, (_, index) => ({ object: "embedding", index, embedding }));
    const usage = { prompt_tokens: 12_345, total_tokens: 12_345 };
    scene.upstream.answer(() => Response.json({ object: "list", data, model: "m", usage }));
    const body = { input: Array(400).fill("some text"), encoding_format: "float" };
    const answer = await call({ path: "/v1/embeddings", body }, false);
    expect(answer.status).toBe(200);
    expect(answer.text.length).toBeGreaterThan(8 << 20);
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 12_345 * 150, flags: [] });
  });
});
