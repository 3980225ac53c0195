// What comes of an attempt, in the caller's words: failures, hang-ups, the end of the gateway, and heads that come late.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Outcome } from "../../../src/upstream/send.ts";
import { chatChunk, DONE, lastChunk } from "../../support/upstream.ts";
import { NOTHING_LEFT, PlaneUnderTest, type Sent } from "../http/plane-under-test.ts";
import { settled, watched } from "./answer-under-test.ts";

let plane: PlaneUnderTest;

beforeEach(() => {
  plane = new PlaneUnderTest();
});

const STREAM = { body: { model: "up/m", stream: true, stream_options: { include_usage: true } } };
const KEEPALIVE_MS = 15_000;

/** Waits until it is aborted, as `send` does. */
function hanging({ control: { signal } }: Sent): Promise<Outcome> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve({ kind: "aborted", reached: true })),
  );
}

describe("an attempt without an answer", () => {
  const cases: readonly (readonly [Outcome, string, RegExp, string])[] = [
    [
      { kind: "unreachable", message: "h:1: why", reached: false },
      "502 upstream_unreachable",
      /provider up .*h:1: why/,
      "upstream_error",
    ],
    [
      { kind: "timeout", timer: "connect", reached: false },
      "504 upstream_timeout",
      /timeouts\.connect/,
      "timeout",
    ],
    [
      { kind: "timeout", timer: "first_byte", reached: true },
      "504 upstream_timeout",
      /timeouts\.first_byte/,
      "timeout",
    ],
    [
      { kind: "timeout", timer: "total", reached: true },
      "504 upstream_timeout",
      /timeouts\.total/,
      "timeout",
    ],
  ];
  test.each(cases)("(%j) is %s", async (outcome, expected, words, ended) => {
    plane.outcome = async () => outcome;
    const response = await plane.ask();
    expect(`${response.status} ${response.headers.get("x-postern-code")}`).toBe(expected);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(words) } });
    expect([response.headers.get("x-postern-model"), response.headers.get("x-postern-attempts")]).toEqual([
      "up/m",
      "1",
    ]);
    expect(plane.log.lines[0]?.fields).toMatchObject({ ended, target: "up/m", attempts: 1 });
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

describe("a client that hangs up", () => {
  test("while the upstream thinks ends the attempt", async () => {
    for (const question of [{}, STREAM]) {
      plane = new PlaneUnderTest();
      plane.outcome = hanging;
      const client = new AbortController();
      const asked = plane.outcomeOf({ ...question, signal: client.signal });
      await settled();
      client.abort();
      expect(await asked).toBe("499 client_closed");
      expect(plane.sent[0]?.control.signal.reason).toBe("client_closed");
      expect(plane.log.lines[0]?.fields["ended"]).toBe("client_closed");
      expect(plane.leftovers()).toEqual(NOTHING_LEFT);
    }
  });

  test("before its request was read is not sent on", async () => {
    expect(await plane.outcomeOf({ signal: AbortSignal.abort() })).toBe("499 client_closed");
    expect(plane.sent).toHaveLength(0);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("after its answer is nobody's concern", async () => {
    const client = new AbortController();
    expect(await plane.outcomeOf({ signal: client.signal })).toBe("200 up/m");
    client.abort();
    expect(plane.sent[0]?.control.signal.aborted).toBe(false);
  });
});

describe("the end of the gateway", () => {
  test("ends what still runs, and says so", async () => {
    plane.outcome = hanging;
    const asked = plane.ask();
    await settled();
    expect(plane.state.interrupts.size).toBe(1);
    for (const interrupt of plane.state.interrupts) interrupt();
    const response = await asked;
    expect([
      response.status,
      response.headers.get("x-postern-code"),
      response.headers.get("retry-after"),
    ]).toEqual([503, "no_healthy_target", "1"]);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

describe("a stream", () => {
  function sse(text: string): Response {
    return new Response(text, { headers: { "content-type": "text/event-stream", "x-request-id": "r" } });
  }

  test("passes, and leaves nothing behind", async () => {
    const events = chatChunk("a") + lastChunk() + DONE;
    plane.outcome = async (sent) => plane.reply(sent, sse(events));
    const response = await plane.ask(STREAM);
    expect([response.headers.get("x-postern-model"), response.headers.get("x-request-id")]).toEqual([
      "up/m",
      "r",
    ]);
    expect(await response.text()).toBe(events);
    expect(plane.log.lines[0]?.fields).toMatchObject({ stream: true, status: 200, ended: "completed" });
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("that is cancelled leaves nothing behind", async () => {
    plane.outcome = async (sent) => plane.reply(sent, sse(chatChunk("a")));
    const response = await plane.ask(STREAM);
    await response.body?.cancel();
    expect(plane.log.lines[0]?.fields["ended"]).toBe("client_closed");
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});

describe("a stream whose upstream thinks for longer than the keep-alive time", () => {
  /** The response, its head out, and the hands on the attempt. */
  async function late() {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    plane.outcome = () => promise;
    const asked = watched(plane.ask(STREAM));
    await settled();
    plane.wheel.advance(KEEPALIVE_MS - 1);
    await settled();
    expect(asked.settled).toBe(false);
    plane.wheel.advance(1);
    await settled();
    const response = asked.value;
    if (response === undefined) throw new Error("no head");
    expect([
      response.status,
      response.headers.get("content-type"),
      response.headers.get("x-postern-model"),
    ]).toEqual([200, "text/event-stream", "up/m"]);
    const [sent] = plane.sent;
    if (sent === undefined) throw new Error("not asked");
    return { response, resolve, sent };
  }

  test("has its head, is kept alive, and passes when it comes", async () => {
    const { response, resolve, sent } = await late();
    const text = watched(response.text());
    await settled();
    plane.wheel.advance(KEEPALIVE_MS);
    await settled();
    resolve(plane.reply(sent, new Response(chatChunk("a") + lastChunk() + DONE)));
    await settled();
    expect(text.value).toBe(`: ping\n${chatChunk("a")}${lastChunk()}${DONE}`);
    expect(plane.log.lines[0]?.fields).toMatchObject({ status: 200, ended: "completed" });
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  const failures: readonly (readonly [string, (sent: Sent) => Outcome, RegExp, string])[] = [
    [
      "is not reached",
      () => ({ kind: "unreachable", message: "h:1: why", reached: false }),
      /could not be reached/,
      "upstream_error",
    ],
    [
      "times out",
      () => ({ kind: "timeout", timer: "first_byte", reached: true }),
      /timeouts\.first_byte/,
      "timeout",
    ],
    [
      "answers with an error",
      (sent) => plane.reply(sent, Response.json({ error: { message: "no room" } }, { status: 503 })),
      /no room/,
      "upstream_error",
    ],
    [
      "redirects",
      (sent) => plane.reply(sent, new Response(null, { status: 302 })),
      /status 302/,
      "upstream_error",
    ],
    [
      "rejects the credential",
      (sent) => plane.reply(sent, new Response("secret", { status: 401 })),
      /credential/,
      "upstream_error",
    ],
  ];
  test.each(failures)("and then %s ends in an error event", async (_, outcome, words, ended) => {
    const { response, resolve, sent } = await late();
    const text = response.text();
    resolve(outcome(sent));
    expect(await text).toMatch(/^data: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/);
    expect(await text).toMatch(words);
    expect(await text).not.toContain("secret");
    expect(plane.log.lines[0]?.fields["ended"]).toBe(ended);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });

  test("and whose client leaves is let go, also if the answer then comes", async () => {
    const { response, resolve, sent } = await late();
    await response.body?.cancel();
    expect(sent.control.signal.reason).toBe("client_closed");
    resolve(plane.reply(sent, new Response(chatChunk("a"))));
    await settled();
    expect(plane.log.lines.map(({ fields }) => fields["ended"])).toEqual(["client_closed"]);
    expect(plane.leftovers()).toEqual(NOTHING_LEFT);
  });
});
