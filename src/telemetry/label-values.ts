// Keeps the values of a metric's label few: a label whose values strangers choose would fill every monitoring system.

import { withoutKeys } from "./record.ts";

/** Stands for all values beyond the first ones. */
export const OTHER = "other";

/** Values of one label, beside {@link OTHER}. */
const MOST = 200;

/** No name of anything is longer; whatever is comes from somebody who plays. */
const LONGEST = 200;

/** The values that one label has had: the first 200 keep their names. */
export class LabelValues {
  readonly #known = new Set<string>();

  /**
   * The value, or `other` for one that came too late, is too long or holds a key. Where it `mayBeNew` is false, one that
   * has not been there before is `other` without being remembered.
   */
  label(value: string, mayBeNew = true): string {
    if (value === "" || this.#known.has(value)) return value;
    if (!mayBeNew || this.#known.size >= MOST) return OTHER;
    if (value.length > LONGEST || withoutKeys(value) !== value) return OTHER;
    this.#known.add(value);
    return value;
  }
}
