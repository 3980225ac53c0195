// What can happen to a ledger under test, and what the test remembers of it.

import type { CounterKey, Reservation } from "../../src/store/entry.ts";

export const STEP_KINDS = [
  ...["reserve", "reserve", "reserve", "reserve", "settle", "settle", "settle", "retry", "retry", "release"],
  ...[
    "refuse",
    "end",
    "commit",
    "commit",
    "crash",
    "half-crash",
    "restart",
    "pass",
    "jump",
    "reset",
    "reload",
  ],
] as const;

export interface Step {
  readonly kind: (typeof STEP_KINDS)[number];
  /** Chooses among what there is, and how much. */
  readonly a: number;
  readonly b: number;
}

/** What a closed attempt added to a counter, or what an open one holds in it. */
export interface Entry {
  readonly key: CounterKey;
  readonly epoch: number;
  readonly amount: bigint;
}

export interface OpenAttempt {
  reservation: Reservation;
  readonly entries: readonly Entry[];
  readonly heldNanoUsd: bigint;
  readonly heldTokens: bigint;
}

export interface Request {
  readonly id: string;
  readonly seq: number;
  /** Undefined = between two attempts. */
  attempt: OpenAttempt | undefined;
  /** Of the attempt before. */
  last: Reservation;
  cost: bigint;
  readonly running: readonly Entry[];
}
