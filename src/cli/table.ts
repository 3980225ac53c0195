// Lays texts out in columns for a terminal, safe whatever the texts hold.

import { divideHalfUp } from "../lib/money.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Columns of a terminal that nobody has made wider. */
export const TERMINAL_WIDTH = 80;

const GAP = "  ";

/** Lines without their ends. The first column gives way where the table would be wider than `width`, to `least`. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  least: number,
): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => Bun.stringWidth(row[i] ?? ""))));
  const others = widths.slice(1).reduce((sum, each) => sum + GAP.length + each, 0);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(least, width - others));
  return cells.map((row) =>
    columns
      .map(({ align }, i) => fitted(row[i] ?? "", widths[i] ?? 0, align))
      .join(GAP)
      .trimEnd(),
  );
}

/** The text in exactly so many columns: filled up with spaces, or cut with `…`. */
export function fitted(text: string, width: number, align: "left" | "right"): string {
  const cut = Bun.stringWidth(text) > width ? `${takeColumns(text, width - 1)}…` : text;
  const fill = " ".repeat(Math.max(0, width - Bun.stringWidth(cut)));
  return align === "left" ? cut + fill : fill + cut;
}

function takeColumns(text: string, width: number): string {
  let taken = "";
  for (const character of text) {
    if (Bun.stringWidth(taken + character) > width) break;
    taken += character;
  }
  return taken;
}

/** Without characters that steer a terminal: names of models come from callers. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** `1,234,567` */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

const NANO_DECIMALS = 9;
const FEWEST_DECIMALS = 2;
const MOST_DECIMALS = 6;

/** Amounts in dollars with the same number of decimals, so that they line up: at least 2, at most 6, as are needed. */
export function alignedUsd(nanoUsd: readonly bigint[]): readonly string[] {
  const unit = 10n ** BigInt(NANO_DECIMALS - MOST_DECIMALS);
  const texts = nanoUsd.map((amount) => String(divideHalfUp(amount, unit)).padStart(MOST_DECIMALS + 1, "0"));
  const needed = texts.map((text) => text.slice(-MOST_DECIMALS).replace(/0+$/, "").length);
  const dropped = MOST_DECIMALS - Math.max(FEWEST_DECIMALS, ...needed);
  return texts.map((text) => {
    const whole = grouped(Number(text.slice(0, -MOST_DECIMALS)));
    return `$${whole}.${text.slice(-MOST_DECIMALS, text.length - dropped)}`;
  });
}
