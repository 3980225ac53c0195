// Keeps the calls under way at a provider within its `max_concurrent`: first come, first served, and a bounded queue.

import type { Concurrency } from "../exchange.ts";
import type { Due, Wheel } from "../lib/wheel.ts";
import type { Outcome } from "./send.ts";

/** What came of asking for a slot. Whoever was let in calls `leave` when the call has ended; more often does no harm. */
export type Admission =
  | { readonly kind: "admitted"; readonly leave: () => void }
  | { readonly kind: "max_queue" | "queue_timeout" | "aborted" };

/**
 * The slots of all providers, by name. Calls are counted where there is no limit, too, so that a limit that a change
 * of the configuration brings counts those that are already under way.
 */
export class ProviderSlots {
  readonly #wheel: Wheel;
  readonly #queues = new Map<string, SlotQueue>();
  #limits: ReadonlyMap<string, Concurrency> = new Map();

  constructor(wheel: Wheel) {
    this.#wheel = wheel;
  }

  /** Puts limits in force, also for calls that wait already; a provider without one takes any number. */
  configure(limits: ReadonlyMap<string, Concurrency>): void {
    this.#limits = limits;
    for (const [name, queue] of this.#queues) {
      queue.limit(limits.get(name));
      if (queue.underWay === 0) this.#queues.delete(name);
    }
  }

  /** Waits for a slot of the provider; an aborted signal ends the wait at once. */
  take(provider: string, signal: AbortSignal): Admission | Promise<Admission> {
    let queue = this.#queues.get(provider);
    if (queue === undefined) {
      queue = new SlotQueue(this.#wheel, this.#limits.get(provider));
      this.#queues.set(provider, queue);
    }
    return queue.take(signal);
  }

  /** Calls under way and calls that wait. */
  load(provider: string): { readonly underWay: number; readonly waiting: number } {
    const { underWay = 0, waiting = 0 } = this.#queues.get(provider) ?? {};
    return { underWay, waiting };
  }
}

/** A call that waits, as long as it is on the wheel. */
interface Waiter extends Due {
  end(admission: Admission): void;
}

class SlotQueue {
  readonly #wheel: Wheel;
  #limits: Concurrency | undefined;
  #underWay = 0;
  /** In the order of their arrival. */
  readonly #waiters = new Set<Waiter>();

  constructor(wheel: Wheel, limits: Concurrency | undefined) {
    this.#wheel = wheel;
    this.#limits = limits;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  limit(limits: Concurrency | undefined): void {
    this.#limits = limits;
    this.#letIn();
  }

  take(signal: AbortSignal): Admission | Promise<Admission> {
    if (signal.aborted) return { kind: "aborted" };
    if (this.#hasRoom()) return this.#admit();
    if (this.#waiters.size >= (this.#limits?.maxQueue ?? 0)) return { kind: "max_queue" };
    return this.#wait(signal, this.#limits?.queueTimeoutMs ?? 0);
  }

  #hasRoom(): boolean {
    return this.#limits === undefined || this.#underWay < this.#limits.maxConcurrent;
  }

  #admit(): Admission {
    this.#underWay += 1;
    let inside = true;
    const leave = (): void => {
      if (!inside) return;
      inside = false;
      this.#underWay -= 1;
      this.#letIn();
    };
    return { kind: "admitted", leave };
  }

  #wait(signal: AbortSignal, timeoutMs: number): Promise<Admission> {
    return new Promise((resolve) => {
      const hangUp = (): void => waiter.end({ kind: "aborted" });
      const waiter: Waiter = {
        dueAt: timeoutMs > 0 ? this.#wheel.now() + timeoutMs : Number.POSITIVE_INFINITY,
        due: () => waiter.end({ kind: "queue_timeout" }),
        end: (admission) => {
          this.#waiters.delete(waiter);
          this.#wheel.remove(waiter);
          signal.removeEventListener("abort", hangUp);
          resolve(admission);
        },
      };
      this.#waiters.add(waiter);
      this.#wheel.add(waiter);
      signal.addEventListener("abort", hangUp, { once: true });
    });
  }

  /** Gives free slots to those who have waited longest. */
  #letIn(): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoom()) return;
      waiter.end(this.#admit());
    }
  }
}

/** A call that was let in and is being sent: it leaves when it fails, or when its reply is done, in whatever way. */
export async function leaveWhenDone(leave: () => void, sending: Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome;
  try {
    outcome = await sending;
  } catch (error) {
    leave();
    throw error;
  }
  if (outcome.kind !== "reply") {
    leave();
    return outcome;
  }
  const { reply } = outcome;
  let isOpen = true;
  const done = (whole: boolean): void => {
    if (!isOpen) return;
    isOpen = false;
    reply.done(whole);
    leave();
  };
  return { kind: "reply", reply: { ...reply, done } };
}
