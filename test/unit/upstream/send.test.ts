// Sending one request: what comes of it is a value, timers and hang-ups included, and only a stale socket is tried twice.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { ENDPOINTS } from "../../../src/formats/table.ts";
import type { Reach } from "../../../src/upstream/reach.ts";
import type { UpstreamRequest } from "../../../src/upstream/request.ts";
import { createUpstream, type Outcome, TimeoutCause, type Upstream } from "../../../src/upstream/send.ts";
import { FakeWheel, fakeProvider } from "../../support/fake-parts.ts";

type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

const REQUEST: UpstreamRequest = {
  url: "http://up.test/v1/chat/completions?token=secret-in-the-query",
  headers: { accept: "a" },
  body: Buffer.from("{}"),
  endpoint: ENDPOINTS.chat,
  origin: { host: "up.test", port: 80 },
};

let wheel: FakeWheel;
let calls: BunFetchRequestInit[];
let answer: Fetch;
let check: Reach["check"];
let successes: number;
let upstream: Upstream;

beforeEach(() => {
  wheel = new FakeWheel();
  calls = [];
  successes = 0;
  answer = async () => new Response("ok");
  check = () => undefined;
  upstream = createUpstream({
    wheel,
    reach: {
      check: (...args) => check(...args),
      succeeded: () => {
        successes += 1;
      },
    },
    fetch: (url, init) => {
      calls.push(init);
      return answer(url, init);
    },
  });
});

function send(provider: Provider = fakeProvider(), control = new AbortController()): Promise<Outcome> {
  return upstream.send({ ...REQUEST, origin: provider.origin }, provider, control);
}

/** Never answers; rejects as `fetch` does when its signal is aborted. */
const silent: Fetch = (_url, { signal }) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

function failing(code: string): Fetch {
  return () => Promise.reject(Object.assign(new TypeError("failed"), { code }));
}

describe("an upstream that answers", () => {
  test("is a reply whose timers run until it is done", async () => {
    const outcome = await send();
    if (outcome.kind !== "reply") throw new Error(outcome.kind);
    expect([await outcome.reply.response.text(), wheel.items.size, successes]).toEqual(["ok", 1, 1]);
    outcome.reply.done(true);
    expect(wheel.items.size).toBe(0);
  });

  test("is asked as told: no redirects, no time-out of the runtime's own", async () => {
    await send();
    expect(calls[0]).toMatchObject({
      method: "POST",
      headers: { accept: "a" },
      redirect: "manual",
      timeout: false,
    });
    expect(calls[0]?.body).toBe(REQUEST.body as Uint8Array<ArrayBuffer>);
    expect(calls[0]).not.toHaveProperty("tls");
    // Else the runtime would obey HTTP_PROXY, also towards this very machine.
    expect(calls[0]).toHaveProperty("proxy", false);
  });

  test.each<[Partial<Provider>, object]>([
    [{ tls: { ca: "PEM", insecure: false } }, { tls: { ca: "PEM" } }],
    [{ tls: { ca: undefined, insecure: true } }, { tls: { rejectUnauthorized: false } }],
    [{ httpProxy: "http://proxy:3128" }, { proxy: "http://proxy:3128" }],
  ])("is asked with the provider's settings (%#)", async (settings, expected) => {
    await send(fakeProvider(settings));
    expect(calls[0]).toMatchObject(expected);
  });

  test("without a network is asked itself", async () => {
    const seen: unknown[] = [];
    check = () => Promise.reject(new Error("no network is asked for"));
    const local: Provider["local"] = async ({ endpoint, body }) => {
      seen.push(endpoint, body);
      return new Response("mock");
    };
    const outcome = await send(fakeProvider({ local }));
    expect([outcome.kind, calls.length, ...seen]).toEqual(["reply", 0, "chat", REQUEST.body]);
  });
});

describe("an upstream that cannot be reached", () => {
  test.each([
    ["ECONNREFUSED", false, "nothing listens"],
    ["ENOTFOUND", false, "not known"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", false, "certificate was not accepted (DEPTH_ZERO_SELF_SIGNED_CERT); set"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", false, "(ERR_TLS_CERT_ALTNAME_INVALID); it is for another host name"],
    ["CERT_HAS_EXPIRED", false, "(CERT_HAS_EXPIRED); it has expired"],
    ["EPROTO", true, "the TLS handshake failed; if the server speaks plain HTTP"],
    ["ERR_PROXY_TUNNEL", false, "did not open a tunnel"],
    ["ECONNRESET", true, "was reset"],
    ["Malformed_HTTP_Response", true, "Malformed_HTTP_Response"],
    ["", true, "connection failed"],
  ])("(%s) may have got the request: %p", async (code, reached, words) => {
    answer = failing(code);
    const outcome = await send();
    expect(outcome).toEqual({ kind: "unreachable", reached, message: expect.stringContaining(words) });
    expect(JSON.stringify(outcome)).not.toContain("secret");
    expect([wheel.items.size, calls.length, successes]).toEqual([0, 1, 0]);
  });

  test.each([
    [
      { kind: "unreachable", message: "why" } as const,
      { kind: "unreachable", message: "why", reached: false },
    ],
    [{ kind: "timeout" } as const, { kind: "timeout", timer: "connect", reached: false }],
    [{ kind: "aborted" } as const, { kind: "aborted", reached: false }],
  ])("beforehand (%j) is not sent to", async (failure, expected) => {
    check = async () => failure;
    expect<unknown>(await send()).toEqual(expected);
    expect([calls.length, wheel.items.size]).toEqual([0, 0]);
  });
});

describe("an upstream that is silent", () => {
  test.each([
    ["first_byte", { firstByteMs: 500, totalMs: 0 }],
    ["total", { firstByteMs: 0, totalMs: 500 }],
  ])("is given up by the timer %s", async (timer, limits) => {
    answer = silent;
    const outcome = send(fakeProvider({ timeouts: { connectMs: 0, idleMs: 0, ...limits } }));
    await Bun.sleep(0);
    wheel.advance(500);
    expect<unknown>(await outcome).toEqual({ kind: "timeout", timer, reached: true });
    expect(wheel.items.size).toBe(0);
  });

  test("is let go when the caller leaves", async () => {
    answer = silent;
    const control = new AbortController();
    const outcome = send(fakeProvider(), control);
    await Bun.sleep(0);
    control.abort("client_closed");
    expect(await outcome).toEqual({ kind: "aborted", reached: true });
    expect(wheel.items.size).toBe(0);
  });

  test("in the middle of its answer aborts the attempt with the timer's name", async () => {
    const control = new AbortController();
    const outcome = await send(fakeProvider(), control);
    if (outcome.kind !== "reply") throw new Error(outcome.kind);
    outcome.reply.timers.started();
    wheel.advance(3_000);
    expect(control.signal.reason).toEqual(new TimeoutCause("idle"));
  });
});

describe("a socket that was reset", () => {
  /** One whole answer, so that a socket is presumably kept open. */
  async function answered(provider = fakeProvider(), whole = true): Promise<void> {
    const outcome = await send(provider);
    if (outcome.kind === "reply") outcome.reply.done(whole);
    calls.length = 0;
  }

  /** Fails so many times, then answers. */
  function failTimes(times: number, code = "ECONNRESET"): void {
    let left = times;
    answer = (url, init) => (left-- > 0 ? failing(code)(url, init) : Promise.resolve(new Response("second")));
  }

  test("and presumably used before is replaced once, by a fresh one", async () => {
    await answered();
    failTimes(1);
    expect((await send()).kind).toBe("reply");
    expect(calls).toHaveLength(2);
    expect([calls[0]?.keepalive, calls[1]?.keepalive]).toEqual([undefined, false]);
    expect(calls[1]?.body).toBe(REQUEST.body as Uint8Array<ArrayBuffer>);
  });

  test("is replaced once only", async () => {
    await answered();
    failTimes(2);
    expect(await send()).toMatchObject({ kind: "unreachable", reached: true });
    expect(calls).toHaveLength(2);
  });

  test("in its first use is not tried again", async () => {
    failTimes(1);
    expect(await send()).toMatchObject({ kind: "unreachable", reached: true });
    expect(calls).toHaveLength(1);
  });

  test.each<[string, () => Promise<void>]>([
    ["was given up half-way", () => answered(fakeProvider(), false)],
    ["belongs to another origin", () => answered(fakeProvider({ origin: { host: "other.test", port: 80 } }))],
    [
      "was closed by the answer itself",
      () => {
        answer = async () => new Response("ok", { headers: { connection: "close" } });
        return answered();
      },
    ],
  ])("is a first use where the last one %s", async (_, arrange) => {
    await arrange();
    failTimes(1);
    expect((await send()).kind).toBe("unreachable");
    expect(calls).toHaveLength(1);
  });

  test("is not replaced by two calls at once for one socket", async () => {
    await answered();
    failTimes(2);
    const outcomes = await Promise.all([send(), send()]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["reply", "unreachable"]);
    expect(calls).toHaveLength(3);
  });

  test("is what it is after other failures: those are not tried again", async () => {
    await answered();
    failTimes(1, "ECONNREFUSED");
    expect((await send()).kind).toBe("unreachable");
    expect(calls).toHaveLength(1);
  });

  test("is not replaced for a caller who has left", async () => {
    await answered();
    const control = new AbortController();
    answer = (url, init) => {
      control.abort("client_closed");
      return failing("ECONNRESET")(url, init);
    };
    expect(await send(fakeProvider(), control)).toEqual({ kind: "aborted", reached: true });
    expect(calls).toHaveLength(1);
  });
});
