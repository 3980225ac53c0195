// A process that reserves and settles without end and tells of each, to be killed: `bun ledger-child.ts PATH FIRST [map]`.

import { writeSync } from "node:fs";
import type { Reservation } from "../../src/store/entry.ts";
import { openStore } from "../../src/store/open-store.ts";
import { chargeOf, heldOf, KILLED_CAP } from "./ledger-kill.ts";
import { hold, NOON, requestRow, reserving } from "./ledger-scene.ts";

const [path = "", first = "0", map = "map"] = process.argv.slice(2);
const PARALLEL = 20;

const store = await openStore({
  path,
  sync: "normal",
  retentionMs: () => 10 * 365 * 86_400_000,
  slots: 4_096,
  map: map === "map",
  pid: process.pid,
  lockWaitMs: 5_000,
  wall: () => NOON,
  monotonic: () => performance.now(),
  sleep: Bun.sleep,
  schedule(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  ...{ onJump() {}, onFault() {}, onCommit() {} },
  onProblem: (text) => tell(`problem ${text}`),
});

function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

tell("ready");
const open: { readonly number: number; readonly reservation: Reservation }[] = [];
for (let number = Number(first); ; number++) {
  const requestId = `r${number}`;
  const entry = reserving([hold(KILLED_CAP, heldOf(number))], { requestId, heldNanoUsd: heldOf(number) });
  const admission = await store.ledger.reserve(entry);
  if (admission.kind !== "reserved") throw new Error(JSON.stringify(admission));
  tell(`held ${number}`);
  open.push({ number, reservation: admission.reservation });
  if (open.length < PARALLEL) continue;
  const [done] = open.splice((number * 7) % PARALLEL, 1);
  if (done === undefined) continue;
  const costNanoUsd = chargeOf(done.number);
  await store.ledger.settle(done.reservation, {
    ...{ costNanoUsd, usage: undefined, tokens: 1, flags: [], status: 200 },
    row: () => requestRow({ id: `r${done.number}`, costNanoUsd }),
  });
  tell(`settled ${done.number}`);
  if (number % 16 === 0) await Bun.sleep(0);
}
