// When old rows are deleted: soon after the start and every hour, on a thread of its own that ends with the work.

import type { Database } from "bun:sqlite";
import type { Schedule } from "./commit-queue.ts";
import { CHECKPOINT_PAGES, setCheckpoint } from "./database.ts";
import type { Facts } from "./facts.ts";
import { createSteps } from "./retention-steps.ts";
import type { RetentionOrder, RetentionReply } from "./retention-worker.ts";
import { reasonOf } from "./store-error.ts";
import { workerFile } from "./worker-file.ts";

/** After the start; and from one run to the next. */
const FIRST_MS = 10_000;
const EVERY_MS = 3_600_000;

const DAY_MS = 86_400_000;

export interface RetentionOptions {
  readonly database: Database;
  readonly facts: Facts;
  /** Of the database; undefined for a store in memory, which only its own connection sees. */
  readonly path: string | undefined;
  readonly schedule: Schedule;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** How long rows are kept, in milliseconds. */
  readonly retentionMs: () => number;
  readonly onProblem: (text: string) => void;
}

/**
 * Deleting half of a million rows takes seconds, with stops of 5 to 200 ms, since the index of ids is touched all over:
 * so it runs aside. The thread costs some 12 MB, so there is none while nothing is old enough.
 */
export function createRetention(options: RetentionOptions): { stop(): void } {
  const { database, facts, path, schedule, now, retentionMs, onProblem } = options;
  const oldRow = database.query("SELECT 1 FROM requests WHERE at < ? LIMIT 1");
  const oldHour = database.query("SELECT 1 FROM rollups WHERE starts >= ? AND starts < ? LIMIT 1");
  let worker: Worker | undefined;
  let isStopped = false;
  let cancel = schedule(FIRST_MS, look);

  function look(): void {
    cancel = schedule(EVERY_MS, look);
    const before = now() - retentionMs();
    try {
      if (worker === undefined && isDue(before)) work({ before, now: now() });
    } catch (error) {
      failed(reasonOf(error));
    }
  }

  function isDue(before: number): boolean {
    const day = Math.floor(before / DAY_MS) * DAY_MS;
    return oldRow.get(before) !== null || oldHour.get(facts.foldedUntil(), day) !== null;
  }

  function work(order: Omit<RetentionOrder, "path">): void {
    if (path === undefined) {
      stepWithin(createSteps(database, facts)(order.before, order.now));
      return;
    }
    const own = new Worker(workerFile("retention-worker.ts"), { smol: true });
    worker = own;
    own.unref();
    // Checkpoints of what it deletes are its own: they would stop the loop for 100 ms.
    setCheckpoint(database, 0);
    own.onmessage = ({ data }: MessageEvent<RetentionReply>) => {
      ended();
      // Its connection is closed by now.
      own.terminate();
      if (data.error !== undefined) failed(data.error);
    };
    own.onerror = ({ message }) => {
      ended();
      failed(message);
    };
    own.postMessage({ ...order, path } satisfies RetentionOrder);
  }

  function ended(): void {
    worker = undefined;
    if (!isStopped) setCheckpoint(database, CHECKPOINT_PAGES);
  }

  function stepWithin(steps: Iterator<void>): void {
    if (steps.next().done !== true) cancel = schedule(50, () => stepWithin(steps));
    else cancel = schedule(EVERY_MS, look);
  }

  function failed(reason: string): void {
    onProblem(`Old rows could not be deleted: ${reason}. It is tried again in an hour.`);
  }

  return {
    stop() {
      isStopped = true;
      cancel();
      // Not by ending it: its transaction would stay open. It leaves after its step.
      worker?.postMessage("stop");
    },
  };
}
