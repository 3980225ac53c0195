// Usage is asked for on every chat and completions stream; a client that did not ask does not see the answer.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import {
  chatChunk,
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
  textChunk,
  USAGE_CHUNK,
} from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none }
  silent: { base_url: "${upstream.url}/v1", auth: none, stream_usage: false }
  untouched: { base_url: "${upstream.url}/v1", auth: none, normalize: off }
${TESTER}`);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const NONE = { usage: null };
const CHAT = firstChunk("a", NONE) + chatChunk("b", NONE) + lastChunk(NONE);
const TEXT = textChunk("a", null, NONE) + textChunk("b", "stop", NONE);
const TEXT_USAGE = USAGE_CHUNK.replace("chat.completion.chunk", "text_completion");

/** What an upstream streams on a path: without the extra chunk, and with it. */
function sampleOf(path: string): { content: string; whole: string } {
  return path.endsWith("chat/completions")
    ? { content: CHAT + DONE, whole: CHAT + USAGE_CHUNK + DONE }
    : { content: TEXT + DONE, whole: TEXT + TEXT_USAGE + DONE };
}

/** Sends the body to an upstream that streams these events; returns both sides. */
async function stream(
  path: string,
  body: string,
  events = sampleOf(path).whole,
): Promise<{ sent: string; received: string }> {
  upstream.answer(() => eventStream(events));
  const answer = await gateway.post(path, body);
  expect(answer.status).toBe(200);
  const received = await answer.text();
  return { sent: (await upstream.request(0)).text, received };
}

/** The body without what was put in for the usage. */
function withoutOption(body: string): string {
  return body.replace(
    /"stream_options":\{"include_usage":true\},?|,"stream_options":\{"include_usage":true\}/,
    "",
  );
}

describe.each(["/v1/chat/completions", "/v1/completions"])("%s", (path) => {
  const { content, whole } = sampleOf(path);

  test("a client that did not ask: asked for on its behalf, and the extra chunk is taken out", async () => {
    const body = '{"model":"up/m","n":1.0,"stream":true,"seed":9007199254740993123,"x":{"a":[ ]}}';
    const { sent, received } = await stream(path, body);
    expect(JSON.parse(sent)).toMatchObject({ stream_options: { include_usage: true } });
    expect(withoutOption(sent).replace(",}", "}")).toBe(body.replace("up/m", "m"));
    expect(received).toBe(content);
  });

  test.each([
    ["null", '{"model":"up/m","stream":true,"stream_options":null}'],
    ["an empty object", '{"model":"up/m","stream":true,"stream_options":{}}'],
    ["an explicit false", '{"model":"up/m","stream":true,"stream_options":{"include_usage":false}}'],
    ["an explicit null", '{"model":"up/m","stream":true,"stream_options":{"include_usage":null}}'],
  ])("%s counts as not asked", async (_name, body) => {
    const { sent, received } = await stream(path, body);
    expect(JSON.parse(sent)).toEqual({ model: "m", stream: true, stream_options: { include_usage: true } });
    expect(received).toBe(content);
  });

  test("other stream options stay as they are", async () => {
    const body = '{"stream_options":{ "include_obfuscation" : false, "x":1.0 },"model":"up/m","stream":true}';
    const { sent } = await stream(path, body);
    expect(JSON.parse(sent)).toEqual({
      model: "m",
      stream: true,
      stream_options: { include_obfuscation: false, x: 1, include_usage: true },
    });
    expect(sent).toContain('"include_obfuscation" : false, "x":1.0');
  });

  test("a client that asked gets everything, and its body is left alone", async () => {
    const body = '{"model":"up/m","stream":true,"stream_options":{"include_usage":true,"x":1.0}}';
    const { sent, received } = await stream(path, body);
    expect(sent).toBe(body.replace("up/m", "m"));
    expect(received).toBe(whole);
  });

  test("stream_usage: false leaves the body alone; usage that nobody asked for is taken out all the same", async () => {
    const body = '{"model":"silent/m","stream":true}';
    const { sent, received } = await stream(path, body);
    expect(sent).toBe(body.replace("silent/m", "m"));
    expect(received).toBe(content);
  });

  test("a call that is not a stream is left alone", async () => {
    for (const body of [
      '{"model":"up/m"}',
      '{"model":"up/m","stream":false}',
      '{"model":"up/m","stream":null}',
    ]) {
      upstream.reset();
      await gateway.post(path, body);
      expect((await upstream.request(0)).text).toBe(body.replace("up/m", "m"));
    }
  });

  test("a provider's own path too", async () => {
    const { sent, received } = await stream(
      path.replace("/v1", "/providers/up"),
      '{"model":"m","stream":true}',
    );
    expect(JSON.parse(sent)).toMatchObject({ stream_options: { include_usage: true } });
    expect(received).toBe(content);
  });
});

describe("only the extra chunk is taken out", () => {
  const body = '{"model":"up/m","stream":true}';

  test("usage on a chunk with a choice goes, but not under normalize: off", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const events = firstChunk("a") + lastChunk({ usage }) + DONE;
    const without = firstChunk("a") + lastChunk() + DONE;
    expect((await stream("/v1/chat/completions", body, events)).received).toBe(without);
    const untouched = body.replace("up/m", "untouched/m");
    expect((await stream("/v1/chat/completions", untouched, events)).received).toBe(events);
  });

  test("a chunk without choices that carries no usage stays", async () => {
    const filter =
      'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n';
    const events = filter + CHAT;
    expect((await stream("/v1/chat/completions", body, events + USAGE_CHUNK + DONE)).received).toBe(
      events + DONE,
    );
  });

  test("however the bytes are cut", async () => {
    const bytes = new TextEncoder().encode(CHAT + USAGE_CHUNK + DONE);
    for (const size of [1, 7, 64, 1000]) {
      upstream.reset();
      upstream.answer(
        () =>
          new Response(
            new ReadableStream({
              async start(controller) {
                for (let at = 0; at < bytes.length; at += size) {
                  controller.enqueue(bytes.slice(at, at + size));
                  await Bun.sleep(0);
                }
                controller.close();
              },
            }),
            { headers: { "content-type": "text/event-stream" } },
          ),
      );
      expect(await (await gateway.post("/v1/chat/completions", body)).text()).toBe(CHAT + DONE);
    }
  });
});

test("Responses streams are never touched", async () => {
  const events =
    'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1}}}\n\n';
  const body = '{"model":"up/m","stream":true}';
  const { sent, received } = await stream("/v1/responses", body, events);
  expect([sent, received]).toEqual([body.replace("up/m", "m"), events]);
});
