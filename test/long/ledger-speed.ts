// What the ledger costs: `bun test/long/ledger-speed.ts [requests] [normal|full]`.

import { join } from "node:path";
import { openStore } from "../../src/store/open-store.ts";
import { counterKey, hold, NOON, PROFILE, requestRow } from "../support/ledger-scene.ts";
import { scratch } from "../support/scratch.ts";

const requests = Number(process.argv[2] ?? 400_000);
const sync = process.argv[3] === "full" ? "full" : "normal";
/** Calls under way at a time. */
const PARALLEL = 64;
const USAGE = {
  ...{ inputTokens: 100, outputTokens: 50, cacheReadTokens: 0, cacheWriteTokens: 0, cacheWrite1hTokens: 0 },
  ...{ reasoningTokens: 0, audioInputTokens: 0, audioOutputTokens: 0 },
};

const commits: number[] = [];
const store = await openStore({
  path: join(scratch(), "postern.db"),
  sync,
  retentionMs: () => 86_400_000,
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
const { ledger } = store;
const org = counterKey({ policy: "org" });
const day = counterKey({ policy: "day", shape: "day", start: NOON, end: NOON + 86_400_000 });
const rate = counterKey({ policy: "rate", metric: "requests", shape: "minute", durable: false });

async function call(id: string): Promise<void> {
  const admission = await ledger.reserve({
    requestId: id,
    attempt: 1,
    at: NOON,
    profile: PROFILE,
    price: undefined,
    heldNanoUsd: 1_000_000n,
    heldTokens: 100,
    holds: [hold(org, 1_000_000n, 10n ** 18n), hold(day, 1_000_000n, 10n ** 18n), hold(rate, 1n, 10n ** 9n)],
  });
  if (admission.kind !== "reserved") throw new Error(admission.kind);
  await ledger.settle(admission.reservation, {
    costNanoUsd: 123_456n,
    usage: USAGE,
    tokens: 150,
    flags: [],
    status: 200,
    row: () => requestRow({ id, usage: USAGE, costNanoUsd: 123_456n, attempts: [ATTEMPT] }),
  });
}

async function run(count: number): Promise<void> {
  for (let i = 0; i < count; i += PARALLEL) {
    const calls: Promise<void>[] = [];
    for (let j = 0; j < PARALLEL; j++) calls.push(call(`01a2b3c4-d5e6-7f80-91a2-${i + j}`));
    await Promise.all(calls);
    // Timers of the store run here.
    await new Promise((resolve) => setImmediate(resolve));
  }
  ledger.flush();
}

const ATTEMPT = {
  target: "acme/large",
  status: 200,
  outcome: "completed",
  ms: 12,
  costNanoUsd: 123_456n,
} as const;

await run(20_000);
commits.length = 0;
const before = process.cpuUsage();
const start = performance.now();
await run(requests);
const wallUs = ((performance.now() - start) * 1000) / requests;
const { user, system } = process.cpuUsage(before);
commits.sort((a, b) => a - b);
const at = (part: number): string => (commits[Math.floor(commits.length * part)] ?? 0).toFixed(2);
process.stdout.write(
  `${requests} requests, ${sync}: CPU ${((user + system) / requests).toFixed(2)} µs (system ${(system / requests).toFixed(2)}), wall ${wallUs.toFixed(2)} µs each\n` +
    `${commits.length} transactions, ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(0.9999)}\n` +
    `resident ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB\n`,
);
store.close();
