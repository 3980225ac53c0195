// How long retention's steps take, and what becomes of the file: `bun test/long/ledger-retention.ts [rows]`.

import { statSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { createFacts } from "../../src/store/facts.ts";
import { createSteps } from "../../src/store/retention-steps.ts";
import { scratch } from "../support/scratch.ts";

const rows = Number(process.argv[2] ?? 1_000_000);
const path = join(scratch(), "postern.db");
const HOUR_MS = 3_600_000;
const database = openDatabase({ path, sync: "normal" });
const now = Date.UTC(2026, 10, 21);
const detail = JSON.stringify({ endpoint: "chat", format: "openai", userAgent: "x".repeat(240) });

database.run("PRAGMA synchronous = OFF");
database.run(
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
   INSERT INTO requests SELECT i, lower(hex(randomblob(16))), ${now} - (${rows} - i) * 2, 1, NULL, 200, NULL,
   100, 50, 0, 0, 0, 123456, 32, '${detail}' FROM n`,
);
database.run(
  `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199999)
   INSERT INTO rollups SELECT (${now} / ${HOUR_MS} - 2000 + i / 200) * ${HOUR_MS}, i % 200, 1, 1, 1, 1, 1, 0, 0, 0 FROM n`,
);
database.run("PRAGMA synchronous = NORMAL");
database.query("PRAGMA wal_checkpoint(TRUNCATE)").all();
const sizeBefore = statSync(path).size;
process.stdout.write(`${rows} rows, ${(sizeBefore / 1e6).toFixed(0)} MB\n`);

const steps = createSteps(database, createFacts(database))(now - rows, now);
const times: number[] = [];
const start = performance.now();
let mark = start;
for (;;) {
  const before = performance.now();
  if (steps.next().done === true) break;
  times.push(performance.now() - before);
  if (times.length % 5_000 === 0) {
    process.stdout.write(
      `${times.length} steps, ${((performance.now() - mark) / 5_000).toFixed(2)} ms each\n`,
    );
    mark = performance.now();
  }
}
const total = performance.now() - start;
times.sort((a, b) => a - b);
const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(2);
const left = database.query<{ n: bigint }, []>("SELECT count(*) AS n FROM requests").get();
database.close(true);
process.stdout.write(
  `${left?.n} rows left after ${(total / 1000).toFixed(1)} s of work in ${times.length} steps; ms: p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(0.999999)}\n` +
    `file ${(sizeBefore / 1e6).toFixed(0)} → ${(statSync(path).size / 1e6).toFixed(0)} MB\n`,
);
