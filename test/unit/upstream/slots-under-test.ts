// A queue before a provider called `up`, on a clock of its own, and the calls that ask it for slots.

import type { Concurrency } from "../../../src/exchange.ts";
import { type Admission, ProviderSlots } from "../../../src/upstream/slots.ts";
import { FakeWheel } from "../../support/fake-parts.ts";

/** Lets everything that was decided be known. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.resolve();
}

export function kinds(of: readonly Call[]): string[] {
  return of.map(({ kind }) => kind);
}

export const EMPTY = { underWay: 0, waiting: 0 };

export class SlotsUnderTest {
  readonly wheel = new FakeWheel();
  readonly slots = new ProviderSlots(this.wheel);

  limit(maxConcurrent: number, more: Partial<Concurrency> = {}): void {
    const limits = { maxConcurrent, maxQueue: 10, queueTimeoutMs: 1_000, ...more };
    this.slots.configure(new Map([["up", limits]]));
  }

  call(provider = "up"): Call {
    return new Call(this.slots, provider);
  }

  async calls(count: number): Promise<Call[]> {
    const made = Array.from({ length: count }, () => this.call());
    await settle();
    return made;
  }

  get load(): { readonly underWay: number; readonly waiting: number } {
    return this.slots.load("up");
  }
}

/** A call that asks for a slot, and what has come of it so far. */
export class Call {
  readonly control = new AbortController();
  #admission: Admission | undefined;

  constructor(slots: ProviderSlots, provider: string) {
    const asked = Promise.resolve(slots.take(provider, this.control.signal));
    void asked.then((admission) => {
      this.#admission = admission;
    });
  }

  get kind(): string {
    return this.#admission?.kind ?? "waiting";
  }

  leave(): void {
    if (this.#admission?.kind !== "admitted") throw new Error(`${this.kind}: not admitted`);
    this.#admission.leave();
  }
}
