// One line of the table: a measure of all contenders, held against what is promised.

import type { ContenderName } from "./contender.ts";

export type Values = Readonly<Partial<Record<ContenderName, number>>>;

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly values: Values;
  /** How Postern compares to nginx: by division or by subtraction; undefined = not at all. */
  readonly compare: "ratio" | "difference" | undefined;
  /** What the comparison, or Postern's own value, must not exceed (or must reach). */
  readonly target?: Target;
}

export interface Target {
  readonly of: "comparison" | "value";
  readonly atMost?: number;
  readonly atLeast?: number;
}

export type Verdict = "met" | "missed" | "not measured";

/** Postern against nginx; undefined when one of them was not measured, or the row is not for comparing. */
export function comparison({ values, compare }: Row): number | undefined {
  const { nginx, postern } = values;
  if (nginx === undefined || postern === undefined || compare === undefined) return undefined;
  return compare === "ratio" ? postern / nginx : postern - nginx;
}

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
