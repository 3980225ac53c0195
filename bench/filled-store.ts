// A store as it is after a busy month: millions of rows, made by SQL within a minute or two.

import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Price } from "../src/exchange.ts";
import type { RequestRow } from "../src/store/entry.ts";
import { encodeDetail, encodePrice, encodeProfile, FLAG_BITS } from "../src/store/row-text.ts";

const SCHEMA = join(import.meta.dir, "..", "src", "store", "migrations", "0001-ledger.sql");

const KEYS = 100;
const MODELS = ["model-1", "model-2", "model-3", "model-4"];

/** Less than rows are kept, so that none is deleted while the bench runs. */
const SPAN_MS = 29 * 86_400_000;

const PRICE: Price = {
  source: "config",
  match: "upstream/*",
  input: 2_500_000_000n,
  output: 10_000_000_000n,
  cacheRead: 2_500_000_000n,
  cacheWrite: 2_500_000_000n,
  cacheWrite1h: 2_500_000_000n,
  audioInput: 2_500_000_000n,
  audioOutput: 10_000_000_000n,
  request: 0n,
  tiers: [],
};

/** Stands where each row has its own number. */
const TOTAL_MS = 12_345.67;

const ROW: RequestRow = {
  id: "",
  at: 0,
  profile: profileOf(0),
  price: PRICE,
  format: "openai",
  endpoint: "chat",
  requestedModel: "model-1",
  stream: false,
  status: 200,
  code: undefined,
  ended: "completed",
  attempts: [
    { target: "upstream/model-1", status: 200, outcome: "completed", ms: TOTAL_MS, costNanoUsd: 1_727_500n },
  ],
  usage: undefined,
  costNanoUsd: 1_727_500n,
  flags: [],
  totalMs: TOTAL_MS,
  firstByteMs: TOTAL_MS,
  overheadMs: 0.42,
  passed: ["everything", "per key", "rate"],
  violated: [],
  clientIp: "192.0.2.17",
  userAgent: "python-client/1.2.3",
  traceId: undefined,
};

/**
 * Makes the file with so many requests, one after the other in the 29 days before `until` (epoch ms), of 400 profiles;
 * one in fifty failed. The texts are those that a gateway writes.
 */
export function fillStore(path: string, rows: number, until: number): void {
  const database = new Database(path, { create: true, strict: true });
  try {
    // Takes effect in a new file only. Nobody else reads it yet, and an unfinished one is thrown away.
    for (const pragma of [
      "auto_vacuum = INCREMENTAL",
      "journal_mode = OFF",
      "synchronous = OFF",
      "cache_size = -400000",
    ])
      database.run(`PRAGMA ${pragma}`);
    database.exec(readFileSync(SCHEMA, "utf8"));
    database.run("PRAGMA user_version = 1");
    const { profiles, price } = define(database);
    // Made afterwards, they are made in one go.
    const indexes = database
      .query<{ name: string; sql: string }, []>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
      )
      .all();
    for (const { name } of indexes) database.run(`DROP INDEX ${name}`);
    insertRequests(database, { rows, until, profiles, price });
    for (const { sql } of indexes) database.run(sql);
    database.run(ROLLUPS);
  } finally {
    database.close();
  }
}

function profileOf(number: number): RequestRow["profile"] {
  const key = `key-${Math.floor(number / MODELS.length)}`;
  return {
    key,
    user: `${key}@example.com`,
    workspace: `workspace-${Math.floor(number / 40)}`,
    tags: { team: `team-${number % 7}` },
    provider: "upstream",
    model: MODELS[number % MODELS.length],
    policies: ["everything", "per key", "rate"],
  };
}

/** The profiles are numbers 1 to `profiles`. */
function define(database: Database): { readonly profiles: number; readonly price: number } {
  const insert = database.prepare("INSERT INTO definitions (no, kind, text) VALUES (?, ?, ?)");
  const profiles = KEYS * MODELS.length;
  for (let number = 0; number < profiles; number++)
    insert.run(number + 1, "profile", encodeProfile(profileOf(number)));
  insert.run(profiles + 1, "price", encodePrice(PRICE));
  return { profiles, price: profiles + 1 };
}

interface Rows {
  readonly rows: number;
  readonly until: number;
  readonly profiles: number;
  readonly price: number;
}

/** Ids as the gateway makes them: version 7, the time first. */
function insertRequests(database: Database, { rows, until, profiles, price }: Rows): void {
  const [before = "", between = "", then = "", after = ""] = encodeDetail(ROW).split(String(TOTAL_MS));
  database
    .query(`WITH RECURSIVE
      numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < $rows),
      facts (i, at, chance, input, output) AS (
        SELECT i, $until - $span + CAST(i * ($span * 1.0 / $rows) AS INTEGER), abs(random()),
          100 + i % 1900, 20 + i * 7 % 480 FROM numbers)
    INSERT INTO requests SELECT i,
      substr(printf('%012x', at), 1, 8) || '-' || substr(printf('%012x', at), 9) || '-7' ||
        lower(substr(hex(randomblob(2)), 2)) || '-8' || lower(substr(hex(randomblob(2)), 2)) || '-' ||
        lower(hex(randomblob(6))),
      at, 1 + chance % $profiles, $price, iif(i % 50 = 0, 429, 200), iif(i % 50 = 0, 'upstream_error', NULL),
      input, output, 0, 0, 0, iif(i % 50 = 0, 0, input * 2500 + output * 10000), ${FLAG_BITS.forwarded},
      $before || (chance % 90000 / 10.0) || $between || (chance % 9000 / 10.0) || $then || (chance % 900 / 10.0) || $after
    FROM facts`)
    .run({ rows, until, span: SPAN_MS, profiles, price, before, between, then, after });
}

const ROLLUPS = `INSERT INTO rollups SELECT at / 3600000 * 3600000, profile, count(*), sum(input), sum(cache_read),
  sum(output), sum(cost), 0, 0, 0 FROM requests GROUP BY 1, 2`;
