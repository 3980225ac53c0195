// Cuts a list that is in memory into pages.

import type { Page } from "./plane.ts";
import { bad, NO_CURSOR, type Query } from "./query.ts";

const CURSOR = /^at-(\d{1,9})$/;

/**
 * The page that `limit` and `cursor` of the query ask for.
 *
 * @throws {GatewayError} `invalid_request` for a cursor that no page gave
 */
export function pageOf(rows: readonly unknown[], query: Query): Page {
  const limit = query.limit();
  const cursor = query.text("cursor");
  const start = cursor === undefined ? 0 : Number(CURSOR.exec(cursor)?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) throw bad("cursor", NO_CURSOR);
  const end = start + limit;
  return { rows: rows.slice(start, end), next: end < rows.length ? `at-${end}` : null };
}
