// Prints rows as one table that fits a terminal.

import type { ContenderName } from "./contender.ts";
import { comparison, type Row, verdict } from "./row.ts";

/** Who has a column, under which heading, and what the column of the comparison is called. */
export interface Columns {
  readonly contenders: Readonly<Partial<Record<ContenderName, string>>>;
  readonly comparison: string;
}

const COLUMNS: Columns = {
  contenders: { direct: "direct", nginx: "nginx", postern: "Postern" },
  comparison: "to nginx",
};

/** Rows of text with aligned columns. */
export function formatTable(rows: readonly Row[], columns: Columns = COLUMNS): string {
  const names = Object.keys(columns.contenders) as ContenderName[];
  const headings = ["", "unit", ...Object.values(columns.contenders), columns.comparison, "target", "result"];
  const cells = [headings, ...rows.map((row) => cellsOf(row, names))];
  const widths = headings.map((_heading, column) =>
    Math.max(...cells.map((line) => (line[column] ?? "").length)),
  );
  const isText = (column: number): boolean => column < 2 || column > 2 + names.length;
  const lines = cells.map((line) =>
    line
      .map((cell, column) =>
        isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return `${lines.join("\n")}\n`;
}

function cellsOf(row: Row, names: readonly ContenderName[]): string[] {
  const { what, unit, values } = row;
  return [
    what,
    unit,
    ...names.map((name) => number(values[name])),
    comparisonText(row),
    targetText(row),
    verdict(row) ?? "",
  ];
}

function comparisonText(row: Row): string {
  const compared = comparison(row);
  if (compared === undefined) return "";
  if (row.compare === "ratio") return `× ${compared.toFixed(2)}`;
  return `${compared < 0 ? "" : "+"}${number(compared)}${row.compare === "percent" ? " %" : ""}`;
}

function targetText({ target, compare }: Row): string {
  if (target === undefined) return "";
  const { atMost, atLeast } = target;
  const prefix = target.of === "value" ? "" : compare === "ratio" ? "× " : "+";
  const suffix = target.of === "comparison" && compare === "percent" ? " %" : "";
  return `${atMost === undefined ? "≥" : "≤"} ${prefix}${atMost ?? atLeast}${suffix}`;
}

/** Three digits that say something. */
function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
