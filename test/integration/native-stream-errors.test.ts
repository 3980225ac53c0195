// Streams of native formats that go wrong: each ends in its client's own words, and what came before stays as it was.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { awsFrame } from "../support/compat/frames.ts";
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
  type NativeFormat,
  RAW_EVENTS,
} from "../support/native-formats.ts";
import { readFrames } from "../support/native-frames.ts";
import { type NativeScene, nativeScene } from "../support/native-scene.ts";
import {
  CONVERSE_DAMAGED,
  CONVERSE_THROTTLED,
  GEMINI_EVENTS,
  GEMINI_PIECES,
} from "../support/wire-samples/native.ts";

let scene: NativeScene;

beforeAll(async () => {
  scene = await nativeScene({
    settings: () => ({ keys: { ...keySection({ caller: {} }), tester: { hash: hashOf(TEST_KEY) } } }),
  });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

interface Got {
  readonly answer: Response;
  readonly bytes: Buffer;
  readonly row: RequestRow;
}

/** What a client gets of an upstream's stream of these bytes, and the row of it. */
async function stream(format: NativeFormat, bytes: string | Uint8Array, size?: number): Promise<Got> {
  scene.upstream.answer(() => answerOf(format, Buffer.from(bytes), size));
  const answer = await scene.gateway.post(format.path, format.body);
  const got = Buffer.from(await answer.arrayBuffer());
  return { answer, bytes: got, row: await rowFor(scene.gateway, answer) };
}

const EVENT = `data: ${GEMINI_PIECES[0]}\r\n\r\n`;

const shown = (row: RequestRow) => ({ status: row.status, code: row.code, ended: row.ended });

const BROKEN_OFF = { status: 200, code: "upstream_unreachable", ended: "upstream_error" };

describe("a stream that breaks off", () => {
  test("of Gemini's events ends in an event with an error", async () => {
    for (const rest of ["", GEMINI_EVENTS.slice(EVENT.length, -40)]) {
      const { bytes, answer, row } = await stream(GEMINI_SSE, EVENT + rest);
      const text = bytes.toString();
      expect(text.startsWith(EVENT)).toBe(true);
      expect(text.endsWith("\r\n\r\n")).toBe(true);
      const events = text.split("\r\n\r\n").slice(1, -1);
      expect(events).toHaveLength(1);
      const { error } = JSON.parse(events[0]?.replace(/^data: /, "") ?? "");
      expect(error).toMatchObject({ code: 502, status: "UNAVAILABLE", message: expect.any(String) });
      expect(error.details).toContainEqual({
        "@type": "type.googleapis.com/google.rpc.RequestInfo",
        requestId: answer.headers.get("x-postern-request-id"),
      });
      expect(shown(row)).toEqual(BROKEN_OFF);
    }
  });

  test.each([
    ["between two objects", `[${GEMINI_PIECES[0]}`, 1],
    ["behind a comma", `[${GEMINI_PIECES[0]}\n,\r\n`, 1],
    ["inside an object", `[${GEMINI_PIECES[0]}\n,\r\n${GEMINI_PIECES[1].slice(0, 60)}`, 1],
  ])("of Gemini's array, %s, is closed behind an object with an error", async (_, sent, kept) => {
    const { bytes, row } = await stream(GEMINI_JSON_ARRAY, sent);
    const list = JSON.parse(bytes.toString()) as { error?: { code: number; status: string } }[];
    expect(list).toHaveLength(kept + 1);
    expect(list[0]).toEqual(JSON.parse(GEMINI_PIECES[0]));
    expect(list.at(-1)?.error).toMatchObject({ code: 502, status: "UNAVAILABLE" });
    expect(shown(row)).toEqual(BROKEN_OFF);
  });

  test.each([
    ["converse", CONVERSE_FRAMES, 2],
    ["invoke", INVOKE_FRAMES, 3],
  ])(
    "of Bedrock's frames (%s) ends in an exception that the SDK has a class for",
    async (_, format, whole) => {
      let kept = 0;
      for (let i = 0; i < whole; i++) kept += format.answer.readUInt32BE(kept);
      for (const more of [0, 5, 40]) {
        const { bytes, row } = await stream(format, format.answer.subarray(0, kept + more));
        expect(bytes.subarray(0, kept)).toEqual(format.answer.subarray(0, kept));
        const [exception, ...others] = readFrames(bytes.subarray(kept));
        expect(others).toEqual([]);
        expect(exception?.headers).toEqual({
          ":exception-type": "modelStreamErrorException",
          ":content-type": "application/json",
          ":message-type": "exception",
        });
        expect(JSON.parse(exception?.payload ?? "")).toEqual({ message: expect.any(String) });
        expect(shown(row)).toEqual(BROKEN_OFF);
      }
    },
  );

  test.each([
    ["on Anthropic's own path", ANTHROPIC_EVENTS],
    ["on Vertex AI", RAW_EVENTS],
  ])("of Anthropic's events %s ends in an error event", async (_, format) => {
    const text = format.answer.toString();
    const cut = text.slice(0, text.indexOf("event: content_block_stop"));
    const { bytes, answer, row } = await stream(format, cut);
    const got = bytes.toString();
    expect(got.startsWith(cut)).toBe(true);
    const [, data = ""] = /^event: error\ndata: (.*)\n\n$/.exec(got.slice(cut.length)) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      type: "error",
      error: { type: "api_error", message: expect.any(String) },
      request_id: answer.headers.get("x-postern-request-id"),
    });
    expect(shown(row)).toEqual(BROKEN_OFF);
  });
});

describe("an error that the upstream puts into a stream", () => {
  const failed = { code: 500, message: "Internal error encountered.", status: "INTERNAL" };

  test("passes as it came, behind what was written", async () => {
    const streams: [NativeFormat, string | Uint8Array][] = [
      [GEMINI_SSE, `${EVENT}data: ${JSON.stringify({ error: failed })}\r\n\r\n`],
      [GEMINI_JSON_ARRAY, `[${GEMINI_PIECES[0]}\n,\r\n${JSON.stringify({ error: failed })}\n]`],
      [CONVERSE_FRAMES, CONVERSE_THROTTLED],
    ];
    for (const [format, bytes] of streams) {
      for (const size of [undefined, 7]) {
        const got = await stream(format, bytes, size);
        expect(got.answer.status).toBe(200);
        expect(got.bytes.toString("latin1")).toBe(Buffer.from(bytes).toString("latin1"));
        expect(got.row.ended).toBe("upstream_error");
        expect(got.row.flags).toEqual(["estimated"]);
      }
    }
  });

  test("is an HTTP error where nothing was written: Gemini", async () => {
    const error = { code: 429, message: "Resource has been exhausted.", status: "RESOURCE_EXHAUSTED" };
    for (const [format, text] of [
      [GEMINI_SSE, `data: ${JSON.stringify({ error })}\r\n\r\n`],
      [GEMINI_JSON_ARRAY, `[${JSON.stringify({ error })}\n]`],
    ] as const) {
      const { answer, bytes, row } = await stream(format, text);
      expect(answer.status).toBe(429);
      expect(answer.headers.get("content-type")).toStartWith("application/json");
      const body = JSON.parse(bytes.toString());
      expect(body.error).toMatchObject({ code: 429, status: "RESOURCE_EXHAUSTED" });
      expect(body.error.message).toContain("Resource has been exhausted.");
      expect([row.status, row.cost_nano_usd]).toEqual([429, 0]);
    }
  });

  test("is an HTTP error where nothing was written: Bedrock", async () => {
    const exception = awsFrame(
      {
        ":exception-type": "throttlingException",
        ":content-type": "application/json",
        ":message-type": "exception",
      },
      { message: "Too many tokens." },
    );
    for (const format of [CONVERSE_FRAMES, INVOKE_FRAMES]) {
      const { answer, bytes, row } = await stream(format, exception);
      expect(answer.status).toBe(429);
      expect(answer.headers.get("x-amzn-errortype")).toBe("ThrottlingException");
      expect(JSON.parse(bytes.toString()).message).toContain("Too many tokens.");
      expect([row.status, row.cost_nano_usd]).toEqual([429, 0]);
    }
  });
});

test("a frame whose sum is wrong is not passed on", async () => {
  const { answer, bytes, row } = await stream(CONVERSE_FRAMES, CONVERSE_DAMAGED);
  expect(answer.status).toBe(502);
  expect(answer.headers.get("x-postern-code")).toBe("upstream_unreachable");
  expect(answer.headers.get("x-amzn-errortype")).toBe("ServiceUnavailableException");
  expect(JSON.parse(bytes.toString())).toEqual({ message: expect.any(String) });
  expect(row.ended).toBe("upstream_error");
});

test("behind whole frames one whose sum is wrong ends the stream in an exception", async () => {
  const good = CONVERSE_FRAMES.answer;
  const first = good.readUInt32BE(0);
  const kept = first + good.readUInt32BE(first);
  const damaged = Buffer.from(good.subarray(kept));
  damaged.writeUInt8(damaged.readUInt8(20) ^ 1, 20);
  const upstream = hangingAnswer(CONVERSE_FRAMES, good.subarray(0, kept));
  scene.upstream.answer(() => upstream.response);
  const answer = await scene.gateway.post(CONVERSE_FRAMES.path, CONVERSE_FRAMES.body);
  expect(answer.status).toBe(200);
  upstream.send(damaged);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(bytes.toString("latin1", 0, kept)).toBe(good.toString("latin1", 0, kept));
  const frames = readFrames(bytes.subarray(kept));
  expect(frames.map(({ headers }) => headers[":exception-type"])).toEqual(["modelStreamErrorException"]);
  await upstream.cancelled;
});

describe("an error status of the upstream", () => {
  test.each([
    [
      "Gemini",
      GEMINI_SSE,
      { error: { code: 429, message: "quota", status: "RESOURCE_EXHAUSTED", details: [] } },
    ],
    ["Bedrock", CONVERSE_FRAMES, { message: "slow down" }],
    ["Anthropic", ANTHROPIC_EVENTS, { type: "error", error: { type: "rate_limit_error", message: "slow" } }],
  ])("of %s passes in its own words, with its headers", async (_, format, body) => {
    const text = ` ${JSON.stringify(body)}\n`;
    const headers = {
      "content-type": "application/json",
      "retry-after": "7",
      "x-amzn-errortype": "ThrottlingException",
      "x-amzn-requestid": "up-1",
      "request-id": "up-2",
    };
    scene.upstream.answer(() => new Response(text, { status: 429, headers }));
    const answer = await scene.gateway.post(format.path, format.body);
    expect(answer.status).toBe(429);
    expect(await answer.text()).toBe(text);
    for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name)).toBe(value);
  });

  test.each([401, 403])(
    "%d is the provider's credential, not the caller's: 424 in the client's words",
    async (status) => {
      for (const format of [GEMINI_SSE, CONVERSE_FRAMES, ANTHROPIC_EVENTS]) {
        scene.upstream.answer(() => Response.json({ message: "no" }, { status }));
        const answer = await scene.gateway.post(format.path, format.body);
        const text = await answer.text();
        expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([424, "credential_rejected"]);
        expect(text).toMatch(/GOOGLE_API_KEY|AWS_BEARER_TOKEN_BEDROCK|ANTHROPIC_API_KEY/);
      }
    },
  );
});
