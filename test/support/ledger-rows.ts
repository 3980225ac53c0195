// What is written must agree with itself and with what was charged.

import type { Database } from "bun:sqlite";

/** `costs`: number of the request → what its attempts cost together, of requests that ended with a row. */
export function checkRows(database: Database, costs: ReadonlyMap<number, bigint>): void {
  const rows = database.query<{ seq: bigint; cost: bigint }, []>("SELECT seq, cost FROM requests").all();
  for (const { seq, cost } of rows)
    if (costs.get(Number(seq)) !== cost)
      throw new Error(`row ${seq} says ${cost}; it should be ${costs.get(Number(seq))}`);
  const sums = database
    .query<{ hours: bigint; rows: bigint; open: bigint; counted: bigint; forwarded: bigint }, []>(
      `SELECT (SELECT coalesce(sum(cost), 0) FROM rollups) AS hours,
        (SELECT coalesce(sum(cost), 0) FROM requests) AS rows,
        (SELECT coalesce(sum(cost), 0) FROM attempts WHERE request NOT IN (SELECT seq FROM requests)) AS open,
        (SELECT coalesce(sum(requests), 0) FROM rollups) AS counted,
        (SELECT count(*) FROM requests WHERE flags & 32) AS forwarded`,
    )
    .get();
  if (sums?.hours !== (sums?.rows ?? 0n) + (sums?.open ?? 0n) || sums.counted !== sums.forwarded)
    throw new Error(`hours and rows differ: ${Object.entries(sums ?? {}).join(" ")}`);
}

/** Every request that ended has its row. */
export function checkAllWritten(database: Database, costs: ReadonlyMap<number, bigint>): void {
  const found = database.query<{ n: bigint }, []>("SELECT count(*) AS n FROM requests").get();
  if (Number(found?.n) !== costs.size) throw new Error(`${found?.n} rows of ${costs.size}`);
}
