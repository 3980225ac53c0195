// A store under test: its time stands still, its timers run when the test says so.

import { join } from "node:path";
import type { CounterKey, Hold, Metric, Profile, RequestRow, Reserving } from "../../src/store/entry.ts";
import { openStore, type Store, type StoreOptions } from "../../src/store/open-store.ts";
import { scratch } from "./scratch.ts";

/** A Saturday, 12:00 UTC. */
export const NOON = Date.UTC(2026, 10, 21, 12);

export const PROFILE: Profile = {
  key: "alice",
  user: "alice",
  workspace: "research",
  tags: {},
  provider: "acme",
  model: "large",
  policies: ["cap"],
};

/** A path for a store in a folder of its own. */
export function storePath(): string {
  return join(scratch(), "postern.db");
}

export interface Scene {
  readonly store: Store;
  readonly ledger: Store["ledger"];
  /** Moves both clocks; nothing else happens. */
  pass(ms: number): void;
  /** Moves the clock on the wall alone. */
  setWall(at: number): void;
  /** Runs everything that is scheduled within so many milliseconds, moving the clocks along. */
  run(ms: number): void;
  readonly problems: string[];
  readonly faults: (string | undefined)[];
  readonly jumps: number[];
}

interface Timer {
  at: number;
  readonly callback: () => void;
}

/** Opens a store at the path; without one, in memory. */
export async function openScene(path = ":memory:", changes: Partial<StoreOptions> & { at?: number } = {}) {
  let wall = changes.at ?? NOON;
  let monotonic = 1_000;
  const timers = new Set<Timer>();
  const problems: string[] = [];
  const faults: (string | undefined)[] = [];
  const jumps: number[] = [];
  const pass = (ms: number): void => {
    wall += ms;
    monotonic += ms;
  };
  const store = await openStore({
    path,
    sync: "normal",
    retentionMs: () => 30 * 86_400_000,
    slots: 64,
    pid: 4711,
    lockWaitMs: 0,
    wall: () => wall,
    monotonic: () => monotonic,
    sleep: async () => {},
    schedule(ms, callback) {
      const timer = { at: monotonic + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    onJump: (byMs) => jumps.push(byMs),
    onFault: (reason) => faults.push(reason),
    onProblem: (text) => problems.push(text),
    onCommit: () => {},
    ...changes,
  });
  const scene: Scene = {
    store,
    ledger: store.ledger,
    pass,
    setWall: (at) => {
      wall = at;
    },
    run(ms) {
      const end = monotonic + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        pass(Math.max(0, next.at - monotonic));
        next.callback();
      }
      pass(Math.max(0, end - monotonic));
    },
    problems,
    faults,
    jumps,
  };
  return scene;
}

/** A counter; by default of dollars, for all, for ever. */
export function counterKey(changes: Partial<Omit<CounterKey, "id">> = {}): CounterKey {
  const key = {
    policy: "cap",
    metric: "usd" as Metric,
    subject: undefined,
    shape: "total",
    start: 0,
    end: Number.POSITIVE_INFINITY,
    durable: true,
    ...changes,
  };
  const { policy, metric, subject, shape, start, end } = key;
  return { ...key, id: JSON.stringify([policy, metric, subject, shape, start, end]) };
}

export function hold(counter: CounterKey, amount: bigint, limit?: bigint): Hold {
  return { counter, amount, limit };
}

/** A first attempt that holds 100 nano-dollars and 10 tokens. */
export function reserving(holds: readonly Hold[], changes: Partial<Reserving> = {}): Reserving {
  return {
    requestId: "r1",
    attempt: 1,
    at: NOON,
    profile: PROFILE,
    price: undefined,
    heldNanoUsd: 100n,
    heldTokens: 10,
    holds,
    ...changes,
  };
}

/** The row of a request that went well. */
export function requestRow(changes: Partial<RequestRow> = {}): RequestRow {
  return {
    id: "r1",
    at: NOON,
    profile: PROFILE,
    price: undefined,
    format: "openai",
    endpoint: "chat",
    requestedModel: "large",
    stream: false,
    status: 200,
    code: undefined,
    ended: "completed",
    attempts: [],
    usage: undefined,
    costNanoUsd: 0n,
    flags: [],
    totalMs: 12,
    firstByteMs: 5,
    overheadMs: 0.3,
    passed: ["cap"],
    violated: [],
    clientIp: undefined,
    userAgent: undefined,
    traceId: undefined,
    ...changes,
  };
}
