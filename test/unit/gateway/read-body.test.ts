// Taking a body into memory: capped before and while it is read, and bounded in time.

import { beforeEach, describe, expect, test } from "bun:test";
import { BodyUnderTest, CAP } from "./body-under-test.ts";

let bodies: BodyUnderTest;

beforeEach(() => {
  bodies = new BodyUnderTest();
});

/** Yields to everything that is ready to run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Bun.sleep(0);
}

describe("a body", () => {
  test("is read whole, with its length or in chunks, and counted once", async () => {
    expect(await bodies.read({ body: "{größe}" })).toBe("{größe}");
    expect(await bodies.read({ body: ["{a", "", "b}"] })).toBe("{ab}");
    expect(bodies.held.reduce((sum, bytes) => sum + bytes, 0)).toBe(9 + 4);
    expect(bodies.wheel.items.size).toBe(0);
  });

  test("that is empty, or not there, is empty", async () => {
    expect(await bodies.read({ body: "" })).toBe("");
    expect(await bodies.read({ body: [] })).toBe("");
    expect(await bodies.read({ body: undefined })).toBe("");
  });

  test("of exactly the cap passes, one byte more does not", async () => {
    expect(await bodies.read({ body: "x".repeat(CAP) })).toHaveLength(CAP);
    expect(await bodies.read({ body: ["x".repeat(CAP - 1), "x"] })).toHaveLength(CAP);
    for (const body of ["x".repeat(CAP + 1), ["x".repeat(CAP), "x"]]) {
      const { code, details } = await bodies.refusal({ body });
      expect([code, details.headers]).toEqual(["body_too_large", { connection: "close" }]);
    }
  });

  test("with too large a length is refused before it is looked at", async () => {
    const untouched = new ReadableStream<Uint8Array>(
      { pull: () => expect.unreachable("was read") },
      { highWaterMark: 0 },
    );
    const headers = {
      "content-length": "99999999999",
      "content-type": "text/plain",
      "content-encoding": "foo",
    };
    expect((await bodies.refusal({ body: untouched, headers })).code).toBe("body_too_large");
    expect(bodies.held).toEqual([]);
  });

  test("that never ends is given up as soon as it passes the cap, and let go", async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100)),
      cancel: () => resolve(),
    });
    expect((await bodies.refusal({ body: endless })).code).toBe("body_too_large");
    await cancelled;
  });

  test("for which there is no room is told to come back", async () => {
    bodies.room = 10;
    for (const body of ["x".repeat(11), ["x".repeat(5), "x".repeat(6)]]) {
      const { code, details } = await bodies.refusal({ body });
      expect([code, details.retryAfterSeconds]).toEqual(["overloaded", 1]);
      bodies.room = 10;
    }
  });
});

describe("the content type", () => {
  test.each([
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/json;charset=UTF-8",
    "application/vnd.api+json",
    "application/problem+json; a=b",
  ])("%s is taken", async (type) => {
    expect(await bodies.read({ body: "{}", headers: { "content-type": type } })).toBe("{}");
  });
  test.each([
    "",
    "text/plain",
    "text/plain; application/json",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "application/json-seq",
    "json",
    "+json",
    "a/b+c",
    "text/plain, application/json",
  ])("%p is not", async (type) => {
    expect((await bodies.refusal({ body: "{}", headers: { "content-type": type } })).code).toBe(
      "unsupported_media_type",
    );
  });
});

describe("a body that does not come", () => {
  /** A body that gives what is sent by hand. */
  function dribbling(): {
    body: ReadableStream<Uint8Array>;
    send: (text: string) => void;
    cancelled: () => boolean;
  } {
    let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
    let gone = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        sink = controller;
      },
      cancel: () => {
        gone = true;
      },
    });
    return { body, send: (text) => sink?.enqueue(Buffer.from(text)), cancelled: () => gone };
  }

  test("is timed out, however steadily it dribbles, and nothing is counted after that", async () => {
    const { body, send } = dribbling();
    const refused = bodies.refusal({ body });
    for (let i = 0; i < 5; i++) {
      send("x");
      await settled();
      bodies.wheel.advance(1_000);
    }
    const { code, details } = await refused;
    expect([code, details.headers]).toEqual(["body_timeout", { connection: "close" }]);
    const before = bodies.held.length;
    send("x");
    send("x");
    await settled();
    expect([bodies.held.length, bodies.wheel.items.size]).toEqual([before, 0]);
  });

  test("has all the time it wants when there is no limit", async () => {
    bodies.timeoutMs = 0;
    const { body, send } = dribbling();
    let done = false;
    void bodies.read({ body }).finally(() => {
      done = true;
    });
    send("x");
    bodies.wheel.advance(1e9);
    await settled();
    expect(done).toBe(false);
  });

  test("because the client left is nobody's error, and nothing is counted after that", async () => {
    const control = new AbortController();
    const { body, send } = dribbling();
    const refused = bodies.refusal({ body, signal: control.signal });
    send("x");
    await settled();
    control.abort();
    expect((await refused).code).toBe("client_closed");
    const before = bodies.held.length;
    send("x");
    await settled();
    expect([bodies.held.length, bodies.wheel.items.size]).toEqual([before, 0]);
  });

  test("because the client had left already is not waited for", async () => {
    const { body } = dribbling();
    expect((await bodies.refusal({ body, signal: AbortSignal.abort() })).code).toBe("client_closed");
    expect(bodies.wheel.items.size).toBe(0);
  });
});
