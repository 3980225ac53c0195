// Parts of the gateway made by hand for unit tests: keys, providers, a wheel that turns when told, a log that is read.

import type { AccessRules, Provider, Target, VirtualKey } from "../../src/exchange.ts";
import { ENDPOINT_NAMES } from "../../src/formats/table.ts";
import type { Due, Wheel } from "../../src/lib/wheel.ts";
import type { Log, LogFields } from "../../src/telemetry/log.ts";
import { type RecordSink, RequestRecord } from "../../src/telemetry/record.ts";

/** A wheel whose clock stands still until it is advanced. */
export class FakeWheel implements Wheel {
  readonly items = new Set<Due>();
  #at = 0;

  now(): number {
    return this.#at;
  }

  add(due: Due): void {
    this.items.add(due);
  }

  remove(due: Due): void {
    this.items.delete(due);
  }

  /** Lets time pass, and calls whatever falls due on the way, at its time. */
  advance(ms: number): void {
    const end = this.#at + ms;
    for (;;) {
      const next = [...this.items].toSorted((a, b) => a.dueAt - b.dueAt)[0];
      if (next === undefined || next.dueAt > end) break;
      this.#at = Math.max(this.#at, next.dueAt);
      next.due(this.#at);
    }
    this.#at = end;
  }
}

export const NO_ACCESS_RULES: AccessRules = { models: [], providers: [] };

export function fakeKey(more: Partial<VirtualKey> = {}): VirtualKey {
  return {
    name: "tester",
    user: undefined,
    workspace: undefined,
    aliases: new Map(),
    access: NO_ACCESS_RULES,
    expiresAt: undefined,
    disabled: false,
    tags: {},
    ...more,
  };
}

export function fakeProvider(more: Partial<Provider> = {}): Provider {
  const name = more.name ?? "up";
  return {
    name,
    type: "openai-compatible",
    dialect: "openai",
    places: undefined,
    subscriptionLogins: false,
    root: `http://${name}.test/v1`,
    auth: { kind: "none" },
    credential: undefined,
    credentialName: "`api_key` of the provider",
    pin: undefined,
    models: undefined,
    declared: [],
    endpoints: new Set(ENDPOINT_NAMES),
    headers: {},
    forwardHeaders: [],
    timeouts: { connectMs: 1_000, firstByteMs: 2_000, idleMs: 3_000, totalMs: 60_000 },
    concurrency: undefined,
    tls: { ca: undefined, insecure: false },
    httpProxy: undefined,
    origin: { host: `${name}.test`, port: 80 },
    streamUsage: true,
    repair: false,
    local: undefined,
    ...more,
  };
}

/** `null` stands for a call without a model. */
export function fakeTarget(provider: Provider = fakeProvider(), model: string | null = "m"): Target {
  if (model === null) return { provider, model: undefined, id: provider.name };
  return { provider, model, id: `${provider.name}/${model}` };
}

export interface FakeLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
}

export interface FakeLog extends Log {
  readonly lines: readonly FakeLine[];
}

export function fakeLog(): FakeLog {
  const lines: FakeLine[] = [];
  const write = (level: FakeLine["level"]) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    lines,
    debug: write("debug"),
    info: write("info"),
    plain: write("info"),
    warn: write("warn"),
    error: write("error"),
    setLevel: () => {},
    flush: () => {},
  };
}

export interface FakeSink extends RecordSink {
  readonly log: FakeLog;
  /** Records in the order in which they were closed, one entry per report. */
  readonly closings: readonly RequestRecord[];
}

/** A sink on the given clock; its throttle lets everything through. */
export function fakeSink(now: () => number = () => 0): FakeSink {
  const closings: RequestRecord[] = [];
  return { log: fakeLog(), now, throttle: () => 0, closings, closed: (record) => closings.push(record) };
}

export function fakeRecord(sink: RecordSink = fakeSink()): RequestRecord {
  return new RequestRecord("request-1", "POST", "127.0.0.1", sink);
}
