// The long form of the ledger's property test: `bun test/long/ledger-property.ts [steps] [seed]`.

import { STEP_KINDS } from "../support/ledger-steps.ts";
import { LedgerWalk } from "../support/ledger-walk.ts";
import { seeded } from "../support/stream-fuzz.ts";

const steps = Number(process.argv[2] ?? 2_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const random = seeded(seed);
const LONGEST_WALK = 400;

process.stdout.write(`seed ${seed}, ${steps} steps\n`);
const start = performance.now();
let done = 0;
let told = 0;
while (done < steps) {
  const walk = new LedgerWalk();
  await walk.start();
  const length = 20 + Math.floor(random() * LONGEST_WALK);
  for (let i = 0; i < length; i++) {
    const kind = STEP_KINDS[Math.floor(random() * STEP_KINDS.length)] ?? "commit";
    await walk.take({ kind, a: Math.floor(random() * 1000), b: Math.floor(random() * 1000) });
  }
  await walk.finish();
  done += length;
  if (done - told >= 100_000) {
    told = done;
    process.stdout.write(`${done} steps, ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  }
}
process.stdout.write(`${done} steps: all invariants held\n`);
