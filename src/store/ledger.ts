// The account of money and tokens as the rest of the gateway sees it: few verbs, all awaited.

import type {
  Admission,
  CounterKey,
  Level,
  RequestRow,
  Reservation,
  Reserving,
  Settlement,
} from "./entry.ts";

/**
 * Verbs are awaited although this one answers at once, so that counters can be shared between processes later. Each acts
 * as a whole, in one synchronous block.
 */
export interface Ledger {
  /** Epoch milliseconds for choosing windows: never earlier than a moment that was seen before. */
  now(): number;
  /** Looks at all counters; if one refuses nothing is booked, else all is held and durable when this resolves. */
  reserve(entry: Reserving): Promise<Admission>;
  /** Closes an attempt with what it cost. A second call does nothing. */
  settle(reservation: Reservation, settlement: Settlement): Promise<void>;
  /** The previous attempt's settlement and the next one's reservation, settlement first, as one. */
  settleAndReserve(reservation: Reservation, settlement: Settlement, next: Reserving): Promise<Admission>;
  /**
   * Closes an attempt that used nothing: holds are taken back. `refused` = the request was refused after it was booked,
   * so it does not count as one either. `row` as in {@link Settlement}.
   */
  release(reservation: Reservation, refused: boolean, row: (() => RequestRow) | undefined): Promise<void>;
  /** Keeps the row of a request that never held anything. */
  note(row: () => RequestRow): void;
  /** How a counter stands; zeros where nothing was counted yet. */
  level(counter: CounterKey): Level;
  /** All counters that are in use, for lists. */
  counters(): Iterable<{ readonly counter: CounterKey; readonly level: Level }>;
  /** Starts the counters of a policy again, of one subject or of all; what is held now settles into the old ones. */
  reset(policy: string, subject: string | undefined): void;
  /** Why it takes no reservations now; undefined = it does. */
  readonly fault: string | undefined;
  /** Calls the function with every row after it is stored; returns how to stop that. */
  onRow(listener: (row: RequestRow, seq: number) => void): () => void;
  /** Writes out everything that is settled. */
  flush(): void;
  /** Flushes, and gives the store up. */
  close(): void;
}
