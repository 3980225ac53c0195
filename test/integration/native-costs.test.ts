// What calls by native paths cost, to the nano-dollar: whole answers, streams of every form, and streams given up.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { hashOf, TEST_KEY } from "../support/keys.ts";
import { type RequestRow, rowFor } from "../support/money-account.ts";
import {
  ANTHROPIC_EVENTS,
  answerOf,
  CONVERSE_FRAMES,
  GEMINI_JSON_ARRAY,
  GEMINI_SSE,
  hangingAnswer,
  INVOKE_FRAMES,
  NATIVE_FORMATS,
  type NativeFormat,
  RAW_EVENTS,
} from "../support/native-formats.ts";
import { type NativeScene, nativeScene } from "../support/native-scene.ts";

let scene: NativeScene;

beforeAll(async () => {
  scene = await nativeScene({
    settings: () => ({ keys: { ...keySection({ caller: {} }), tester: { hash: hashOf(TEST_KEY) } } }),
  });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

/** Small enough to cut every event, line and frame. */
const PIECE_BYTES = 13;

describe.each(NATIVE_FORMATS.map((format) => [format.name, format] as const))("%s", (_, format) => {
  test.each([
    ["in one piece", format.answer.length],
    ["in small pieces", PIECE_BYTES],
  ])("%s: the bytes are the upstream's, the cost is exact, and the row says so", async (_, size) => {
    scene.upstream.answer(() => answerOf(format, format.answer, size));
    const answer = await scene.gateway.post(format.path, format.body);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.status).toBe(200);
    expect(bytes.toString("latin1")).toBe(format.answer.toString("latin1"));
    expect(answer.headers.get("content-type")).toBe(format.type);
    expect(answer.headers.get("x-postern-model")).toBe(format.target);
    const usd = format.stream ? null : (format.nano / 1e9).toFixed(9).replace(/0+$/, "");
    expect(answer.headers.get("x-postern-cost-usd")).toBe(usd);
    expect(answer.headers.get("x-postern-prompt-cache")).toBe(format.stream ? null : "hit");
    const row = await rowFor(scene.gateway, answer);
    expect(row.usage).toEqual(format.usage as never);
    expect(summaryOf(row)).toEqual({
      endpoint: format.endpoint,
      target: format.target,
      stream: format.stream,
      cost_nano_usd: format.nano,
      ended: "completed",
      code: null,
      flags: [],
      price: ["config", "*"],
    });
  });
});

function summaryOf(row: RequestRow): Record<string, unknown> {
  const { endpoint, target, stream, cost_nano_usd, ended, code, flags, price } = row;
  return {
    endpoint,
    target,
    stream,
    cost_nano_usd,
    ended,
    code,
    flags,
    price: [price?.["source"], price?.["match"]],
  };
}

/** A stream, how many of its bytes come, and what the row must know of the input at least. */
interface Cut {
  readonly format: NativeFormat;
  readonly bytes: Uint8Array;
  /** As the upstream said it before; undefined = what was estimated. */
  readonly input: number | undefined;
}

const upTo = (format: NativeFormat, mark: string): Uint8Array =>
  format.answer.subarray(0, format.answer.indexOf(mark) + mark.length);

/** The first `count` frames. */
function frames({ answer }: NativeFormat, count: number): Uint8Array {
  let end = 0;
  for (let i = 0; i < count; i++) end += answer.readUInt32BE(end);
  return answer.subarray(0, end);
}

const MESSAGES_CUT = "event: content_block_stop";

const CUTS: readonly Cut[] = [
  { format: GEMINI_SSE, bytes: upTo(GEMINI_SSE, "\r\n\r\n"), input: 11 },
  { format: GEMINI_JSON_ARRAY, bytes: upTo(GEMINI_JSON_ARRAY, '"responseId":"r"}'), input: 11 },
  { format: CONVERSE_FRAMES, bytes: frames(CONVERSE_FRAMES, 2), input: undefined },
  { format: INVOKE_FRAMES, bytes: frames(INVOKE_FRAMES, 3), input: 17 },
  { format: RAW_EVENTS, bytes: upTo(RAW_EVENTS, MESSAGES_CUT), input: 351 },
  { format: ANTHROPIC_EVENTS, bytes: upTo(ANTHROPIC_EVENTS, MESSAGES_CUT), input: 351 },
];

/** Held for the output: what the requests of the samples allow. */
const HELD = 50;

function expectEstimated(row: RequestRow, { format, input }: Cut): void {
  const { usage, cost_nano_usd, flags } = row;
  expect(flags).toEqual(["estimated"]);
  const known = input ?? Math.ceil(JSON.stringify(format.body).length / 3);
  expect(usage?.input_tokens).toBe(known);
  expect(usage?.output_tokens).toBeGreaterThanOrEqual(1);
  expect(usage?.output_tokens).toBeLessThanOrEqual(HELD);
  const {
    cache_read_tokens: read = 0,
    cache_write_tokens: written = 0,
    output_tokens: out = 0,
  } = usage ?? {};
  const plain = (known - read - written) * 150 + read * 75 + out * 600;
  // Claude's sample writes 31 tokens for five minutes and 20 for an hour, Bedrock's 2 for five minutes.
  const writes = written === 51 ? 31 * 187.5 + 20 * 300 : written * 187.5;
  expect(cost_nano_usd).toBe(Math.round(plain + writes));
}

describe.each(CUTS.map((cut) => [cut.format.name, cut] as const))("%s", (_, cut) => {
  test("that its client gives up is charged by what came, estimated", async () => {
    const upstream = hangingAnswer(cut.format, cut.bytes);
    scene.upstream.answer(() => upstream.response);
    const control = new AbortController();
    const answer = await scene.gateway.fetch(cut.format.path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` },
      body: JSON.stringify(cut.format.body),
      signal: control.signal,
    });
    expect(answer.status).toBe(200);
    await answer.body?.getReader().read();
    control.abort();
    await upstream.cancelled;
    const row = await rowFor(scene.gateway, answer);
    expect(row.ended).toBe("client_closed");
    expectEstimated(row, cut);
  });

  test("that its upstream breaks off likewise", async () => {
    scene.upstream.answer(() => answerOf(cut.format, cut.bytes));
    const answer = await scene.gateway.post(cut.format.path, cut.format.body);
    await answer.arrayBuffer();
    const row = await rowFor(scene.gateway, answer);
    expect(row.ended).toBe("upstream_error");
    expectEstimated(row, cut);
  });
});

test("a count of tokens costs nothing, and says so", async () => {
  scene.upstream.answer(() => Response.json({ totalTokens: 3, inputTokens: 3, input_tokens: 3 }));
  const calls = [
    ["/gemini/v1beta/models/m:countTokens", { contents: [] }],
    ["/bedrock/model/m/count-tokens", { input: {} }],
    ["/anthropic/v1/messages/count_tokens", { model: "m", messages: [] }],
    [
      "/vertex/v1/projects/acme-prod/locations/global/publishers/anthropic/models/count-tokens:rawPredict",
      { model: "m", messages: [] },
    ],
  ] as const;
  for (const [path, body] of calls) {
    const answer = await scene.gateway.post(path, body);
    await answer.text();
    const { status, endpoint, cost_nano_usd, usage, flags } = await rowFor(scene.gateway, answer);
    expect([path, status, endpoint, cost_nano_usd, usage, flags]).toEqual([
      path,
      200,
      "count_tokens",
      0,
      null,
      [],
    ]);
  }
});
