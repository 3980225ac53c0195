// The part of counters that outlives the process: which are open at the start, and their numbers.

import type { Database } from "bun:sqlite";
import type { Account, AccountsOptions, Opening } from "./accounts.ts";
import { counterPrefix, decodeCounter, encodeCounter } from "./counter-text.ts";
import type { Definitions } from "./definitions.ts";
import type { CounterKey } from "./entry.ts";

/** How accounts begin. `now` tells which windows are open. */
export function durableCounters(
  database: Database,
  definitions: Definitions,
  now: () => number,
): AccountsOptions {
  const epochsOf = database.query<{ no: bigint; text: string; spent: bigint | null }, [string, string]>(
    `SELECT d.no, d.text, c.spent FROM definitions d LEFT JOIN counters c ON c.no = d.no
      WHERE d.kind = 'counter' AND d.text >= ? AND d.text < ?`,
  );

  /** The window is over and left memory: a late attempt of a long request finds it again. */
  const findEnded = (key: CounterKey): Opening | undefined => {
    const prefix = counterPrefix(key);
    let latest: Opening | undefined;
    for (const { no, text, spent } of epochsOf.all(prefix, `${prefix.slice(0, -1)}-`)) {
      const { epoch } = decodeCounter(text);
      if (epoch >= (latest?.epoch ?? 0)) latest = { epoch, no: Number(no), spent: spent ?? 0n };
    }
    return latest;
  };

  const open = (key: CounterKey, epoch: number): Opening => ({
    epoch,
    no: definitions.numberOf("counter", encodeCounter({ key, epoch })),
    spent: 0n,
  });

  return {
    loaded: loadOpen(database, now()),
    open: (key) => (key.end <= now() ? findEnded(key) : undefined) ?? open(key, 0),
    startAgain: ({ key, epoch }) => open(key, epoch + 1),
  };
}

/** The latest epoch of each counter whose window is open. */
function loadOpen(database: Database, at: number): Iterable<Account> {
  const rows = database
    .query<{ no: bigint; text: string; spent: bigint }, [number]>(
      `SELECT c.no, d.text, c.spent FROM counters c JOIN definitions d ON d.no = c.no
        WHERE c.ends IS NULL OR c.ends > ?`,
    )
    .all(at);
  const latest = new Map<string, Account>();
  for (const { no, text, spent } of rows) {
    const { key, epoch } = decodeCounter(text);
    const other = latest.get(key.id);
    if (other === undefined || other.epoch < epoch)
      latest.set(key.id, { key, epoch, no: Number(no), spent, held: 0n, holders: 0 });
  }
  return latest.values();
}
