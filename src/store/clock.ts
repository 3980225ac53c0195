// The time that windows are chosen by: it never goes back, and does not believe a sudden jump ahead at once.

/** A larger step ahead than this is looked at twice. */
const JUMP_MS = 3_600_000;

/** A jump that lasts longer is believed. */
const DOUBT_MS = 60_000;

export interface ClockOptions {
  /** Epoch milliseconds by the machine. */
  readonly wall: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** The latest moment that was seen before this process; 0 = none. */
  readonly lastSeen: number;
  /** The machine's clock went ahead by so many milliseconds more than time passed. Once per jump. */
  readonly onJump: (byMs: number) => void;
}

/** Epoch milliseconds: max(clock, last seen); a jump of more than an hour is not believed for its first minute. */
export function createClock({ wall, monotonic, lastSeen, onJump }: ClockOptions): () => number {
  let seen = lastSeen;
  // The last reading that was believed, on both clocks; none yet: nothing to compare a first reading with.
  let trusted: { readonly wall: number; readonly monotonic: number } | undefined;
  let doubtSince: number | undefined;

  return () => {
    const at = wall();
    const passed = monotonic();
    if (trusted !== undefined) {
      const expected = Math.max(seen, trusted.wall + passed - trusted.monotonic);
      if (at - expected > JUMP_MS) {
        if (doubtSince === undefined) {
          doubtSince = passed;
          onJump(at - expected);
        }
        if (passed - doubtSince < DOUBT_MS) {
          seen = Math.max(seen, Math.trunc(expected));
          return seen;
        }
      }
    }
    doubtSince = undefined;
    trusted = { wall: at, monotonic: passed };
    if (at > seen) seen = at;
    return seen;
  };
}
