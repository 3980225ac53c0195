// Prints rows as one table that fits a terminal.

import { comparison, type Row, verdict } from "./row.ts";

const HEADINGS = ["", "unit", "direct", "nginx", "Postern", "to nginx", "target", "result"];

/** Rows of text with aligned columns; a row with only a heading begins a group. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_heading, column) =>
    Math.max(...cells.map((line) => (line[column] ?? "").length)),
  );
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

function isText(column: number): boolean {
  return column < 2 || column > 5;
}

function cellsOf(row: Row): string[] {
  const { what, unit, values } = row;
  return [
    what,
    unit,
    number(values.direct),
    number(values.nginx),
    number(values.postern),
    comparisonText(row),
    targetText(row),
    verdict(row) ?? "",
  ];
}

function comparisonText(row: Row): string {
  const compared = comparison(row);
  if (compared === undefined) return "";
  return row.compare === "ratio"
    ? `× ${compared.toFixed(2)}`
    : `${compared < 0 ? "" : "+"}${number(compared)}`;
}

function targetText({ target, compare }: Row): string {
  if (target === undefined) return "";
  const { atMost, atLeast } = target;
  const prefix = target.of === "value" ? "" : compare === "ratio" ? "× " : "+";
  return atMost === undefined ? `≥ ${prefix}${atLeast}` : `≤ ${prefix}${atMost}`;
}

/** Three digits that say something. */
function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
