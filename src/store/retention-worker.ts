// The other side of retention: deletes on a thread and a connection of its own, so that no call waits for it.

import { openDatabase, setCheckpoint, setPatience } from "./database.ts";
import { createFacts } from "./facts.ts";
import { createSteps } from "./retention-steps.ts";

export interface RetentionOrder {
  readonly path: string;
  /** Rows of requests before this moment (epoch ms) go. */
  readonly before: number;
  readonly now: number;
}

export interface RetentionReply {
  /** Undefined = it is done. */
  readonly error: string | undefined;
}

declare const self: Worker;

/** Another transaction is waited for so long: the ledger's take milliseconds. */
const BUSY_MS = 10_000;

/** After each step the ledger has so long for its own transaction, which it tries every 10 ms. */
const REST_MS = 10;

/** Rows of random ids touch the same pages again and again: seldom written, they are written less. */
const CHECKPOINT_PAGES = 8_000;

let isStopped = false;

self.onmessage = ({ data }: MessageEvent<RetentionOrder | "stop">) => {
  if (data === "stop") isStopped = true;
  else void work(data);
};

async function work({ path, before, now }: RetentionOrder): Promise<void> {
  let error: string | undefined;
  try {
    await clean(path, before, now);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  self.postMessage({ error } satisfies RetentionReply);
}

async function clean(path: string, before: number, now: number): Promise<void> {
  const database = openDatabase({ path, sync: "normal" });
  try {
    setPatience(database, BUSY_MS);
    setCheckpoint(database, CHECKPOINT_PAGES);
    const steps = createSteps(database, createFacts(database))(before, now);
    while (!isStopped) {
      if (steps.next().done === true) break;
      await Bun.sleep(REST_MS);
    }
  } finally {
    database.close(true);
  }
}
