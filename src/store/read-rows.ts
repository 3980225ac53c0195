// Turns rows of the table of requests into what they were when they were written.

import type { Database } from "bun:sqlite";
import type { Price } from "../exchange.ts";
import type { Usage } from "../formats/usage.ts";
import { NOBODY, type Profile, type RequestRow } from "./entry.ts";
import { type Detail, decodeDetail, decodeFlags, decodePrice, decodeProfile } from "./row-text.ts";

interface StoredRow {
  readonly id: string;
  readonly at: bigint;
  readonly profile: bigint;
  readonly price: bigint | null;
  readonly status: bigint;
  readonly code: string | null;
  readonly input: bigint | null;
  readonly output: bigint | null;
  readonly cache_read: bigint | null;
  readonly cache_write: bigint | null;
  readonly reasoning: bigint | null;
  readonly cost: bigint;
  readonly flags: bigint;
  readonly detail: string;
}

/** The rows of these numbers that are there, in the order of the numbers. */
export function readRows(db: Database, seqs: readonly bigint[]): readonly RequestRow[] {
  const statement = db.query<StoredRow, [bigint]>("SELECT * FROM requests WHERE seq = ?");
  const profiles = definitionsReader(db, decodeProfile);
  const prices = definitionsReader(db, decodePrice);
  const rows: RequestRow[] = [];
  for (const seq of seqs) {
    const stored = statement.get(seq);
    if (stored === null) continue;
    const price = stored.price === null ? undefined : prices(stored.price);
    rows.push(decodeRow(stored, profiles(stored.profile) ?? NOBODY, price));
  }
  return rows;
}

/** Reads definitions by number, each once; undefined where there is none. */
export function definitionsReader<T>(
  db: Database,
  decode: (text: string) => T,
): (no: bigint) => T | undefined {
  const statement = db.query<{ text: string }, [bigint]>("SELECT text FROM definitions WHERE no = ?");
  const known = new Map<bigint, T | undefined>();
  return (no) => {
    if (known.has(no)) return known.get(no);
    const row = statement.get(no);
    const value = row === null ? undefined : decode(row.text);
    known.set(no, value);
    return value;
  };
}

function decodeRow(stored: StoredRow, profile: Profile, price: Price | undefined): RequestRow {
  const detail = decodeDetail(stored.detail);
  return {
    id: stored.id,
    at: Number(stored.at),
    profile,
    price,
    format: detail.format,
    endpoint: detail.endpoint,
    requestedModel: detail.requestedModel,
    stream: detail.stream,
    status: Number(stored.status),
    code: stored.code ?? undefined,
    ended: detail.ended,
    attempts: detail.attempts,
    usage: usageOf(stored, detail),
    costNanoUsd: BigInt(stored.cost),
    flags: decodeFlags(Number(stored.flags)),
    totalMs: detail.totalMs,
    firstByteMs: detail.firstByteMs,
    overheadMs: detail.overheadMs,
    passed: detail.passed,
    violated: detail.violated,
    clientIp: detail.clientIp,
    userAgent: detail.userAgent,
    traceId: detail.traceId,
  };
}

function usageOf(stored: StoredRow, detail: Detail): Usage | undefined {
  if (stored.input === null && stored.output === null) return undefined;
  return {
    inputTokens: Number(stored.input ?? 0n),
    outputTokens: Number(stored.output ?? 0n),
    cacheReadTokens: Number(stored.cache_read ?? 0n),
    cacheWriteTokens: Number(stored.cache_write ?? 0n),
    cacheWrite1hTokens: detail.cacheWrite1h ?? 0,
    reasoningTokens: Number(stored.reasoning ?? 0n),
    audioInputTokens: detail.audioInput ?? 0,
    audioOutputTokens: detail.audioOutput ?? 0,
  };
}
