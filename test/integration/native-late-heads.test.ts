// Native streams of an upstream that is slow to begin: the head goes out, nothing spoils the format, errors end in it.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { type RequestRow, rowFor } from "../support/money-account.ts";
import {
  ANTHROPIC_EVENTS,
  answerOf,
  CONVERSE_FRAMES,
  EVENTS_TYPE,
  GEMINI_JSON_ARRAY,
  GEMINI_SSE,
  hangingAnswer,
  INVOKE_FRAMES,
  type NativeFormat,
  RAW_EVENTS,
} from "../support/native-formats.ts";
import { presetScene } from "../support/native-path-scenes.ts";
import type { NativeScene } from "../support/native-scene.ts";

let scene: NativeScene;

beforeAll(async () => {
  scene = await presetScene({ server: { keepalive: "50ms" } });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

const STREAMS = [GEMINI_SSE, GEMINI_JSON_ARRAY, CONVERSE_FRAMES, INVOKE_FRAMES, RAW_EVENTS, ANTHROPIC_EVENTS];

interface Late {
  readonly answer: Response;
  readonly bytes: Buffer;
  readonly row: RequestRow;
}

/**
 * Lets the upstream answer when the head is due. Events show that it has gone out; no other form has a byte to send it
 * with before there is an answer.
 */
async function late(format: NativeFormat, respond: () => Response): Promise<Late> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  scene.upstream.requests.length = 0;
  scene.upstream.answer(() => promise);
  const asked = scene.gateway.post(format.path, format.body);
  if (format.type === EVENTS_TYPE) await asked;
  else {
    await scene.upstream.request(0);
    await Bun.sleep(PAUSE_MS);
  }
  resolve(respond());
  const answer = await asked;
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { answer, bytes, row: await rowFor(scene.gateway, answer) };
}

/** Longer than the keep-alive time, so that a ping would come if one may. */
const PAUSE_MS = 120;

const PINGS = /: ping\n+/g;

describe.each(STREAMS.map((format) => [format.name, format] as const))("%s", (_, format) => {
  const isEvents = format.type === EVENTS_TYPE;

  test("is the upstream's, behind nothing but pings, and those only between events", async () => {
    const { answer, bytes, row } = await late(format, () => answerOf(format, format.answer));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toStartWith(format.type);
    const text = bytes.toString("latin1");
    expect(isEvents ? text.replaceAll(PINGS, "") : text).toBe(format.answer.toString("latin1"));
    expect([row.status, row.cost_nano_usd, row.flags]).toEqual([200, format.nano, []]);
  });

  test("that pauses in the middle keeps its bytes", async () => {
    const half = Math.floor(format.answer.length / 2);
    const upstream = hangingAnswer(format, format.answer.subarray(0, half));
    scene.upstream.answer(() => upstream.response);
    const answer = await scene.gateway.post(format.path, format.body);
    const rest = answer.arrayBuffer();
    await Bun.sleep(PAUSE_MS);
    upstream.send(format.answer.subarray(half));
    upstream.end();
    const text = Buffer.from(await rest).toString("latin1");
    expect(isEvents ? text.replaceAll(PINGS, "") : text).toBe(format.answer.toString("latin1"));
  });

  test.each([429, 500])("an error status %d comes in the client's words", async (status) => {
    const { answer, bytes, row } = await late(format, () =>
      Response.json({ message: "so it is" }, { status }),
    );
    const text = bytes.toString().replaceAll(PINGS, "");
    expect(row.cost_nano_usd).toBe(0);
    if (!isEvents) {
      // Nothing has left before it, so it is an answer like any other.
      expect([answer.status, JSON.parse(text)]).toEqual([status, { message: "so it is" }]);
      return;
    }
    expect(row.ended).toBe("upstream_error");
    const error = JSON.parse(/data: (.*)/.exec(text)?.[1] ?? "");
    expect(error.error.message).toContain("so it is");
    if (format === ANTHROPIC_EVENTS || format === RAW_EVENTS) {
      expect(text).toStartWith("event: error\n");
      expect(error.type).toBe("error");
    } else expect(error.error.code).toBeGreaterThanOrEqual(400);
  });
});
