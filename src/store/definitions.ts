// Numbers for texts that rows and slots refer to. A number is durable before anything refers to it.

import type { Database } from "bun:sqlite";
import type { Price } from "../exchange.ts";
import type { Definition, DefinitionKind } from "./definition.ts";
import type { Profile } from "./entry.ts";
import type { NamesFile } from "./names-file.ts";
import { encodePrice, encodeProfile } from "./row-text.ts";

/** Texts that are kept in memory, beside those that are not in the database yet; then all are forgotten and read again. */
const REMEMBERED = 20_000;

export interface Definitions {
  /** @throws what the file system throws when a new one cannot be written */
  numberOf(kind: DefinitionKind, text: string): number;
  profile(profile: Profile): number;
  /** 0 = no price. */
  price(price: Price | undefined): number;
  /** What is not in the database yet, the oldest first. */
  readonly pending: readonly Definition[];
  /** The first so many pending ones are in the database now. */
  stored(count: number): void;
}

/** `names` = where new ones are written at once; undefined for a store in memory. */
export function createDefinitions(database: Database, names: NamesFile | undefined): Definitions {
  const find = database.query<{ no: bigint }, [string, string]>(
    "SELECT no FROM definitions WHERE kind = ? AND text = ?",
  );
  const last = database.query<{ no: bigint | null }, []>("SELECT max(no) AS no FROM definitions").get();
  let nextNo = Number(last?.no ?? 0n) + 1;
  const known = new Map<string, number>();
  let pending: Definition[] = [];
  const profiles = new WeakMap<Profile, number>();
  const prices = new WeakMap<Price, number>();

  const remember = (kind: DefinitionKind, text: string, no: number): number => {
    if (known.size >= REMEMBERED) {
      known.clear();
      for (const definition of pending) known.set(`${definition.kind} ${definition.text}`, definition.no);
    }
    known.set(`${kind} ${text}`, no);
    return no;
  };

  const numberOf = (kind: DefinitionKind, text: string): number => {
    const no = known.get(`${kind} ${text}`);
    if (no !== undefined) return no;
    const found = find.get(kind, text);
    if (found !== null) return remember(kind, text, Number(found.no));
    const definition = { no: nextNo, kind, text };
    names?.append(definition);
    nextNo++;
    pending.push(definition);
    return remember(kind, text, definition.no);
  };

  return {
    numberOf,
    profile(profile) {
      let no = profiles.get(profile);
      if (no === undefined) {
        no = numberOf("profile", encodeProfile(profile));
        profiles.set(profile, no);
      }
      return no;
    },
    price(price) {
      if (price === undefined) return 0;
      let no = prices.get(price);
      if (no === undefined) {
        no = numberOf("price", encodePrice(price));
        prices.set(price, no);
      }
      return no;
    },
    get pending() {
      return pending;
    },
    stored(count) {
      pending = pending.slice(count);
      if (pending.length === 0) names?.shorten();
    },
  };
}
