// After a process died: books what its journal holds and the database does not know yet, once.

import type { Database } from "bun:sqlite";
import { countRequest, emptyRollup } from "./batch.ts";
import { type CounterEpoch, decodeCounter } from "./counter-text.ts";
import type { Definition } from "./definition.ts";
import type { Profile, RequestRow } from "./entry.ts";
import { decodeFlags, decodePrice, decodeProfile, encodeDetail, FLAG_BITS } from "./row-text.ts";
import { type SettledPart, SLOT_BITS, type Slot } from "./slot.ts";
import type { RollupSum } from "./statements.ts";
import { prepareStatements, type Statements } from "./statements.ts";

const HOUR_MS = 3_600_000;

export interface Left {
  /** Ascending by `seq`. */
  readonly used: readonly Slot[];
  readonly names: readonly Definition[];
}

export interface Recovered {
  /** Calls that were under way: charged what was held. */
  readonly interrupted: number;
  /** Attempts that were settled and not yet in the database. */
  readonly settled: number;
  /** What could not be booked, for people. */
  readonly damage: readonly string[];
}

/**
 * One transaction: what it did is done once, however often it is called with the same journal.
 *
 * @throws what SQLite throws; nothing is changed then
 */
export function recover(database: Database, left: Left): Recovered {
  if (left.used.length === 0 && left.names.length === 0) return { interrupted: 0, settled: 0, damage: [] };
  const statements = prepareStatements(database);
  statements.begin.run();
  try {
    for (const { no, kind, text } of left.names) statements.definition.run(no, kind, text);
    const recovered = createRecovery(database, statements).run(left.used);
    statements.commit.run();
    return recovered;
  } catch (error) {
    if (database.inTransaction) statements.rollback.run();
    throw error;
  }
}

/** A slot with what its numbers stand for. */
interface Entry {
  readonly slot: Slot;
  readonly profile: Profile;
  readonly counters: readonly (CounterEpoch & { readonly no: number })[];
  /** What is charged: as settled, or what was held. */
  readonly part: SettledPart;
}

function createRecovery(database: Database, statements: Statements) {
  const damage: string[] = [];
  let interrupted = 0;
  let settled = 0;
  const definition = database.query<{ text: string }, [number, string]>(
    "SELECT text FROM definitions WHERE no = ? AND kind = ?",
  );
  const hasRequest = database.query("SELECT 1 FROM requests WHERE seq = ?");
  const hasAttempt = database.query("SELECT 1 FROM attempts WHERE seq = ?");

  const textOf = (no: number, kind: Definition["kind"]): string => {
    const found = definition.get(no, kind);
    if (found === null) throw new RangeError(`its ${kind} ${no} is not known`);
    return found.text;
  };

  const read = (slot: Slot): Entry | undefined => {
    try {
      const numbers =
        slot.list === 0 ? slot.counters : (JSON.parse(textOf(slot.list, "holds")) as readonly number[]);
      const profile = decodeProfile(textOf(slot.profile, "profile"));
      if (slot.price !== 0) textOf(slot.price, "price");
      const counters = numbers.map((no) => ({ no, ...decodeCounter(textOf(no, "counter")) }));
      return { slot, profile, counters, part: slot.settled ?? heldAsPart(slot) };
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
      damage.push(`Request ${slot.requestId} is not charged: ${error.message}.`);
      return undefined;
    }
  };

  const book = ({ slot, counters, part }: Entry): void => {
    if (slot.settled === undefined) interrupted++;
    else settled++;
    const isUsed = (part.bits & SLOT_BITS.released) === 0;
    for (const { no, key, epoch } of counters) {
      const account = { no, key, epoch };
      const { metric } = key;
      if (metric === "usd" && isUsed) statements.addCounter({ account, amount: part.costNanoUsd });
      else if (metric === "tokens" && isUsed) statements.addCounter({ account, amount: BigInt(part.tokens) });
      else if (metric === "requests" && (part.bits & SLOT_BITS.refused) === 0)
        statements.addCounter({ account, amount: 1n });
    }
    if (!isUsed) return;
    const sum = emptyHour(slot);
    sum.cost = part.costNanoUsd;
    sum.input = part.usage?.inputTokens ?? 0;
    sum.cacheRead = part.usage?.cacheReadTokens ?? 0;
    sum.output = part.usage?.outputTokens ?? 0;
    statements.addRollup(sum);
  };

  /** All attempts of one request; its row is made of the last. */
  const bookRequest = (entries: readonly Entry[]): void => {
    const last = entries.at(-1);
    if (last === undefined || hasRequest.get(last.slot.first) !== null) return;
    const isEnded = (last.part.bits & SLOT_BITS.last) !== 0;
    const isInRow = isEnded || last.slot.settled === undefined;
    for (const entry of entries) {
      const { slot, part } = entry;
      if (hasAttempt.get(slot.seq) !== null) continue;
      book(entry);
      if (entry === last && isInRow) continue;
      const { seq, first, at, profile, price } = slot;
      statements.insertAttempt(
        { seq, request: { seq: first }, entry: { at }, profile, price },
        part,
        part.bits & 0xff,
      );
    }
    if ((last.part.bits & SLOT_BITS.silent) === 0) addRow(entries, last, isEnded);
  };

  const addRow = (entries: readonly Entry[], last: Entry, isEnded: boolean): void => {
    const { slot, part } = last;
    const isForwarded = entries.some(({ part: { bits } }) => (bits & SLOT_BITS.refused) === 0);
    let flags = part.bits & 0xff;
    if (isForwarded) flags |= FLAG_BITS.forwarded;
    if (!isEnded) flags |= FLAG_BITS.interrupted;
    const price = slot.price === 0 ? undefined : decodePrice(textOf(slot.price, "price"));
    const row = rowOf(entries, last, isEnded);
    const cost = entries.reduce((total, entry) => total + entry.part.costNanoUsd, 0n);
    statements.insertRequest(
      slot.first,
      { ...row, price, flags: decodeFlags(flags) },
      { profile: slot.profile, price: slot.price, flags, cost, detail: encodeDetail(row) },
    );
    if (!isForwarded) return;
    const sum = emptyHour(slot);
    countRequest(sum, flags);
    statements.addRollup(sum);
  };

  return {
    run(used: readonly Slot[]): Recovered {
      const requests = new Map<number, Entry[]>();
      for (const slot of used) {
        const entry = read(slot);
        if (entry === undefined) continue;
        const of = requests.get(slot.first);
        if (of === undefined) requests.set(slot.first, [entry]);
        else of.push(entry);
      }
      for (const entries of requests.values()) bookRequest(entries);
      return { interrupted, settled, damage };
    },
  };
}

/** A call that was under way is charged what was held for it. */
function heldAsPart({ heldNanoUsd, heldTokens, price }: Slot): SettledPart {
  let bits: number = FLAG_BITS.estimated | FLAG_BITS.interrupted;
  // What has no price and holds no tokens costs nothing: a list of models, a count of tokens.
  if (price === 0 && heldTokens > 0) bits |= FLAG_BITS.unpriced;
  return { costNanoUsd: heldNanoUsd, tokens: heldTokens, usage: undefined, status: 0, bits };
}

function emptyHour({ at, profile }: Slot): RollupSum {
  return emptyRollup(Math.floor(at / HOUR_MS) * HOUR_MS, profile);
}

/** What a slot knows of its request; the rest died with the process. */
function rowOf(entries: readonly Entry[], last: Entry, isEnded: boolean): RequestRow {
  const { slot, profile, part } = last;
  const isRefused = (part.bits & SLOT_BITS.refused) !== 0;
  return {
    id: slot.requestId,
    at: slot.at,
    profile,
    price: undefined,
    format: "",
    endpoint: "",
    requestedModel: undefined,
    stream: false,
    status: part.status,
    code: undefined,
    ended: endOf(part, isEnded),
    attempts: isRefused
      ? []
      : entries.map((entry) => ({
          target: `${entry.profile.provider ?? ""}/${entry.profile.model ?? ""}`,
          status: undefined,
          outcome: entry.slot.settled === undefined ? "interrupted" : "settled",
          ms: 0,
          costNanoUsd: entry.part.costNanoUsd,
        })),
    usage: part.usage,
    costNanoUsd: part.costNanoUsd,
    flags: [],
    totalMs: 0,
    firstByteMs: undefined,
    overheadMs: 0,
    passed: [],
    violated: [],
    clientIp: undefined,
    userAgent: undefined,
    traceId: undefined,
  };
}

function endOf({ status, bits }: SettledPart, isEnded: boolean): string {
  if (!isEnded) return "interrupted";
  if ((bits & SLOT_BITS.refused) !== 0) return "refused";
  return status >= 400 ? "upstream_error" : "completed";
}
