// The timers of one attempt: first byte, idle and total, as one item on the wheel.

import type { Timeouts } from "../exchange.ts";
import type { Due, Wheel } from "../lib/wheel.ts";

export type TimerName = "connect" | "first_byte" | "idle" | "total";

/** What whoever reads an answer tells its timers. */
export interface ReadTimers {
  /** An answer has begun: from here on the idle timer counts. */
  started(): void;
  /** A read from the upstream is outstanding. */
  waiting(): void;
  /** Nothing is asked of the upstream now: only the total counts. */
  paused(): void;
}

/**
 * Runs from the moment an attempt is sent until {@link AttemptTimers.stop}. Before the first byte the first-byte timer
 * runs, after it the idle timer, but only while bytes are being waited for: a client that reads slowly is not an
 * upstream that is silent. A limit of 0 is no limit.
 */
export class AttemptTimers implements Due, ReadTimers {
  dueAt: number;
  readonly #wheel: Wheel;
  readonly #timeouts: Timeouts;
  readonly #expire: (timer: TimerName) => void;
  readonly #totalAt: number;
  #stepAt: number;
  #step: "first_byte" | "idle" = "first_byte";

  constructor(wheel: Wheel, timeouts: Timeouts, expire: (timer: TimerName) => void) {
    const now = wheel.now();
    this.#wheel = wheel;
    this.#timeouts = timeouts;
    this.#expire = expire;
    this.#totalAt = after(now, timeouts.totalMs);
    this.#stepAt = after(now, timeouts.firstByteMs);
    this.dueAt = Math.min(this.#totalAt, this.#stepAt);
    wheel.add(this);
  }

  /** An answer has begun: from here on the idle timer counts. */
  started(): void {
    this.#step = "idle";
    this.waiting();
  }

  /** A read from the upstream is outstanding, or has just brought something and another one follows. */
  waiting(): void {
    if (this.#step === "idle") this.#stepAt = after(this.#wheel.now(), this.#timeouts.idleMs);
    this.dueAt = Math.min(this.#totalAt, this.#stepAt);
  }

  /** Nothing is asked of the upstream now: only the total counts. */
  paused(): void {
    if (this.#step === "idle") this.dueAt = this.#totalAt;
  }

  stop(): void {
    this.#wheel.remove(this);
  }

  due(nowMs: number): void {
    this.#wheel.remove(this);
    this.#expire(nowMs >= this.#totalAt ? "total" : this.#step);
  }
}

function after(now: number, ms: number): number {
  return ms > 0 ? now + ms : Number.POSITIVE_INFINITY;
}
