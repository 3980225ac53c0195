// The queue before a provider under any order of events: the limit holds, and nothing is left in the end.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Call, EMPTY, kinds, SlotsUnderTest, settle } from "./slots-under-test.ts";

type Step =
  | { readonly kind: "take" }
  | { readonly kind: "leave" | "abort"; readonly which: number }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "limit"; readonly most: number; readonly queue: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("take" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("leave" as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abort" as const), which: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.nat(700) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("limit" as const),
      most: fc.integer({ min: 1, max: 4 }),
      queue: fc.nat(4),
    }),
  },
);

/** Goes through steps on a queue of its own, and looks after each of them whether all is as promised. */
class Walk {
  #most = 2;
  readonly #queue = new SlotsUnderTest();
  readonly #calls: Call[] = [];
  readonly #left = new Set<Call>();

  constructor() {
    this.#queue.limit(this.#most, { maxQueue: 3 });
  }

  async take(step: Step): Promise<void> {
    const before = this.#inside().length;
    this.#do(step);
    await settle();
    this.#check(before);
  }

  async end(): Promise<void> {
    for (let call = this.#inside()[0]; call !== undefined; call = this.#inside()[0]) {
      this.#leave(call);
      await settle();
    }
    expect([this.#queue.load, this.#queue.wheel.items.size]).toEqual([EMPTY, 0]);
    expect(kinds(this.#calls)).not.toContain("waiting");
  }

  #inside(): Call[] {
    return this.#calls.filter((call) => call.kind === "admitted" && !this.#left.has(call));
  }

  #leave(call: Call): void {
    this.#left.add(call);
    call.leave();
  }

  #do(step: Step): void {
    switch (step.kind) {
      case "take":
        this.#calls.push(this.#queue.call());
        break;
      case "leave": {
        const inside = this.#inside();
        const call = inside[step.which % Math.max(1, inside.length)];
        if (call !== undefined) this.#leave(call);
        break;
      }
      case "abort":
        this.#calls[step.which]?.control.abort();
        break;
      case "advance":
        this.#queue.wheel.advance(step.ms);
        break;
      case "limit":
        this.#most = step.most;
        this.#queue.limit(step.most, { maxQueue: step.queue });
    }
  }

  #check(before: number): void {
    const { underWay, waiting } = this.#queue.load;
    const queue = this.#calls.filter(({ kind }) => kind === "waiting");
    expect([underWay, waiting, this.#queue.wheel.items.size]).toEqual([
      this.#inside().length,
      queue.length,
      queue.length,
    ]);
    // Only a limit that was lowered can be passed, and then nobody is let in.
    expect(underWay <= this.#most || underWay <= before).toBe(true);
    // Nobody waits while there is room, or came before somebody who was let in.
    expect(waiting === 0 || underWay >= this.#most).toBe(true);
    const firstWaiting = this.#calls.findIndex(({ kind }) => kind === "waiting");
    const lastInside = this.#calls.findLastIndex(({ kind }) => kind === "admitted");
    expect(firstWaiting < 0 || lastInside < firstWaiting).toBe(true);
  }
}

test("whatever happens in whatever order, the limit and the order hold, and nothing is left", async () => {
  const property = fc.asyncProperty(fc.array(STEP, { maxLength: 60 }), async (steps) => {
    const walk = new Walk();
    for (const step of steps) await walk.take(step);
    await walk.end();
  });
  await fc.assert(property, { seed: 7, numRuns: 1_500 });
});
