// Kills a process in the middle of its bookings, again and again, and looks whether every one of them is kept.

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { within } from "./deadline.ts";
import { counterKey, openScene, storePath } from "./ledger-scene.ts";

/** What the child counts in. */
export const KILLED_CAP = counterKey({ policy: "killed" });

/** Nano-dollars that the child holds for its call of that number. */
export function heldOf(number: number): bigint {
  return BigInt(100_000 + (number % 1000));
}

/** What the call cost; always less than what was held. */
export function chargeOf(number: number): bigint {
  return BigInt(number % 997);
}

/** Numbers of calls that the child told of. */
interface Told {
  readonly held: Set<number>;
  readonly settled: Set<number>;
}

/** So many kills on one store. @throws {Error} a booking is missing, twice there, or not what it should be */
export async function killRepeatedly(times: number, random: () => number, map: boolean): Promise<number> {
  const path = storePath();
  const told: Told = { held: new Set(), settled: new Set() };
  let first = 1;
  for (let i = 0; i < times; i++) {
    await killOnce(path, first, random() * 120, map, told);
    // The child may have been one call further than it could tell.
    first = Math.max(0, ...told.held) + 10;
    await check(path, told);
  }
  return told.settled.size;
}

async function killOnce(
  path: string,
  first: number,
  afterMs: number,
  map: boolean,
  told: Told,
): Promise<void> {
  const script = join(import.meta.dir, "ledger-child.ts");
  const child = Bun.spawn([process.execPath, script, path, String(first), map ? "map" : "write"], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let kill: ReturnType<typeof setTimeout> | undefined;
  let rest = "";
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const bytes of child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "ready") kill = setTimeout(() => child.kill("SIGKILL"), afterMs);
        else note(line, told);
      }
    }
  };
  try {
    await within("the child to be killed", read());
  } finally {
    clearTimeout(kill);
    child.kill("SIGKILL");
  }
  await child.exited;
}

function note(line: string, { held, settled }: Told): void {
  const [what, number] = line.split(" ");
  if (what === "held") held.add(Number(number));
  else if (what === "settled") settled.add(Number(number));
  else throw new Error(line);
}

async function check(path: string, { held, settled }: Told): Promise<void> {
  const scene = await openScene(path, { slots: 4_096 });
  const { spent } = scene.ledger.level(KILLED_CAP);
  scene.store.close();
  if (scene.problems.length > 0) throw new Error(scene.problems.join("\n"));
  const database = new Database(path, { readonly: true, safeIntegers: true });
  const rows = database.query<{ id: string; cost: bigint }, []>("SELECT id, cost FROM requests").all();
  const integrity = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
  const hours = database.query<{ cost: bigint }, []>("SELECT sum(cost) AS cost FROM rollups").get();
  database.close(true);
  if (integrity?.integrity_check !== "ok") throw new Error(`integrity: ${integrity?.integrity_check}`);
  const costs = new Map(rows.map(({ id, cost }) => [Number(id.slice(1)), cost]));
  if (costs.size !== rows.length) throw new Error("a call has two rows");
  for (const number of held) {
    const cost = costs.get(number);
    const isRight = cost === chargeOf(number) || (cost === heldOf(number) && !settled.has(number));
    if (!isRight) throw new Error(`call ${number} has ${cost}, settled: ${settled.has(number)}`);
  }
  const sum = rows.reduce((total, { cost }) => total + cost, 0n);
  if (sum !== spent || sum !== hours?.cost)
    throw new Error(`rows have ${sum}, hours ${hours?.cost}, the counter ${spent}`);
}
