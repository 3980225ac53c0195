// The report of `postern spend` for people: a table that fits a terminal, and what has to be known of its figures.

import type { RollupJson, SpendJson } from "../store/read-spend.ts";
import { alignedUsd, type Column, grouped, harmless, TERMINAL_WIDTH, tableLines } from "./table.ts";

const FIGURES: readonly Column[] = ["REQUESTS", "INPUT", "CACHED", "OUTPUT", "COST"].map((title) => ({
  title,
  align: "right",
}));

const LEAST_NAME_WIDTH = 12;

/** Stands for the name of calls that have none. */
const NAMELESS = "(none)";

/** Which time it is about, and which of its requests have no exact cost. */
export function spendNotes({ by, window, from, to, total }: SpendJson): string {
  const span = [from === null ? "" : ` from ${shortTime(from)}`, to === null ? "" : ` to ${shortTime(to)}`];
  const lines = [`spend by ${harmless(by)}${window === null ? "" : `, ${window}`}${span.join("")}`];
  const remarks = [
    [total.estimated_requests, "estimated"],
    [total.unpriced_requests, "without a price, counted as $0"],
    [total.subscription_requests, "paid by subscription"],
  ] as const;
  const some = remarks.filter(([count]) => count > 0).map(([count, words]) => `${grouped(count)} ${words}`);
  if (some.length > 0) lines.push(`of these requests: ${some.join("; ")}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** A row per name, its buckets below it, and the total. */
export function spendTable({ by, total, rows }: SpendJson): string {
  const labelled: { readonly label: string; readonly rollup: RollupJson }[] = [];
  for (const row of rows) {
    labelled.push({ label: harmless(row.name ?? NAMELESS), rollup: row });
    for (const bucket of row.buckets ?? [])
      labelled.push({ label: `  ${shortTime(bucket.start)}`, rollup: bucket });
  }
  labelled.push({ label: "total", rollup: total });
  const costs = alignedUsd(labelled.map(({ rollup }) => BigInt(rollup.cost_nano_usd)));
  const cells = labelled.map(({ label, rollup }, i) => [
    label,
    grouped(rollup.requests),
    grouped(rollup.input_tokens),
    grouped(rollup.cache_read_tokens),
    grouped(rollup.output_tokens),
    costs[i] ?? "",
  ]);
  const columns = [{ title: harmless(by).toUpperCase(), align: "left" } as const, ...FIGURES];
  const lines = tableLines(columns, cells, TERMINAL_WIDTH, LEAST_NAME_WIDTH);
  return lines.map((line) => `${line}\n`).join("");
}

/** `2026-11-18` at midnight, else `2026-11-18T10:00:00Z`. */
function shortTime(time: string): string {
  return time.replace(/\.000Z$/, "Z").replace(/T00:00:00Z$/, "");
}
