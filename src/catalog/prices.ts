// What public providers ask for their models, from a table that comes with the executable.

import type { Price } from "../exchange.ts";
import { isSameVersion, namesModel, withoutArn } from "./price-id.ts";
import { type DatedPrice, priceAt, readPrices } from "./price-rows.ts";
import { priceTable } from "./price-table.ts" with { type: "macro" };
import type { PriceRow } from "./price-table.ts";

const TABLE = priceTable();

/** Clients choose ids, so what is remembered of them has an end. */
const MAX_REMEMBERED = 4096;

/** By provider of the table. */
const rows = new Map<string, readonly PriceRow[]>();
/** By preset and id; undefined = looked for and not found. */
const known = new Map<string, readonly DatedPrice[] | undefined>();

/** Whether models of this preset can have a price here. */
export function hasBundledPrices(type: string): boolean {
  return Object.hasOwn(TABLE.providers, type);
}

/**
 * The price of a model of this preset at a moment; undefined when the table does not know exactly this model. Equal
 * prices are the same object.
 *
 * @param atMs epoch milliseconds: some prices begin on a day, or hold for hours of the day
 */
export function bundledPrice(type: string, model: string, atMs: number): Price | undefined {
  if (!hasBundledPrices(type)) return undefined;
  const key = `${type} ${model}`;
  let prices = known.get(key);
  if (prices === undefined && !known.has(key)) {
    if (known.size >= MAX_REMEMBERED) known.clear();
    prices = findPrices(type, model.toLowerCase());
    known.set(key, prices);
  }
  return prices === undefined ? undefined : priceAt(prices, atMs);
}

/** Those that a provider resells come after its own. */
function findPrices(type: string, id: string): readonly DatedPrice[] | undefined {
  const name = withoutArn(id);
  for (const provider of TABLE.providers[type] ?? []) {
    const row = rowsOf(provider).find((one) => namesModel(one.match, name) && isSameVersion(one.name, name));
    if (row !== undefined) return readPrices(row);
  }
  return undefined;
}

function rowsOf(provider: string): readonly PriceRow[] {
  const read: readonly PriceRow[] = rows.get(provider) ?? JSON.parse(TABLE.rows[provider] ?? "[]");
  rows.set(provider, read);
  return read;
}
