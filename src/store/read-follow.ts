// Finds the requests that were kept since the last look. They end in another order than they are numbered.

import type { Database } from "bun:sqlite";
import type { RequestFilter } from "./read-filter.ts";
import type { RequestJson } from "./read-request-json.ts";
import { pickRequests } from "./read-requests.ts";

/** Numbers that may still get a row; the oldest are given up beyond that. */
const MAX_OPEN = 10_000;

/** Looks again: the requests that were kept meanwhile and pass the filter, in the order they began. */
export type Follow = () => readonly RequestJson[];

/**
 * Begins with what is kept from now on. A number without a row belongs to a request that is still running, or to an
 * attempt; it is looked for until there are too many.
 */
export function followRequests(db: Database, filter: RequestFilter): Follow {
  const newest = db.query<{ seq: bigint | null }, []>("SELECT max(seq) AS seq FROM requests");
  const above = db.query<{ seq: bigint }, [bigint]>("SELECT seq FROM requests WHERE seq > ? ORDER BY seq");
  const among = db.query<{ seq: bigint }, [string]>(
    "SELECT seq FROM requests WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq",
  );
  const open = new Set<bigint>();
  let last = newest.get()?.seq ?? 0n;

  /** Takes in numbers that have a row, in their order; those between them are open. */
  const passed = (seqs: readonly bigint[]): void => {
    for (const seq of seqs) {
      const from = seq - last > MAX_OPEN ? seq - BigInt(MAX_OPEN) : last + 1n;
      for (let gap = from; gap < seq; gap++) open.add(gap);
      last = seq;
    }
    for (const oldest of open) {
      if (open.size <= MAX_OPEN) break;
      open.delete(oldest);
    }
  };

  const start = last > MAX_OPEN ? last - BigInt(MAX_OPEN) : 0n;
  const known = above.all(start).map(({ seq }) => seq);
  last = start;
  passed(known);

  return () => {
    const late = open.size === 0 ? [] : among.all(`[${[...open].join(",")}]`).map(({ seq }) => seq);
    const fresh = above.all(last).map(({ seq }) => seq);
    for (const seq of late) open.delete(seq);
    passed(fresh);
    const seqs = [...late, ...fresh];
    return seqs.length === 0 ? [] : pickRequests(db, filter, seqs);
  };
}
