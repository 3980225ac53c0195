// Many deadlines, one interval: far cheaper per request than timers of its own.

/** Something that falls due. It sets `dueAt` again, or leaves the wheel, when it was called. */
export interface Due {
  /** When it wants to be called, in the wheel's clock; Infinity = not now. */
  dueAt: number;
  due(nowMs: number): void;
}

export interface Wheel {
  /** Milliseconds of a clock that never steps back. */
  now(): number;
  add(due: Due): void;
  remove(due: Due): void;
}

/** How late a deadline may be noticed, in milliseconds. */
const LOOK_EVERY_MS = 100;

/** A wheel over the given monotonic clock; it ticks only while something is on it. */
export function createWheel(now: () => number): Wheel {
  const items = new Set<Due>();
  let interval: ReturnType<typeof setInterval> | undefined;

  const look = (): void => {
    const at = now();
    for (const item of items) if (at >= item.dueAt) item.due(at);
    if (items.size === 0) {
      clearInterval(interval);
      interval = undefined;
    }
  };

  return {
    now,
    add(due) {
      items.add(due);
      interval ??= setInterval(look, LOOK_EVERY_MS);
    },
    remove(due) {
      items.delete(due);
    },
  };
}

/** A promise that resolves at a moment of the wheel's clock, unless it is cancelled. */
export function createAlarm(wheel: Wheel, at: number): { readonly rang: Promise<undefined>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const item: Due = {
    dueAt: at,
    due: () => {
      wheel.remove(item);
      resolve(undefined);
    },
  };
  wheel.add(item);
  return { rang: promise, cancel: () => wheel.remove(item) };
}
