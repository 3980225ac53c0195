// One request as a line of a table. Widths are fixed, since with `--follow` nobody knows what comes.

import type { RequestJson } from "../store/read-request-json.ts";
import { alignedUsd, fitted, grouped, harmless } from "./table.ts";

const COLUMNS = [
  { title: "TIME", width: 20, align: "left" },
  { title: "STATUS", width: 6, align: "left" },
  { title: "KEY", width: 14, align: "left" },
  { title: "TARGET", width: 24, align: "left" },
  { title: "INPUT", width: 9, align: "right" },
  { title: "OUTPUT", width: 7, align: "right" },
  { title: "COST", width: 9, align: "right" },
  { title: "TIME", width: 7, align: "right" },
] as const;

/** Stands for what there is not. */
const NOTHING = "-";

/** The head of the table. */
export function logTitle(): string {
  return line([...COLUMNS.map(({ title }) => title), "ID"]);
}

/** One line with its end: what was asked, what came of it, and the id; then the code, if it did not go well. */
export function logLine(row: RequestJson): string {
  return line([
    row.at.replace(/\.\d{3}Z$/, "Z"),
    String(row.status),
    row.key ?? NOTHING,
    row.target ?? row.requested_model ?? NOTHING,
    row.usage === null ? NOTHING : grouped(row.usage.input_tokens),
    row.usage === null ? NOTHING : grouped(row.usage.output_tokens),
    row.ended === "refused" ? NOTHING : (alignedUsd([BigInt(row.cost_nano_usd)])[0] ?? NOTHING),
    shortDuration(row.timings.total_ms),
    [row.id, row.code ?? "", ...row.flags].filter((text) => text !== "").join("  "),
  ]);
}

function line(texts: readonly string[]): string {
  const cells = texts.map((text, i) => {
    const column = COLUMNS[i];
    return column === undefined ? harmless(text) : fitted(harmless(text), column.width, column.align);
  });
  return `${cells.join("  ").trimEnd()}\n`;
}

/** `850ms`, `12.3s`, `14m05s` */
function shortDuration(ms: number): string {
  if (ms < 9_999.5) return `${Math.round(ms)}ms`;
  const seconds = ms / 1_000;
  if (seconds < 99.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
}
