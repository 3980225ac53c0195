// How a counter is written as the text of its definition.

import type { CounterKey, Metric } from "./entry.ts";

/** One counter between two resets. */
export interface CounterEpoch {
  readonly key: CounterKey;
  /** 0 at first, one more with each reset. */
  readonly epoch: number;
}

/** A JSON array that starts with the counter's id and the epoch. */
export function encodeCounter({ key, epoch }: CounterEpoch): string {
  const { id, policy, metric, subject, shape, start, end } = key;
  const ends = end === Number.POSITIVE_INFINITY ? null : end;
  return JSON.stringify([id, epoch, policy, metric, subject ?? null, shape, start, ends]);
}

/** What the texts of all epochs of a counter start with. */
export function counterPrefix(key: CounterKey): string {
  return `[${JSON.stringify(key.id)},`;
}

type Written = readonly [string, number, string, Metric, string | null, string, number, number | null];

/** Reads what {@link encodeCounter} wrote. */
export function decodeCounter(text: string): CounterEpoch {
  const [id, epoch, policy, metric, subject, shape, start, ends] = JSON.parse(text) as Written;
  const end = ends ?? Number.POSITIVE_INFINITY;
  return {
    key: { id, policy, metric, subject: subject ?? undefined, shape, start, end, durable: true },
    epoch,
  };
}
