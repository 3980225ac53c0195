// Stopping: new connections are refused, running requests are let finish for a while, a second signal ends everything.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { untilStopped } from "../../../src/cli/drain.ts";
import { createState, type State } from "../../../src/gateway/state.ts";
import type { Listener } from "../../../src/http/app.ts";
import { until } from "../../support/deadline.ts";
import { fakeLedger } from "../../support/fake-ledger.ts";
import { type FakeLog, FakeWheel, fakeLog } from "../../support/fake-parts.ts";
import { snapshotOf } from "../../support/snapshots.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

let state: State;
let log: FakeLog;
let events: string[];
let pending: number;
let close: () => Promise<void>;
let before: Map<string, readonly unknown[]>;

beforeEach(() => {
  before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  state = createState({
    wheel: new FakeWheel(),
    upstream: { send: () => Promise.reject(new Error("not asked")) },
    ledger: fakeLedger(() => 0),
    instanceId: "i",
  });
  log = fakeLog();
  events = [];
  pending = 0;
  close = async () => {};
});
afterEach(() => {
  for (const signal of SIGNALS)
    for (const listener of process.listeners(signal))
      if (!before.get(signal)?.includes(listener)) process.off(signal, listener);
});

function stopped(server: string): Promise<number> {
  const listener: Listener = {
    port: 1,
    retire: () => {},
    refuseConnections: () => void events.push(`refuse while ${state.phase}`),
    pending: () => pending,
    close: () => {
      events.push("close");
      return close();
    },
  };
  const snapshot = snapshotOf(`server: ${server}\n`);
  return untilStopped({ state, listener, snapshot: () => snapshot, log });
}

/** A request that runs until it is let go, or interrupted. */
function running(): { readonly end: () => void } {
  state.inFlight.take(1, 10);
  const end = (): void => {
    if (!state.interrupts.delete(interrupt)) return;
    state.inFlight.give(1);
  };
  const interrupt = (): void => {
    events.push("interrupt");
    end();
  };
  state.interrupts.add(interrupt);
  return { end };
}

function messages(): string[] {
  return log.lines.map(({ message }) => message);
}

describe.each(SIGNALS)("%s", (signal) => {
  test("with nothing running closes at once", async () => {
    const code = stopped("{ drain: 20s }");
    process.emit(signal, signal);
    expect(await code).toBe(0);
    expect(events).toEqual(["refuse while closed", "close"]);
    expect(messages()).toEqual(["stopping", "stopped"]);
    expect(log.lines[0]?.fields).toEqual({ signal, in_flight: 0, drain_ms: 20_000 });
  });

  test("lets what runs come to its end", async () => {
    const request = running();
    const code = stopped("{ drain: 20s }");
    process.emit(signal, signal);
    await until("connections to be refused", () => (events.length > 0 ? true : undefined));
    expect(state.phase).toBe("closed");
    request.end();
    expect(await code).toBe(0);
    expect(events).toEqual(["refuse while closed", "close"]);
  });
});

test("what outlasts drain is interrupted, and its last words are waited for", async () => {
  running();
  pending = 1;
  const code = stopped("{ drain: 1ms }");
  process.emit("SIGTERM", "SIGTERM");
  await until("the interruption", () => (events.includes("interrupt") ? true : undefined));
  expect(events).not.toContain("close");
  pending = 0;
  expect(await code).toBe(0);
  expect(events).toEqual(["refuse while closed", "interrupt", "close"]);
  expect(messages()).toEqual(["stopping", "ending requests that still run", "stopped"]);
});

test("for drain_delay it is not ready any more, but serves", async () => {
  const code = stopped("{ drain: 1s, drain_delay: 50ms }");
  process.emit("SIGTERM", "SIGTERM");
  expect([state.phase, events]).toEqual(["stopping", []]);
  expect(await code).toBe(0);
  expect(events).toEqual(["refuse while closed", "close"]);
});

test("a second signal interrupts what runs and does not wait for more", async () => {
  running();
  const code = stopped("{ drain: 20s }");
  process.emit("SIGTERM", "SIGTERM");
  process.emit("SIGINT", "SIGINT");
  expect(await code).toBe(0);
  expect(events).toContain("interrupt");
  expect(messages()).toContain("stopping at once");
});

test("a listener that cannot be closed is told, and is no success", async () => {
  close = () => Promise.reject(new Error("stuck"));
  const code = stopped("{ drain: 1s }");
  process.emit("SIGTERM", "SIGTERM");
  expect(await code).toBe(1);
  expect(messages()).toContain("could not stop in order");
});
