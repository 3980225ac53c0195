// The counters in memory: what is spent and held, who is refused, who starts again.

import type { CounterKey, Hold, Level, Refusal } from "./entry.ts";

/** A counter between two resets. Spent and held are in its metric's unit. */
export interface Account {
  readonly key: CounterKey;
  readonly epoch: number;
  /** Of its definition; 0 = it does not outlive the process. */
  readonly no: number;
  spent: bigint;
  held: bigint;
  /** Calls that hold something of it. */
  holders: number;
}

/** How an account begins. */
export interface Opening {
  readonly epoch: number;
  readonly no: number;
  readonly spent: bigint;
}

export interface AccountsOptions {
  /** The counters that are open, from the database. */
  readonly loaded: Iterable<Account>;
  /** Finds or makes the durable part of a counter that is not in memory. May throw what the file system throws. */
  readonly open: (key: CounterKey) => Opening;
  /** The next epoch of one, made durable. */
  readonly startAgain: (account: Account) => Opening;
}

export interface Accounts {
  /** How the counters stand, and which of the holds cannot be. Changes nothing. */
  look(holds: readonly Hold[]): { readonly levels: readonly Level[]; readonly refusals: readonly Refusal[] };
  /** The accounts of the holds, new ones made. */
  open(holds: readonly Hold[]): readonly Account[];
  find(key: CounterKey): Account | undefined;
  all(): Iterable<Account>;
  /** New epochs of a policy's counters; returns those that are durable. What is under way stays what it is. */
  reset(policy: string, subject: string | undefined): readonly Account[];
  /** Forgets the counters of windows that ended before the moment and in which nothing is held. */
  sweep(before: number): void;
}

const NOTHING: Level = { spent: 0n, held: 0n };
const NO_REFUSALS: readonly Refusal[] = [];

/** Adds what a reservation takes from a counter: a request counts at once, all else is held. */
export function addHold(account: Account, amount: bigint): void {
  if (account.key.metric === "requests") {
    account.spent += amount;
    return;
  }
  account.held += amount;
  account.holders += 1;
}

/** Takes back what {@link addHold} held. */
export function dropHold(account: Account, amount: bigint): void {
  account.held -= amount;
  account.holders -= 1;
}

export function createAccounts({ loaded, open, startAgain }: AccountsOptions): Accounts {
  const byId = new Map<string, Account>();
  /** Policy → subject → how many of its counters there are. */
  const subjects = new Map<string, Map<string, number>>();

  const add = (account: Account): Account => {
    const { id, policy, subject } = account.key;
    byId.set(id, account);
    if (subject !== undefined) {
      const of = subjects.get(policy) ?? new Map<string, number>();
      subjects.set(policy, of.set(subject, (of.get(subject) ?? 0) + 1));
    }
    return account;
  };

  const drop = ({ key: { id, policy, subject } }: Account): void => {
    byId.delete(id);
    if (subject === undefined) return;
    const of = subjects.get(policy);
    const left = (of?.get(subject) ?? 1) - 1;
    if (left > 0) of?.set(subject, left);
    else of?.delete(subject);
    if (of?.size === 0) subjects.delete(policy);
  };

  const isCrowded = ({ counter: { policy, subject }, maxSubjects }: Hold): boolean => {
    if (maxSubjects === undefined || subject === undefined) return false;
    const of = subjects.get(policy);
    return (of?.size ?? 0) >= maxSubjects && of?.has(subject) !== true;
  };

  for (const account of loaded) add(account);

  return {
    look(holds) {
      const levels: Level[] = [];
      let refusals: Refusal[] | undefined;
      for (let i = 0; i < holds.length; i++) {
        const hold = holds[i];
        if (hold === undefined) continue;
        const account = byId.get(hold.counter.id);
        const level = account === undefined ? NOTHING : { spent: account.spent, held: account.held };
        levels.push(level);
        const crowded = account === undefined && isCrowded(hold);
        if (!crowded && !isOver(level, hold)) continue;
        refusals ??= [];
        refusals.push({ hold: i, level: withHolders(level, account), crowded });
      }
      return { levels, refusals: refusals ?? NO_REFUSALS };
    },
    open: (holds) =>
      holds.map(({ counter }) => {
        const account = byId.get(counter.id);
        if (account !== undefined) return account;
        const { epoch, no, spent } = counter.durable ? open(counter) : { epoch: 0, no: 0, spent: 0n };
        return add({ key: counter, epoch, no, spent, held: 0n, holders: 0 });
      }),
    find: (key) => byId.get(key.id),
    all: () => byId.values(),
    reset(policy, subject) {
      const started: Account[] = [];
      for (const account of [...byId.values()]) {
        const { key } = account;
        // Running requests are not a sum that could start again.
        if (key.policy !== policy || key.metric === "concurrent") continue;
        if (subject !== undefined && key.subject !== subject) continue;
        const opening = key.durable ? startAgain(account) : { epoch: account.epoch + 1, no: 0, spent: 0n };
        const next: Account = { key, ...opening, held: 0n, holders: 0 };
        byId.set(key.id, next);
        if (key.durable) started.push(next);
      }
      return started;
    },
    sweep(before) {
      for (const account of byId.values())
        if (account.key.end <= before && account.held === 0n) drop(account);
    },
  };
}

/** Who is refused is told how many calls stand in the way. */
function withHolders(level: Level, account: Account | undefined): Level {
  return account === undefined || account.holders === 0 ? level : { ...level, holders: account.holders };
}

function isOver({ spent, held }: Level, { amount, limit }: Hold): boolean {
  return limit !== undefined && (spent >= limit || spent + held + amount > limit);
}
