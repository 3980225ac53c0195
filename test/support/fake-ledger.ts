// A ledger for unit tests: admits everything unless told otherwise, and remembers how accounts were closed.

import type { Admission, RequestRow, Reservation, Reserving, Settlement } from "../../src/store/entry.ts";
import type { Ledger } from "../../src/store/ledger.ts";

export interface FakeLedger extends Ledger {
  fault: string | undefined;
  /** What the next reservations are told; undefined = they are admitted. */
  refusing: Exclude<Admission, { readonly kind: "reserved" }> | undefined;
  readonly reserved: readonly Reserving[];
  readonly settled: readonly Settlement[];
  /** Whether each released one was refused. */
  readonly released: readonly boolean[];
  /** Rows of all requests, with and without reservations, in the order of their ends. */
  readonly rows: readonly RequestRow[];
}

export function fakeLedger(now: () => number): FakeLedger {
  const reserved: Reserving[] = [];
  const settled: Settlement[] = [];
  const released: boolean[] = [];
  const rows: RequestRow[] = [];
  const keep = (row: (() => RequestRow) | undefined): void => {
    if (row !== undefined) rows.push(row());
  };
  const open = new Set<Reservation>();
  const ledger: FakeLedger = {
    fault: undefined,
    refusing: undefined,
    reserved,
    settled,
    released,
    rows,
    now,
    async reserve(entry) {
      if (ledger.refusing !== undefined) return ledger.refusing;
      reserved.push(entry);
      const levels = entry.holds.map(() => ({ spent: 0n, held: 0n }));
      const reservation = { seq: reserved.length, entry, levels };
      open.add(reservation);
      return { kind: "reserved", reservation };
    },
    async settle(reservation, settlement) {
      if (!open.delete(reservation)) return;
      settled.push(settlement);
      keep(settlement.row);
    },
    async settleAndReserve(reservation, settlement, next) {
      await ledger.settle(reservation, settlement);
      return await ledger.reserve(next);
    },
    async release(reservation, refused, row) {
      if (!open.delete(reservation)) return;
      released.push(refused);
      keep(row);
    },
    note: keep,
    level: () => ({ spent: 0n, held: 0n }),
    counters: () => [],
    reset: () => {},
    onRow: () => () => {},
    flush: () => {},
    close: () => {},
  };
  return ledger;
}
