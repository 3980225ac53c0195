// One line of the table: a measure of all contenders, held against what is promised.

import type { ContenderName } from "./contender.ts";

export type Values = Readonly<Partial<Record<ContenderName, number>>>;

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly values: Values;
  /** How one compares to the other: by division, by subtraction, or by how many percent more; undefined = not at all. */
  readonly compare: "ratio" | "difference" | "percent" | undefined;
  /** Who is compared, and to whom; absent = Postern to nginx. */
  readonly between?: readonly [subject: ContenderName, base: ContenderName];
  /** The comparison, where it was made round by round; absent = that of the values. */
  readonly compared?: number;
  /** What the comparison, or Postern's own value, must not exceed (or must reach). */
  readonly target?: Target;
}

export interface Target {
  readonly of: "comparison" | "value";
  readonly atMost?: number;
  readonly atLeast?: number;
}

export type Verdict = "met" | "missed" | "not measured";

/** One against the other; undefined when one of them was not measured, or the row is not for comparing. */
export function comparison({
  values,
  compare,
  compared,
  between: [subject, base] = ["postern", "nginx"],
}: Row): number | undefined {
  const [value, other] = [values[subject], values[base]];
  if (value === undefined || other === undefined || compare === undefined) return undefined;
  return compared ?? COMPARE[compare](value, other);
}

/** Each way of comparing a value to another one. */
export const COMPARE = {
  ratio: (value: number, base: number): number => value / base,
  difference: (value: number, base: number): number => value - base,
  percent: (value: number, base: number): number => (value / base - 1) * 100,
} as const;

/** Undefined when the row has no target. */
export function verdict(row: Row): Verdict | undefined {
  const { target } = row;
  if (target === undefined) return undefined;
  const measured = target.of === "comparison" ? comparison(row) : row.values.postern;
  if (measured === undefined || Number.isNaN(measured)) return "not measured";
  const tooMuch = target.atMost !== undefined && measured > target.atMost;
  const tooLittle = target.atLeast !== undefined && measured < target.atLeast;
  return tooMuch || tooLittle ? "missed" : "met";
}
