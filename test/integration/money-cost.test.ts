// What a call costs, to the nano-dollar, in every format, streamed or not.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { verdictOf } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import { money, nanoOf, rowFor, settled } from "../support/money-account.ts";
import { CHAT_CONTENT, FORMATS, PRICE, type Priced, usageChunk } from "../support/money-formats.ts";
import { type MoneyScene, meteredAnswer, moneyScene, upProvider } from "../support/money-scene.ts";
import { CHAT_REPLY, DONE, eventStream, fakeUpstream, firstChunk, lastChunk } from "../support/upstream.ts";

const CALLER = { authorization: `Bearer ${virtualKey("caller")}` };

const upstream = fakeUpstream(meteredAnswer);

let scene: MoneyScene;

beforeAll(async () => {
  const up = upProvider(upstream.url);
  scene = await moneyScene({
    providers: { up, off: { ...up, normalize: "off" } },
    pricing: { models: { "*": PRICE } },
    spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
  });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

async function spentSoFar(): Promise<number> {
  return (await money(scene.gateway, "Everything"))?.spent ?? 0;
}

async function call({ path, body }: Pick<Priced, "path" | "body">, stream: boolean) {
  const answer = await scene.gateway.post(
    path,
    { model: "up/m", ...body, ...(stream && { stream }) },
    CALLER,
  );
  return await verdictOf(answer);
}

/** A chat call that the upstream answers with these events. */
async function chatStream(events: string) {
  upstream.answer(() => eventStream(events));
  return await call({ path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } }, true);
}

describe("an answer with usage", () => {
  test.each([...FORMATS])("$name", async (format) => {
    const before = await spentSoFar();
    upstream.answer(() => Response.json(format.answer));
    const answer = await call(format, false);
    expect(answer.status).toBe(200);
    expect(nanoOf(answer.headers.get("x-postern-cost-usd"))).toBe(format.nano);
    const row = await rowFor(scene.gateway, answer);
    expect(row).toMatchObject({
      status: 200,
      code: null,
      stream: false,
      cost_nano_usd: format.nano,
      usage: format.usage,
      flags: [],
      ended: "completed",
    });
    expect(nanoOf(row.cost_usd)).toBe(format.nano);
    expect(row.attempts.map(({ cost_nano_usd }) => cost_nano_usd)).toEqual([format.nano]);
    await settled(scene.gateway, "Everything", before + format.nano);
  });
});

describe("a stream with usage", () => {
  const streamed = FORMATS.filter(({ events }) => events !== undefined);
  test.each(streamed)("$name", async (format) => {
    const before = await spentSoFar();
    upstream.answer(() => eventStream(format.events ?? ""));
    const answer = await call(format, true);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-postern-cost-usd")).toBeNull();
    expect(await rowFor(scene.gateway, answer)).toMatchObject({
      status: 200,
      stream: true,
      cost_nano_usd: format.nano,
      usage: format.usage,
      flags: [],
      ended: "completed",
    });
    await settled(scene.gateway, "Everything", before + format.nano);
  });

  const USAGE = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
  const NANO = 10 * 150 + 4 * 600;
  const LESS = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };

  test.each([
    ["after [DONE]", CHAT_CONTENT + DONE + usageChunk(USAGE)],
    ["on the chunk that ends the answer", firstChunk("a") + lastChunk({ usage: USAGE }) + DONE],
    [
      "on every chunk, cumulative",
      firstChunk("a", { usage: LESS }) + lastChunk({ usage: USAGE }) + usageChunk(USAGE) + DONE,
    ],
    ["and then null", firstChunk("a") + lastChunk({ usage: USAGE }) + usageChunk(null) + DONE],
    ["in x_groq", firstChunk("a") + lastChunk({ x_groq: { usage: USAGE } }) + DONE],
  ])("usage %s is read, once", async (_where, events) => {
    const answer = await chatStream(events);
    expect(answer.status).toBe(200);
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: NANO, flags: [] });
  });

  test("a Responses stream that ends as incomplete is charged what it reports", async () => {
    const format = FORMATS.find(({ name }) => name === "responses");
    if (format === undefined) throw new Error("no such format");
    const events = (format.events ?? "")
      .replaceAll("response.completed", "response.incomplete")
      .replaceAll('"status":"completed","model"', '"status":"incomplete","model"');
    upstream.answer(() => eventStream(events));
    const answer = await call(format, true);
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: format.nano, flags: [] });
  });
});

describe("usage is read whatever way the answer takes", () => {
  const USAGE = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
  const NANO = 10 * 150 + 4 * 600;
  const REPLY = JSON.stringify({ ...CHAT_REPLY, usage: USAGE });
  const chat = { path: "/v1/chat/completions", body: { messages: [], max_tokens: 5 } };

  test.each(["up/m", "off/m"])("%s: compressed, whole or as a stream", async (model) => {
    const headers = { "content-encoding": "gzip", "content-type": "application/json" };
    upstream.answer(() => new Response(Bun.gzipSync(REPLY), { headers }));
    const whole = await call({ ...chat, body: { ...chat.body, model } }, false);
    expect(nanoOf(whole.headers.get("x-postern-cost-usd"))).toBe(NANO);
    expect(await rowFor(scene.gateway, whole)).toMatchObject({ cost_nano_usd: NANO, flags: [] });
    const events = Bun.gzipSync(CHAT_CONTENT + usageChunk(USAGE) + DONE);
    const streamed = { ...headers, "content-type": "text/event-stream" };
    upstream.answer(() => new Response(events, { headers: streamed }));
    const stream = await call({ ...chat, body: { ...chat.body, model } }, true);
    expect(await rowFor(scene.gateway, stream)).toMatchObject({ cost_nano_usd: NANO, flags: [] });
  });

  test("a client that asks for the usage of a stream gets it, and it counts once", async () => {
    upstream.answer(() => eventStream(CHAT_CONTENT + usageChunk(USAGE) + DONE));
    const body = { ...chat.body, stream_options: { include_usage: true } };
    const answer = await call({ ...chat, body }, true);
    expect(answer.text).toContain('"completion_tokens":4');
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: NANO, flags: [] });
  });

  test("two calls that bring the same id are two calls", async () => {
    const before = await spentSoFar();
    upstream.answer(() => new Response(REPLY, { headers: { "content-type": "application/json" } }));
    const headers = { ...CALLER, "x-postern-request-id": "the-same-id" };
    for (let i = 0; i < 2; i++) {
      const answer = await scene.gateway.post(chat.path, { model: "up/m", ...chat.body }, headers);
      expect(await answer.text()).toContain("pong");
    }
    await settled(scene.gateway, "Everything", before + 2 * NANO);
  });
});
