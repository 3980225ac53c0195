// Whether an origin can be connected to: asked before the first call, trusted for ten seconds, never a metadata address.

import { beforeEach, describe, expect, test } from "bun:test";
import { createReach, errorCode, type Network, type Reach, reasonOf } from "../../../src/upstream/reach.ts";

const ORIGIN = { host: "up.test", port: 8_000 };
const NEVER = new AbortController().signal;
const LONG_MS = 60_000;

let at: number;
let connections: string[];
let lookups: number;
let resolve: Network["lookup"];
let connect: Network["connect"];
let reach: Reach;

beforeEach(() => {
  at = 0;
  lookups = 0;
  connections = [];
  resolve = async () => ["192.0.2.1"];
  connect = async () => {};
  reach = createReach({
    now: () => at,
    lookup: (host) => {
      lookups += 1;
      return resolve(host);
    },
    connect: (address, port, signal) => {
      connections.push(`${address}:${port}`);
      return connect(address, port, signal);
    },
  });
});

function failing(code: string): Error {
  return Object.assign(new Error("failed"), { code });
}

function pending<T>(): Promise<T> {
  return new Promise(() => {});
}

describe("an origin", () => {
  test("is connected to once, then trusted for ten seconds", async () => {
    expect(await reach.check(ORIGIN, LONG_MS, NEVER)).toBeUndefined();
    at = 9_999;
    expect(reach.check(ORIGIN, LONG_MS, NEVER)).toBeUndefined();
    expect(connections).toEqual(["192.0.2.1:8000"]);
    at = 10_000;
    expect(reach.check(ORIGIN, LONG_MS, NEVER)).toBeInstanceOf(Promise);
    expect(lookups).toBe(2);
  });

  test("that has answered is trusted for ten seconds more", async () => {
    await reach.check(ORIGIN, LONG_MS, NEVER);
    at = 9_000;
    reach.succeeded(ORIGIN);
    at = 18_999;
    expect(reach.check(ORIGIN, LONG_MS, NEVER)).toBeUndefined();
    expect(connections).toHaveLength(1);
  });

  test("is another one on another port or host", async () => {
    await reach.check(ORIGIN, LONG_MS, NEVER);
    for (const other of [
      { ...ORIGIN, port: 8_001 },
      { ...ORIGIN, host: "other.test" },
    ])
      expect(await reach.check(other, LONG_MS, NEVER)).toBeUndefined();
    expect(connections).toHaveLength(3);
  });

  test("that was not reached is not trusted", async () => {
    connect = () => Promise.reject(failing("ECONNREFUSED"));
    await reach.check(ORIGIN, LONG_MS, NEVER);
    await reach.check(ORIGIN, LONG_MS, NEVER);
    expect(connections).toHaveLength(2);
  });
});

describe("of several addresses", () => {
  test("one that answers is enough", async () => {
    resolve = async () => ["2001:db8::1", "192.0.2.1", "192.0.2.2"];
    connect = (address) =>
      address === "192.0.2.1" ? Promise.resolve() : Promise.reject(failing("ENETUNREACH"));
    expect(await reach.check(ORIGIN, LONG_MS, NEVER)).toBeUndefined();
    expect(connections.slice(0, 2)).toEqual(["2001:db8::1:8000", "192.0.2.1:8000"]);
  });

  test("one that never answers does not use up the time of the others, and is given up", async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    resolve = async () => ["2001:db8::1", "192.0.2.1"];
    connect = (address, _port, signal) => {
      if (address === "192.0.2.1") return Promise.resolve();
      signal.addEventListener("abort", () => close());
      return pending();
    };
    expect(await reach.check(ORIGIN, 0, NEVER)).toBeUndefined();
    await closed;
  });

  test("all that fail are a failure, in the words of one of them", async () => {
    resolve = async () => ["192.0.2.1", "192.0.2.2"];
    connect = () => Promise.reject(failing("ECONNREFUSED"));
    expect(await reach.check(ORIGIN, LONG_MS, NEVER)).toEqual({
      kind: "unreachable",
      message: "up.test:8000: nothing listens there (connection refused)",
    });
  });

  test("none is a failure", async () => {
    resolve = async () => [];
    expect(await reach.check(ORIGIN, LONG_MS, NEVER)).toMatchObject({ kind: "unreachable" });
  });
});

describe("a forbidden address", () => {
  test.each([
    "169.254.169.254",
    "192.0.2.1 169.254.169.254",
    "fe80::1%eth0",
    "::ffff:a9fe:a9fe",
    "fd00:ec2::254",
  ])("among those of the name (%s) is refused without a connection", async (addresses) => {
    resolve = async () => addresses.split(" ");
    expect(await reach.check(ORIGIN, LONG_MS, NEVER)).toEqual({
      kind: "unreachable",
      message: "up.test resolves to a link-local or metadata address, which is never called",
    });
    expect(connections).toEqual([]);
  });
});

describe("a check that takes too long", () => {
  test.each<[string, () => void]>([
    ["to look the name up", () => (resolve = pending)],
    ["to connect", () => (connect = pending)],
  ])("%s is a time-out", async (_, arrange) => {
    arrange();
    expect(await reach.check(ORIGIN, 1, NEVER)).toEqual({ kind: "timeout" });
  });

  test("closes the connection that was being opened", async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    connect = (_address, _port, signal) => {
      signal.addEventListener("abort", () => close());
      return pending();
    };
    await reach.check(ORIGIN, 1, NEVER);
    await closed;
  });
});

describe("a caller that gives up", () => {
  test.each<[string, () => void]>([
    ["during the look-up", () => (resolve = pending)],
    ["during the connection", () => (connect = pending)],
  ])("%s ends the check", async (_, arrange) => {
    arrange();
    const control = new AbortController();
    const checked = reach.check(ORIGIN, 0, control.signal);
    await Bun.sleep(0);
    control.abort();
    expect(await checked).toEqual({ kind: "aborted" });
  });

  test("before it began is not connected for", async () => {
    connect = pending;
    resolve = pending;
    expect(await reach.check(ORIGIN, 0, AbortSignal.abort())).toEqual({ kind: "aborted" });
    expect(lookups).toBe(0);
  });

  test("leaves no listener behind", async () => {
    const control = new AbortController();
    let listeners = 0;
    const { signal } = control;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await reach.check(ORIGIN, LONG_MS, signal);
    expect(listeners).toBe(0);
  });
});

describe("a network error", () => {
  test.each([
    ["ECONNREFUSED", "nothing listens there (connection refused)"],
    ["ENOTFOUND", "the host name is not known"],
    ["EAI_AGAIN", "the host name could not be looked up"],
    ["ESOMETHING", "ESOMETHING"],
    ["", "connection failed"],
  ])("%p is worded: %s", (code, words) => {
    expect(reasonOf(failing(code), ORIGIN)).toBe(`up.test:8000: ${words}`);
  });
  test.each([[undefined], [null], ["text"], [{}], [{ code: 7 }]])("%p has no code", (error) => {
    expect(errorCode(error)).toBe("");
  });
  test("of a look-up is a failure in words", async () => {
    resolve = () => Promise.reject(failing("ENOTFOUND"));
    expect(await reach.check(ORIGIN, LONG_MS, NEVER)).toEqual({
      kind: "unreachable",
      message: "up.test:8000: the host name is not known",
    });
  });
});
