// Medians and percentiles.

/** The value below which the share `p` (0 … 1) of the samples lies; NaN without samples. Sorts a copy. */
export function percentile(samples: ArrayLike<number>, p: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).sort();
  const at = Math.min(sorted.length - 1, Math.floor(p * sorted.length));
  return sorted[at] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle; NaN without samples. */
export function median(samples: ArrayLike<number>): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Collects numbers without an object per number; keeps the first `limit` of them. */
export class Samples {
  #values: Float64Array;
  #count = 0;

  constructor(limit = 1 << 20) {
    this.#values = new Float64Array(limit);
  }

  add(value: number): void {
    if (this.#count < this.#values.length) this.#values[this.#count++] = value;
  }

  clear(): void {
    this.#count = 0;
  }

  percentile(p: number): number {
    return percentile(this.#values.subarray(0, this.#count), p);
  }
}
