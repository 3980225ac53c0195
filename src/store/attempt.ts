// An open account: one attempt of a request, and the request that its attempts share.

import type { Account } from "./accounts.ts";
import type { Level, RequestRow, Reservation, Reserving } from "./entry.ts";
import type { SettledPart } from "./slot.ts";

/** What the attempts of one request have in common. */
export class OpenRequest {
  /** False once its row is on the way, or it ended without one. */
  isOpen = true;
  /** It was sent to a provider: at least one attempt was not refused. */
  isForwarded = false;
  /** Of all attempts that are closed. */
  costNanoUsd = 0n;
  /** The latest attempt. */
  last: Attempt | undefined;
  /** Journal slots of all attempts; freed together, so that a crash in between finds all of them. */
  readonly slots: number[] = [];
  /** Released with the request. */
  concurrent: readonly { readonly account: Account; readonly amount: bigint }[] = [];

  /** Of the first attempt: the number of the request's row. */
  readonly seq: number;

  constructor(seq: number) {
    this.seq = seq;
  }
}

/** A reservation, as the ledger knows it. */
export class Attempt implements Reservation {
  isOpen = true;
  readonly seq: number;
  readonly entry: Reserving;
  readonly levels: readonly Level[];
  /** Of `entry.holds`, in their order. */
  readonly accounts: readonly Account[];
  readonly request: OpenRequest;
  /** Definition of the entry's profile. */
  readonly profile: number;
  /** Definition of the entry's price; 0 = none. */
  readonly price: number;
  /** Journal slot; undefined where there is no journal. */
  readonly slot: number | undefined;

  constructor(parts: Omit<Attempt, "isOpen">) {
    this.seq = parts.seq;
    this.entry = parts.entry;
    this.levels = parts.levels;
    this.accounts = parts.accounts;
    this.request = parts.request;
    this.profile = parts.profile;
    this.price = parts.price;
    this.slot = parts.slot;
  }
}

/** Something that the next transaction writes. */
export type Item =
  | { readonly kind: "attempt"; readonly attempt: Attempt; readonly part: SettledPart }
  | {
      /** A request ended. It follows the item of its last attempt. */
      readonly kind: "request";
      readonly request: OpenRequest;
      readonly row: PendingRow | undefined;
    }
  | { readonly kind: "note"; readonly seq: number; readonly row: PendingRow }
  /** A counter started again. */
  | { readonly kind: "reset"; readonly account: Account };

/** A row that is made when it is written, once. */
export class PendingRow {
  #made: RequestRow | undefined;
  readonly #make: () => RequestRow;

  constructor(make: () => RequestRow) {
    this.#make = make;
  }

  get(): RequestRow {
    this.#made ??= this.#make();
    return this.#made;
  }
}
