// The ledger: counters in memory, reservations in the journal, settlements in the database a moment later.

import { type Account, type Accounts, addHold, dropHold } from "./accounts.ts";
import { Attempt, OpenRequest, PendingRow } from "./attempt.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Definitions } from "./definitions.ts";
import type {
  Admission,
  CounterKey,
  Level,
  RequestRow,
  Reservation,
  Reserving,
  Settlement,
} from "./entry.ts";
import type { Journal } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { encodeFlags } from "./row-text.ts";
import { type SettledPart, SLOT_BITS, SLOT_COUNTERS } from "./slot.ts";
import { reasonOf } from "./store-error.ts";

/** The parts that the ledger puts together; made by {@link import("./open-store.ts").openStore}. */
export interface LedgerParts {
  readonly now: () => number;
  readonly accounts: Accounts;
  readonly definitions: Definitions;
  /** Undefined for a store in memory. */
  readonly journal: Journal | undefined;
  readonly queue: CommitQueue;
  readonly firstSeq: number;
  readonly listeners: Set<(row: RequestRow, seq: number) => void>;
  /** Waits until what was written has reached the disk; undefined = that is not asked for. */
  readonly synced: (() => Promise<void>) | undefined;
  readonly onClose: () => void;
}

const RELEASED = { costNanoUsd: 0n, tokens: 0, usage: undefined, flags: [], status: 0 } as const;

const LARGEST = 2n ** 63n - 1n;

export function createLedger(parts: LedgerParts): Ledger & { nextSeq(): number } {
  const { now, accounts, definitions, journal, queue, listeners, synced, onClose } = parts;
  let nextSeq = parts.firstSeq;

  const unavailable = (reason: string): Admission => ({ kind: "unavailable", reason });

  const reserve = (entry: Reserving, before: OpenRequest | undefined): Admission => {
    if (queue.fault !== undefined) return unavailable(queue.fault);
    const { levels, refusals } = accounts.look(entry.holds);
    if (refusals.length > 0) return { kind: "refused", refusals };
    let attempt: Attempt | undefined;
    try {
      attempt = open(entry, levels, before);
    } catch (error) {
      queue.fail(reasonOf(error));
      return unavailable(reasonOf(error));
    }
    if (attempt === undefined)
      return unavailable("Too many calls are under way: the journal has no free slot.");
    return { kind: "reserved", reservation: attempt };
  };

  /** All that can fail comes before the first change of a counter. */
  const open = (
    entry: Reserving,
    levels: readonly Level[],
    before: OpenRequest | undefined,
  ): Attempt | undefined => {
    const held = accounts.open(entry.holds);
    const seq = nextSeq;
    const request = before ?? new OpenRequest(seq);
    const profile = definitions.profile(entry.profile);
    const price = definitions.price(entry.price);
    const numbers = held.flatMap(({ no }) => (no === 0 ? [] : [no]));
    const isLong = numbers.length > SLOT_COUNTERS;
    const slot = journal?.hold({
      seq,
      first: request.seq,
      attempt: entry.attempt,
      at: entry.at,
      requestId: entry.requestId,
      profile,
      price,
      heldNanoUsd: clamp(entry.heldNanoUsd),
      heldTokens: entry.heldTokens,
      counters: isLong ? [] : numbers,
      list: isLong ? definitions.numberOf("holds", JSON.stringify(numbers)) : 0,
    });
    if (journal !== undefined && slot === undefined) return undefined;
    nextSeq++;
    const attempt = new Attempt({ seq, entry, levels, accounts: held, request, profile, price, slot });
    take(attempt);
    return attempt;
  };

  const take = (attempt: Attempt): void => {
    const { request, slot, entry } = attempt;
    request.last = attempt;
    if (slot !== undefined) request.slots.push(slot);
    for (let i = 0; i < attempt.accounts.length; i++) {
      const account = attempt.accounts[i];
      const amount = entry.holds[i]?.amount ?? 0n;
      if (account === undefined) continue;
      addHold(account, amount);
      if (account.key.metric === "concurrent")
        request.concurrent = [...request.concurrent, { account, amount }];
    }
  };

  /** Takes down what was held and adds what was used; a second time it does nothing. */
  const close = (attempt: Attempt, part: SettledPart): void => {
    if (!attempt.isOpen) return;
    attempt.isOpen = false;
    const { request, slot } = attempt;
    const isRefused = (part.bits & SLOT_BITS.refused) !== 0;
    for (let i = 0; i < attempt.accounts.length; i++) {
      const account = attempt.accounts[i];
      const amount = attempt.entry.holds[i]?.amount ?? 0n;
      if (account !== undefined) settleHold(account, amount, part, isRefused);
    }
    request.costNanoUsd += part.costNanoUsd;
    if (!isRefused) request.isForwarded = true;
    if (slot !== undefined) settleSlot(slot, part);
    queue.add({ kind: "attempt", attempt, part });
  };

  /** Where the journal cannot be written (a disk that fails), the transaction that follows is what counts. */
  const settleSlot = (slot: number, part: SettledPart): void => {
    try {
      journal?.settle(slot, part);
    } catch (error) {
      queue.fail(reasonOf(error));
    }
  };

  /** The request is over: its concurrency ends, its row is written. A second time it does nothing. */
  const finish = (request: OpenRequest, row: (() => RequestRow) | undefined): void => {
    if (!request.isOpen) return;
    request.isOpen = false;
    for (const { account, amount } of request.concurrent) dropHold(account, amount);
    queue.add({ kind: "request", request, row: row === undefined ? undefined : new PendingRow(row) });
  };

  const settle = (reservation: Reservation, settlement: Settlement, row: Settlement["row"]): Attempt => {
    const attempt = asAttempt(reservation);
    const isLast = row !== undefined && attempt.request.isOpen;
    close(attempt, toPart(settlement, isLast ? SLOT_BITS.last : 0));
    if (isLast) finish(attempt.request, row);
    return attempt;
  };

  const release = (attempt: Attempt, refused: boolean, row: Settlement["row"]): void => {
    const isLast = (refused || row !== undefined) && attempt.request.isOpen;
    let bits: number = SLOT_BITS.released;
    if (refused) bits |= SLOT_BITS.refused;
    if (isLast) bits |= SLOT_BITS.last;
    if (isLast && row === undefined) bits |= SLOT_BITS.silent;
    close(attempt, toPart(RELEASED, bits));
    if (isLast) finish(attempt.request, row);
  };

  /** Where the disk is waited for: what never reached it is taken back. */
  const admit = async (admission: Admission): Promise<Admission> => {
    if (synced === undefined || admission.kind !== "reserved") return admission;
    try {
      await synced();
      return admission;
    } catch (error) {
      release(asAttempt(admission.reservation), admission.reservation.entry.attempt === 1, undefined);
      queue.fail(reasonOf(error));
      return unavailable(reasonOf(error));
    }
  };

  /** What is closed stays closed: a disk that fails is a fault for the calls to come. */
  const written = async (): Promise<void> => {
    try {
      await synced?.();
    } catch (error) {
      queue.fail(reasonOf(error));
    }
  };

  return {
    now,
    reserve: (entry) => admit(reserve(entry, undefined)),
    async settle(reservation, settlement) {
      settle(reservation, settlement, settlement.row);
      await written();
    },
    settleAndReserve(reservation, settlement, next) {
      const { request } = settle(reservation, settlement, undefined);
      return admit(request.isOpen ? reserve(next, request) : unavailable("The request has ended already."));
    },
    async release(reservation, refused, row) {
      release(asAttempt(reservation), refused, row);
      await written();
    },
    note: (row) => queue.add({ kind: "note", seq: nextSeq++, row: new PendingRow(row) }),
    level(counter: CounterKey): Level {
      const { spent, held } = accounts.find(counter) ?? { spent: 0n, held: 0n };
      return { spent, held };
    },
    *counters() {
      for (const { key, spent, held } of accounts.all()) yield { counter: key, level: { spent, held } };
    },
    reset(policy, subject) {
      for (const account of accounts.reset(policy, subject)) queue.add({ kind: "reset", account });
      queue.flush();
    },
    get fault() {
      return queue.fault;
    },
    onRow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush: () => void queue.flush(),
    close: onClose,
    nextSeq: () => nextSeq,
  };
}

/** Requests counted when they were taken; concurrency lasts as long as the request. */
function settleHold(account: Account, amount: bigint, part: SettledPart, isRefused: boolean): void {
  const { metric } = account.key;
  if (metric === "concurrent") return;
  if (metric === "requests") {
    if (isRefused) account.spent -= amount;
    return;
  }
  dropHold(account, amount);
  account.spent += metric === "usd" ? part.costNanoUsd : BigInt(part.tokens);
}

function asAttempt(reservation: Reservation): Attempt {
  if (reservation instanceof Attempt) return reservation;
  throw new TypeError("a reservation of another ledger");
}

function toPart(settlement: Omit<Settlement, "row">, bits: number): SettledPart {
  return {
    costNanoUsd: clamp(settlement.costNanoUsd),
    tokens: settlement.tokens,
    usage: settlement.usage,
    status: settlement.status,
    bits: bits | encodeFlags(settlement.flags, false),
  };
}

/** Nine billion dollars fit 64 bits; more is a mistake, or malice. */
function clamp(nanoUsd: bigint): bigint {
  return nanoUsd > LARGEST ? LARGEST : nanoUsd;
}
