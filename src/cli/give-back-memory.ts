// Gives memory back after a burst: the engine collects when it needs room, not when there is nothing to do.

export interface Memory {
  /** Resident memory in bytes. */
  readonly resident: () => number;
  /** Collects garbage; thoroughly means everything at once, which stops the process for some milliseconds. */
  readonly collect: (thorough: boolean) => void;
  /** Nothing is under way, so that nobody notices. */
  readonly isIdle: () => boolean;
}

/** Growth that is worth a collection. */
export const GROWTH_BYTES = 24 * 1024 * 1024;

/**
 * Makes the look that is to be taken every few seconds. Garbage is collected where memory has grown since it was last
 * low, and once more when a burst is over; a load that stays steadily high costs one collection.
 */
export function createMemoryLook({ resident, collect, isIdle }: Memory): () => void {
  const atStart = resident();
  let low = atStart;
  let used = false;
  return () => {
    const idle = isIdle();
    const now = resident();
    used ||= !idle || now > low + GROWTH_BYTES;
    low = Math.min(low, now);
    const isOver = idle && used && now > atStart + GROWTH_BYTES;
    if (now <= low + GROWTH_BYTES && !isOver) return;
    collect(idle);
    if (idle) used = false;
    low = resident();
  };
}
