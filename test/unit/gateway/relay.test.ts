// Plain answers: whole ones pass byte for byte, broken ones are errors, secrets stay in, every attempt ends once.

import { beforeEach, describe, expect, test } from "bun:test";
import { GatewayError } from "../../../src/errors.ts";
import { AnswerUnderTest, SECRET, type Setting, settled, watched } from "./answer-under-test.ts";

const MEBIBYTE = 1024 * 1024;
const JSON_HEAD = { "content-type": "application/json" };
const WHOLE = { done: [true], released: 1, closed: 1, ended: "completed", deadlines: 0 };
/** Nothing of it is used: the record is closed by whoever answers with the error. */
const DISCARDED = { done: [false], released: 1, closed: 0, deadlines: 0 };

let answer: AnswerUnderTest;

beforeEach(() => {
  answer = new AnswerUnderTest();
});

async function refusal(relayed: Promise<Response>): Promise<GatewayError> {
  const thrown = await relayed.then(
    () => new Error("was relayed"),
    (error: unknown) => error,
  );
  if (thrown instanceof GatewayError) return thrown;
  throw thrown;
}

describe("a whole answer", () => {
  const USAGE =
    '{ "id":"x" , "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5} , "n":1.0e0 }\n';

  test.each<[string, string | undefined]>([
    ["with its length", String(Buffer.byteLength(USAGE))],
    ["in chunks", undefined],
  ])("%s passes byte for byte, its usage noted", async (_, length) => {
    const headers = {
      ...JSON_HEAD,
      server: "x",
      "retry-after": "1",
      ...(length === undefined ? {} : { "content-length": length }),
    };
    const relayed = answer.relay({}, { headers });
    for (const half of [USAGE.slice(0, 20), USAGE.slice(20)]) answer.body.send(half);
    answer.body.end();
    const response = await relayed;
    expect([response.status, await response.text()]).toEqual([200, USAGE]);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/json",
      "retry-after": "1",
    });
    expect(answer.record).toMatchObject({ status: 200, usage: { inputTokens: 3, outputTokens: 2 } });
    expect(answer.ending()).toEqual(WHOLE);
  });

  test.each([0, 1, 14_999, 15_000, 8 * MEBIBYTE])(
    "of %d bytes passes whole, and its memory is counted",
    async (size) => {
      const bytes = Buffer.alloc(size, "a");
      const response = await answer.relay({}, {}, bytes);
      expect(answer.record.heldBytes).toBe(size);
      expect(Buffer.from(await response.bytes()).equals(bytes)).toBe(true);
      expect(answer.ending()).toEqual(WHOLE);
    },
  );

  test.each([204, 205, 201, 299, 400, 404, 429, 500, 529, 599])("of status %d keeps it", async (status) => {
    const response = await answer.relay({}, { status }, status === 204 || status === 205 ? null : "{}");
    expect(response.status).toBe(status);
    expect(answer.ending()).toEqual(WHOLE);
  });

  test("to a call for a stream passes as it is when it is none, and so does a stream nobody asked for", async () => {
    const sse = { headers: { "content-type": "text/event-stream" } };
    const cases: readonly [Setting, ResponseInit][] = [
      [{ stream: true }, { headers: JSON_HEAD }],
      [{ stream: false }, sse],
      [{ stream: true }, { ...sse, status: 400 }],
    ];
    for (const [setting, init] of cases) {
      answer = new AnswerUnderTest();
      expect(await (await answer.relay(setting, init, "data: x\n\n")).text()).toBe("data: x\n\n");
      expect(answer.ending()).toEqual(WHOLE);
    }
  });

  test("that is to be changed is; an error is not", async () => {
    const rewrite = (body: Uint8Array): Uint8Array => Buffer.from(`<${Buffer.from(body).toString()}>`);
    expect(await (await answer.relay({ rewrite }, {}, "a")).text()).toBe("<a>");
    answer = new AnswerUnderTest();
    expect(await (await answer.relay({ rewrite }, { status: 404 }, "a")).text()).toBe("a");
  });

  test("that cannot be changed as it must is discarded", async () => {
    const rewrite = (): Uint8Array => {
      throw new GatewayError("upstream_unreachable", "no list");
    };
    expect((await refusal(answer.relay({ rewrite }, {}, "a"))).message).toBe("no list");
    expect(answer.ending()).toMatchObject(DISCARDED);
  });
});

describe("a secret in an answer", () => {
  test("is taken out of headers, and out of the bodies of errors, however they come", async () => {
    for (const pieces of [[`größe ${SECRET}!`], [...`größe ${SECRET}!`]]) {
      answer = new AnswerUnderTest();
      const relayed = answer.relay({}, { status: 500, headers: { "x-request-id": `r-${SECRET}` } });
      for (const piece of pieces) answer.body.send(piece);
      answer.body.end();
      const response = await relayed;
      expect([response.headers.get("x-request-id"), await response.text()]).toEqual([
        "r-[secret]",
        "größe [secret]!",
      ]);
    }
  });

  test("is taken out without changing what kind of answer it was", async () => {
    const init = { status: 500, headers: { "content-type": "text/plain" } };
    const response = await answer.relay({}, init, `no ${SECRET}`);
    expect([response.headers.get("content-type"), await response.text()]).toEqual([
      "text/plain",
      "no [secret]",
    ]);
  });

  test("is a model's own word in a good one", async () => {
    expect(await (await answer.relay({}, {}, SECRET)).text()).toBe(SECRET);
  });

  test("cannot hide in an error that is too long to look through", async () => {
    const error = await refusal(answer.relay({}, { status: 500 }, Buffer.alloc(8 * MEBIBYTE + 1)));
    expect(error.code).toBe("upstream_unreachable");
    expect(answer.ending()).toMatchObject(DISCARDED);
  });
});

describe("an answer that is none", () => {
  test.each([300, 301, 302, 303, 304, 307, 308, 399])(
    "(status %d) is a bad one, and is not read",
    async (status) => {
      const error = await refusal(answer.relay({}, { status, headers: { location: "http://x/" } }, null));
      expect([error.code, error.message]).toEqual([
        "upstream_unreachable",
        expect.stringContaining(`status ${status}`),
      ]);
      expect(answer.ending()).toMatchObject(DISCARDED);
      expect(answer.control.signal.aborted).toBe(true);
    },
  );

  test.each([401, 403])(
    "(status %d) says that the gateway's credential is wrong, and what to set",
    async (status) => {
      const provider = { credentialName: "UP_KEY" };
      const error = await refusal(answer.relay({ provider }, { status }, `{"error":"${SECRET}"}`));
      expect([error.code, error.status]).toEqual(["credential_rejected", 424]);
      expect(error.message).toMatch(/provider up .*UP_KEY/);
      expect(error.message).not.toContain(SECRET);
      expect(answer.ending()).toMatchObject(DISCARDED);
    },
  );

  test.each([401, 403])("(status %d) passes where the credential is the client's own", async (status) => {
    const provider = { auth: { kind: "passthrough" } as const };
    expect((await answer.relay({ provider }, { status }, "{}")).status).toBe(status);
  });
});

describe("an answer that breaks off", () => {
  const cases: readonly (readonly [string, (under: AnswerUnderTest) => void, string])[] = [
    ["by a reset", ({ body }) => body.fail(), "upstream_unreachable"],
    ["by silence", ({ wheel }) => wheel.advance(3_000), "upstream_timeout"],
    ["because the client left", (under) => under.abort("client_closed"), "client_closed"],
    ["because the gateway has to stop", (under) => under.abort("interrupted"), "no_healthy_target"],
  ];
  describe.each(["100", undefined])("with the length %p", (length) => {
    test.each(cases)("%s is an error, never half a success", async (_, happen, code) => {
      const headers: Record<string, string> = length === undefined ? {} : { "content-length": length };
      const relayed = watched(answer.relay({}, { headers }));
      answer.body.send('{"half":');
      await settled();
      happen(answer);
      await settled();
      expect((relayed.error as GatewayError).code).toBe(code as GatewayError["code"]);
      expect(answer.ending()).toMatchObject(DISCARDED);
    });
  });

  test("is not one that comes slowly: silence counts from the last piece", async () => {
    const relayed = watched(answer.relay({}, {}));
    for (let i = 0; i < 10; i++) {
      answer.body.send("x");
      await settled();
      answer.wheel.advance(2_900);
    }
    answer.body.end();
    await settled();
    expect(await relayed.value?.text()).toBe("x".repeat(10));
  });

  test("finds no room: the caller is told to come back", async () => {
    for (const headers of [{ "content-length": "100" }, {}]) {
      answer = new AnswerUnderTest();
      answer.roomBytes = 50;
      const relayed = answer.relay({}, { headers });
      answer.body.send("x".repeat(100));
      const error = await refusal(relayed);
      expect([error.code, error.details.retryAfterSeconds]).toEqual(["overloaded", 1]);
      expect(answer.ending()).toMatchObject(DISCARDED);
    }
  });
});

describe("an answer of more than 8 MiB", () => {
  const PIECE = Buffer.alloc(MEBIBYTE, "a");
  const timeouts = { connectMs: 0, firstByteMs: 0, idleMs: 1_000, totalMs: 0 };

  /** Relayed as far as its head, nine pieces sent. */
  async function begun(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const relayed = answer.relay({ provider: { timeouts } }, {});
    for (let i = 0; i < 9; i++) answer.body.send(PIECE);
    const response = await relayed;
    expect(answer.ending()).toMatchObject({ done: [], released: 0, closed: 0 });
    return response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
    let size = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read())
      size += part.value.byteLength;
    return size;
  }

  test("passes on as it comes, as fast as the client reads", async () => {
    const reader = await begun();
    // A client that reads slowly is not an upstream that is silent.
    answer.wheel.advance(60_000);
    const before = answer.body.pulls;
    for (let i = 0; i < 9; i++) expect((await reader.read()).value?.byteLength).toBe(MEBIBYTE);
    expect(answer.body.pulls).toBe(before);
    const size = rest(reader);
    answer.body.send(PIECE);
    answer.body.end();
    expect(await size).toBe(MEBIBYTE);
    expect(answer.ending()).toEqual(WHOLE);
  });

  test.each<[string, (under: AnswerUnderTest) => void, string]>([
    ["by a reset", ({ body }) => body.fail(), "upstream_error"],
    ["by silence", ({ wheel }) => wheel.advance(1_000), "timeout"],
    ["because the gateway has to stop", (under) => under.abort("interrupted"), "interrupted"],
  ])("that breaks off %s is visibly broken", async (_, happen, ended) => {
    const reader = await begun();
    const size = watched(rest(reader));
    await settled();
    happen(answer);
    await settled();
    expect(size.error).toBeDefined();
    expect(answer.ending()).toEqual({ done: [false], released: 1, closed: 1, ended, deadlines: 0 });
  });

  test("that the client no longer wants is given up, once", async () => {
    for (const waiting of [false, true]) {
      answer = new AnswerUnderTest();
      const reader = await begun();
      if (waiting) {
        for (let i = 0; i < 9; i++) await reader.read();
        void reader.read();
        await settled();
      }
      await reader.cancel();
      await settled();
      expect(answer.control.signal.reason).toBe("client_closed");
      expect(answer.ending()).toEqual({
        done: [false],
        released: 1,
        closed: 1,
        ended: "client_closed",
        deadlines: 0,
      });
    }
  });

  test("ends at 256 MiB, visibly broken", async () => {
    const reader = await begun();
    const size = watched(rest(reader));
    for (let i = 0; i < 248; i++) {
      answer.body.send(PIECE);
      await Bun.sleep(0);
    }
    await settled();
    expect(size.error).toBeDefined();
    expect(answer.control.signal.aborted).toBe(true);
    expect(answer.ending()).toMatchObject({ released: 1, closed: 1, ended: "upstream_error", deadlines: 0 });
  });
});
