// A store filled by hand, for tests of what reads it.

import type { Database } from "bun:sqlite";
import type { Price } from "../../../src/exchange.ts";
import { openDatabase } from "../../../src/store/database.ts";
import type { Profile, RequestRow } from "../../../src/store/entry.ts";
import { encodeDetail, encodeFlags, encodePrice, encodeProfile } from "../../../src/store/row-text.ts";

export const T0 = Date.parse("2026-11-18T10:20:30.000Z");

export const PRICE: Price = {
  source: "config",
  match: "demo/*",
  input: 100_000_000n,
  output: 400_000_000n,
  cacheRead: 10_000_000n,
  cacheWrite: 125_000_000n,
  cacheWrite1h: 200_000_000n,
  audioInput: 100_000_000n,
  audioOutput: 400_000_000n,
  request: 0n,
  tiers: [],
};

export function profile(members: Partial<Profile> = {}): Profile {
  return {
    key: "alice-laptop",
    user: "alice@acme.com",
    workspace: "research",
    tags: { team: "search" },
    provider: "demo",
    model: "echo",
    policies: ["R&D Spend Cap"],
    ...members,
  };
}

/** A request that went well and cost 1.5 dollars. */
export function requestRow(members: Partial<RequestRow> = {}): RequestRow {
  return {
    id: "req-1",
    at: T0,
    profile: profile(),
    price: PRICE,
    format: "openai",
    endpoint: "chat",
    requestedModel: "fast",
    stream: true,
    status: 200,
    code: undefined,
    ended: "completed",
    attempts: [
      { target: "demo/echo", status: 200, outcome: "completed", ms: 812.456, costNanoUsd: 1_500_000_000n },
    ],
    usage: {
      inputTokens: 1200,
      outputTokens: 340,
      cacheReadTokens: 200,
      cacheWriteTokens: 100,
      cacheWrite1hTokens: 50,
      reasoningTokens: 40,
      audioInputTokens: 3,
      audioOutputTokens: 4,
    },
    costNanoUsd: 1_500_000_000n,
    flags: [],
    totalMs: 850.004,
    firstByteMs: 120.336,
    overheadMs: 0.412,
    passed: ["R&D Spend Cap"],
    violated: [],
    clientIp: "10.0.0.1",
    userAgent: "OpenAI/Python 2.1.0",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    ...members,
  };
}

/** Members of a request that a policy refused. */
export const REFUSED: Partial<RequestRow> = {
  status: 402,
  code: "budget_exceeded",
  ended: "refused",
  attempts: [],
  usage: undefined,
  costNanoUsd: 0n,
  price: undefined,
  firstByteMs: undefined,
  passed: [],
  violated: ["R&D Spend Cap"],
};

export interface FilledStore {
  readonly database: Database;
  /** Adds a row and, unless it was refused, its sums of the hour. Numbers count up from 1. */
  add(members?: Partial<RequestRow>, seq?: number): void;
  /** Adds an earlier attempt of the request with that number, and its sums. */
  addAttempt(request: number, at: number, profile: Profile, costNanoUsd: bigint): void;
  /** Adds sums without rows, as retention leaves them. */
  addSums(starts: number, profile: Profile, costNanoUsd: bigint): void;
}

/** A new store; in memory where no path is given. */
export function filledStore(path = ":memory:"): FilledStore {
  const database = openDatabase({ path, sync: "normal" });
  let lastSeq = 0;

  const define = (kind: string, text: string): number => {
    database.run("INSERT OR IGNORE INTO definitions (kind, text) VALUES (?, ?)", [kind, text]);
    const found = database
      .query<{ no: bigint }, [string, string]>("SELECT no FROM definitions WHERE kind = ? AND text = ?")
      .get(kind, text);
    return Number(found?.no);
  };

  const sum = (starts: number, no: number, requests: number, cost: bigint, row?: RequestRow): void => {
    const { usage } = row ?? {};
    const has = (flag: string) => (row?.flags.some((other) => other === flag) ? 1 : 0);
    database.run(
      `INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        requests = requests + excluded.requests, input = input + excluded.input,
        cache_read = cache_read + excluded.cache_read, output = output + excluded.output,
        cost = cost + excluded.cost, estimated = estimated + excluded.estimated,
        unpriced = unpriced + excluded.unpriced, subscription = subscription + excluded.subscription`,
      [
        ...[starts, no, requests, usage?.inputTokens ?? 0, usage?.cacheReadTokens ?? 0],
        ...[usage?.outputTokens ?? 0, cost, has("estimated"), has("unpriced"), has("subscription")],
      ],
    );
  };

  return {
    database,
    add(members = {}, seq = lastSeq + 1) {
      lastSeq = seq;
      const row = requestRow(members);
      const isForwarded = row.ended !== "refused";
      const profileNo = define("profile", encodeProfile(row.profile));
      const priceNo = row.price === undefined ? null : define("price", encodePrice(row.price));
      const { usage } = row;
      database.run("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [
        ...[seq, row.id, row.at, profileNo, priceNo, row.status, row.code ?? null],
        ...[usage?.inputTokens ?? null, usage?.outputTokens ?? null, usage?.cacheReadTokens ?? null],
        ...[usage?.cacheWriteTokens ?? null, usage?.reasoningTokens ?? null, row.costNanoUsd],
        ...[encodeFlags(row.flags, isForwarded), encodeDetail(row)],
      ]);
      if (isForwarded) sum(hourOf(row.at), profileNo, 1, row.costNanoUsd, row);
    },
    addAttempt(request, at, who, costNanoUsd) {
      const no = define("profile", encodeProfile(who));
      database.run("INSERT INTO attempts VALUES (?, ?, ?, ?, NULL, 10, 0, ?, 0)", [
        ...[request, request, at, no, costNanoUsd],
      ]);
      database.run("UPDATE requests SET cost = cost + ? WHERE seq = ?", [costNanoUsd, request]);
      sum(hourOf(at), no, 0, costNanoUsd);
    },
    addSums(starts, who, costNanoUsd) {
      sum(starts, define("profile", encodeProfile(who)), 1, costNanoUsd);
    },
  };
}

function hourOf(ms: number): number {
  return Math.floor(ms / 3_600_000) * 3_600_000;
}
