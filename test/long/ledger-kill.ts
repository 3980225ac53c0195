// The long form of the kill test: `bun test/long/ledger-kill.ts [kills] [seed]`.

import { killRepeatedly } from "../support/ledger-kill.ts";
import { seeded } from "../support/stream-fuzz.ts";

const kills = Number(process.argv[2] ?? 50);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const random = seeded(seed);
process.stdout.write(`seed ${seed}\n`);
for (const map of [true, false]) {
  const settled = await killRepeatedly(kills, random, map);
  process.stdout.write(`${kills} kills, mapped: ${map}: ${settled} settlements told, none lost\n`);
}
