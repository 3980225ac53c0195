// What outlives a reload: counters of what is under way, the memory of bodies, connections, queues, lists of models.

import type { Problem } from "../config/problem.ts";
import type { Concurrency } from "../exchange.ts";
import type { Wheel } from "../lib/wheel.ts";
import { Discovery } from "../routing/discovery.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Upstream } from "../upstream/send.ts";
import { ProviderSlots } from "../upstream/slots.ts";
import { createModelsAsk } from "./ask-models.ts";
import { UsageRefusals } from "./ask-usage.ts";
import type { Snapshot } from "./snapshot.ts";

/** Everything that changes while the gateway runs and does not come from the configuration. */
export interface State {
  readonly wheel: Wheel;
  readonly upstream: Upstream;
  /** The account of money and tokens. */
  readonly ledger: Ledger;
  /** When each virtual key was used last, by its name; epoch milliseconds. */
  readonly lastUsed: Map<string, number>;
  /** Calls under way and in the queue, by provider. */
  readonly slots: ProviderSlots;
  /** What providers have said they offer. */
  readonly discovery: Discovery;
  /** Providers that must not be asked for usage on streams. */
  readonly usageRefusals: UsageRefusals;
  /** Tells this process from all others, so that a request that comes back to it is noticed. */
  readonly instanceId: string;
  /** Requests of the data plane that have not ended. */
  readonly inFlight: Gauge;
  /** Bytes of bodies held in memory. */
  readonly buffered: Gauge;
  /** Attempts that can be ended from here when the time to stop has come. */
  readonly interrupts: Set<() => void>;
  /** `stopping`: not ready any more, still serving. `closed`: new requests are refused. */
  phase: "serving" | "stopping" | "closed";
  /** What came of the last try to load the configuration. */
  configReload: ConfigReload;
}

/** Replaced whole. The configuration in force is the last good one, whatever came of the last try. */
export interface ConfigReload {
  /** Whether the files, as they were read last, are in force. */
  readonly ok: boolean;
  /** Problems of the last try: why it is not `ok`, or warnings. */
  readonly problems: readonly Problem[];
  /** As the user named it; `-` is standard input. */
  readonly path: string;
  /** Epoch milliseconds at which the configuration in force was loaded. */
  readonly loadedAt: number;
  /** SHA-256 in hex over the files that the configuration in force was read from. */
  readonly hash: string;
}

/** A count with a limit. */
export class Gauge {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Adds, unless the limit would be passed. */
  take(amount: number, limit: number): boolean {
    if (this.#value + amount > limit) return false;
    this.#value += amount;
    return true;
  }

  give(amount: number): void {
    this.#value -= amount;
  }
}

export function createState(deps: {
  wheel: Wheel;
  upstream: Upstream;
  ledger: Ledger;
  instanceId: string;
}): State {
  return {
    ...deps,
    lastUsed: new Map(),
    slots: new ProviderSlots(deps.wheel),
    discovery: new Discovery({ ask: createModelsAsk(deps), wheel: deps.wheel }),
    usageRefusals: new UsageRefusals(),
    inFlight: new Gauge(),
    buffered: new Gauge(),
    interrupts: new Set(),
    phase: "serving",
    configReload: { ok: true, problems: [], path: "", loadedAt: 0, hash: "" },
  };
}

/** Fits the state to the configuration that is in force from now on: at the start, and after every change of it. */
export function adopt({ slots, discovery }: State, { directory }: Snapshot): void {
  const limits = new Map<string, Concurrency>();
  for (const { name, concurrency } of directory.providers.values())
    if (concurrency !== undefined) limits.set(name, concurrency);
  slots.configure(limits);
  discovery.keep(directory.discoverable);
}
