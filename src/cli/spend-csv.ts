// The report of `postern spend` as CSV after RFC 4180: one record per name, or per name and bucket.

import type { RollupJson, SpendJson } from "../store/read-spend.ts";

const FIGURES: readonly (keyof RollupJson)[] = [
  "requests",
  "input_tokens",
  "cache_read_tokens",
  "output_tokens",
  "cost_usd",
  "cost_nano_usd",
  "estimated_requests",
  "unpriced_requests",
  "subscription_requests",
];

/** Without a total, so that sums over the records are right. A name that is missing is an empty field. */
export function spendCsv({ rows }: SpendJson): string {
  const isSplit = rows.some((row) => row.buckets !== undefined);
  const head = ["name", ...(isSplit ? ["start"] : []), ...FIGURES];
  const records = rows.flatMap((row) =>
    row.buckets === undefined
      ? [[row.name ?? "", ...figures(row)]]
      : row.buckets.map((bucket) => [row.name ?? "", bucket.start, ...figures(bucket)]),
  );
  return [head, ...records].map((fields) => `${fields.map(field).join(",")}\r\n`).join("");
}

function figures(rollup: RollupJson): readonly string[] {
  return FIGURES.map((name) => String(rollup[name]));
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
