// The long form of the stream fuzz test, and of its memory bound: `bun test/long/stream-fuzz.ts [rounds] [seed]`.

import { fuzzOnce, seeded } from "../support/stream-fuzz.ts";

const rounds = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const random = seeded(seed);
const ALLOWED_GROWTH_BYTES = 30_000_000;

function resident(): number {
  Bun.gc(true);
  return process.memoryUsage.rss();
}

process.stdout.write(`seed ${seed}, ${rounds} rounds\n`);
for (let round = 0; round < rounds / 10; round++) fuzzOnce(random);
const before = resident();
let slowestMs = 0;
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  fuzzOnce(random);
  slowestMs = Math.max(slowestMs, performance.now() - start);
}
const growth = resident() - before;
process.stdout.write(`slowest ${slowestMs.toFixed(1)} ms, memory grew by ${(growth / 1e6).toFixed(1)} MB\n`);
if (growth > 0.2 * before + ALLOWED_GROWTH_BYTES) throw new Error("memory grows with the number of streams");
