// Whether retention disturbs the ledger: `bun test/long/ledger-aside.ts [rows]`. Half of the rows are too old.

import { statSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { openStore } from "../../src/store/open-store.ts";
import { counterKey, hold, requestRow, reserving } from "../support/ledger-scene.ts";
import { scratch } from "../support/scratch.ts";

const rows = Number(process.argv[2] ?? 1_000_000);
const path = join(scratch(), "postern.db");
const HOUR_MS = 3_600_000;
const now = Date.now();
const detail = JSON.stringify({ endpoint: "chat", format: "openai", userAgent: "x".repeat(240) });
const database = openDatabase({ path, sync: "normal" });
database.run("PRAGMA synchronous = OFF");
database.run(
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
   INSERT INTO requests SELECT i, lower(hex(randomblob(16))), ${now} - (${rows} - i) * 2 * ${HOUR_MS} / ${rows}, 1, NULL,
   200, NULL, 100, 50, 0, 0, 0, 123456, 32, '${detail}' FROM n`,
);
database.query("PRAGMA wal_checkpoint(TRUNCATE)").all();
database.close(true);
const sizeBefore = statSync(path).size;
process.stdout.write(`${rows} rows, ${(sizeBefore / 1e6).toFixed(0)} MB\n`);

const commits: number[] = [];
const store = await openStore({
  path,
  sync: "normal",
  retentionMs: () => HOUR_MS,
  pid: process.pid,
  lockWaitMs: 0,
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: Bun.sleep,
  schedule(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  onJump: () => {},
  onFault: (reason) => process.stdout.write(`fault: ${reason}\n`),
  onProblem: (text) => process.stdout.write(`${text}\n`),
  onCommit: (ms) => commits.push(ms),
});
const cap = counterKey();

async function call(id: string): Promise<void> {
  const admission = await store.ledger.reserve(reserving([hold(cap, 1n)], { at: Date.now(), requestId: id }));
  if (admission.kind !== "reserved") throw new Error(JSON.stringify(admission));
  await store.ledger.settle(admission.reservation, {
    ...{ costNanoUsd: 1n, usage: undefined, tokens: 1, flags: [], status: 200 },
    row: () => requestRow({ id, at: Date.now() }),
  });
}

function describe(times: number[]): string {
  times.sort((a, b) => a - b);
  const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(2);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(0.99999)}`;
}

/** About 150 calls a second; how late each turn comes. */
async function watch(isOver: () => boolean): Promise<string> {
  const late: number[] = [];
  commits.length = 0;
  while (!isOver()) {
    const start = performance.now();
    await call(Bun.randomUUIDv7());
    await Bun.sleep(5);
    late.push(performance.now() - start - 5);
  }
  return `loop late by ms: ${describe(late)}; transactions ms: ${describe(commits)}`;
}

const start = performance.now();
process.stdout.write(`before: ${await watch(() => performance.now() - start > 9_000)}\n`);
const old = store.database.query("SELECT 1 FROM requests WHERE at < ? LIMIT 1");
const free = store.database.query<{ freelist_count: bigint }, []>("PRAGMA freelist_count");
let looked = 0;
let gone = false;
const during = await watch(() => {
  if (performance.now() - looked > 1_000) {
    looked = performance.now();
    const isEmptied = old.get(now - HOUR_MS) === null && Number(free.get()?.freelist_count) < 1_000;
    gone = isEmptied || looked - start > 600_000;
  }
  return gone;
});
process.stdout.write(`during: ${during}\n`);
process.stdout.write(
  `after ${((performance.now() - start) / 1000).toFixed(0)} s: ${(statSync(path).size / 1e6).toFixed(0)} MB, write-ahead log ${(statSync(`${path}-wal`).size / 1e6).toFixed(0)} MB, resident ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB\n`,
);
store.close();
process.exit(0);
