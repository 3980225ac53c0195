// The store of a gateway that runs: opened with this process's clock and timers, its troubles told to the log.

import { dirname } from "node:path";
import type { Config } from "../config/schema.ts";
import { durationMs } from "../lib/duration.ts";
import { openStore, type Store } from "../store/open-store.ts";
import { StoreError } from "../store/store-error.ts";
import type { Log } from "../telemetry/log.ts";
import { CommandError } from "./io.ts";

export interface GatewayStoreParts {
  readonly config: Config;
  /** The configuration in force: retention may change while the gateway runs. */
  readonly live: () => Config;
  readonly log: Log;
  /** After each transaction: milliseconds, rows. */
  readonly onCommit: (ms: number, rows: number) => void;
  /** Epoch milliseconds. */
  readonly wall: () => number;
  /** Milliseconds of a clock that never steps back. */
  readonly monotonic: () => number;
}

/** What an owner that drains may need beyond its `server.drain`. */
const PATIENCE_MS = 5_000;

/** Calls that may be held beyond `server.max_connections`: settled ones whose batch is not written yet. */
const SPARE_SLOTS = 4_096;

/** Longer than any row is old. */
const FOR_EVER_MS = 1_000 * 365 * 24 * 3_600_000;

/** 0 = rows are kept for ever. */
function retentionMs({ store }: Config): number {
  return durationMs(store.retention.requests) || FOR_EVER_MS;
}

/**
 * Opens the store, after waiting for another gateway that has it to end.
 *
 * @throws {CommandError} with what is wrong and what to do
 */
export async function openGatewayStore(parts: GatewayStoreParts): Promise<Store> {
  const { config, live, log } = parts;
  const { path, sync } = config.store;
  try {
    const store = await openStore({
      path,
      sync,
      retentionMs: () => retentionMs(live()),
      slots: config.server.max_connections + SPARE_SLOTS,
      pid: process.pid,
      lockWaitMs: durationMs(config.server.drain) + PATIENCE_MS,
      wall: parts.wall,
      monotonic: parts.monotonic,
      schedule(ms, callback) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
      sleep: (ms) => Bun.sleep(ms),
      onJump: (byMs) =>
        log.warn({ by_ms: byMs }, "the clock jumped ahead; windows of policies follow it in a minute"),
      onFault: (reason) => {
        if (reason === undefined) log.info({}, "the store can be written again");
        else log.error({ reason }, "the store cannot be written: requests get 503 until it can");
      },
      onProblem: (text) => log.warn({ store: path }, text),
      onCommit: parts.onCommit,
    });
    const { interrupted, settled } = store.recovered;
    if (interrupted > 0 || settled > 0)
      log.warn(
        { interrupted, settled },
        "the last process ended without closing its accounts; what it held is charged",
      );
    return store;
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(`${error.message}${hint(path, error)}`);
    throw error;
  }
}

function hint(path: string, { message }: StoreError): string {
  return message.includes("store.path") ? "" : ` (store.path is in ${dirname(path)})`;
}
