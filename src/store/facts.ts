// The few single values of the store: whose it is, the latest moment seen, the next number.

import type { Database } from "bun:sqlite";

export interface Facts {
  /** 32 hexadecimal digits, made with the database: files beside it carry the same. */
  readonly storeId: string;
  /** Epoch milliseconds; 0 = none. */
  lastSeen(): number;
  /** Greater than every `seq` in the database, and than those that were. */
  nextSeq(): number;
  /** The first day (epoch ms) whose sums are still per hour; 0 = not known. */
  foldedUntil(): number;
  storeFolded(until: number): void;
  store(values: { readonly lastSeen: number; readonly nextSeq: number }): void;
}

export function createFacts(database: Database): Facts {
  const read = database.query<{ value: string }, [string]>("SELECT value FROM facts WHERE name = ?");
  const write = database.query<unknown, [string, string]>("INSERT OR REPLACE INTO facts VALUES (?, ?)");
  database.run("INSERT OR IGNORE INTO facts VALUES ('store_id', lower(hex(randomblob(16))))");
  const numberOf = (name: string): number => Number(read.get(name)?.value ?? 0);
  const greatest = (table: "requests" | "attempts"): number =>
    Number(
      database.query<{ seq: bigint | null }, []>(`SELECT max(seq) AS seq FROM ${table}`).get()?.seq ?? 0n,
    );

  return {
    storeId: read.get("store_id")?.value ?? "",
    lastSeen: () => numberOf("last_seen"),
    nextSeq: () => Math.max(numberOf("next_seq"), greatest("requests") + 1, greatest("attempts") + 1),
    foldedUntil: () => numberOf("folded_until"),
    storeFolded: (until) => write.run("folded_until", String(until)),
    store: database.transaction(({ lastSeen, nextSeq }: { lastSeen: number; nextSeq: number }) => {
      write.run("last_seen", String(lastSeen));
      write.run("next_seq", String(nextSeq));
    }),
  };
}
