// What the store keeps from one process to the next, and who may open it.

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SCHEMA_VERSION } from "../../../src/store/database.ts";
import type { Reservation } from "../../../src/store/entry.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import {
  counterKey,
  hold,
  NOON,
  openScene,
  requestRow,
  reserving,
  type Scene,
  storePath,
} from "../../support/ledger-scene.ts";
import { scratch } from "../../support/scratch.ts";

const CAP = counterKey();
const HOUR = 3_600_000;

async function take(scene: Scene, holds = [hold(CAP, 100n)]): Promise<Reservation> {
  const admission = await scene.ledger.reserve(reserving(holds));
  if (admission.kind !== "reserved") throw new Error(admission.kind);
  return admission.reservation;
}

async function settle(scene: Scene, reservation: Reservation, costNanoUsd: bigint): Promise<void> {
  const rest = { usage: undefined, tokens: 1, flags: [], status: 200, row: requestRow };
  await scene.ledger.settle(reservation, { costNanoUsd, ...rest });
}

async function refusal(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
  throw new Error("it was opened");
}

describe("a store that is opened again", () => {
  test("knows what was spent, and numbers go on", async () => {
    const path = storePath();
    const first = await openScene(path);
    const day = counterKey({ shape: "day", start: NOON, end: NOON + 12 * HOUR, subject: "alice" });
    const memory = counterKey({ policy: "rate", metric: "tokens", durable: false });
    const reservation = await take(first, [hold(CAP, 1n), hold(day, 1n), hold(memory, 1n)]);
    await settle(first, reservation, 42n);
    first.store.close();
    const second = await openScene(path);
    expect(second.ledger.level(CAP)).toEqual({ spent: 42n, held: 0n });
    expect(second.ledger.level(day)).toEqual({ spent: 42n, held: 0n });
    expect(second.ledger.level(memory)).toEqual({ spent: 0n, held: 0n });
    expect((await take(second)).seq).toBeGreaterThan(reservation.seq);
    second.store.close();
  });

  test("does not lose a reset", async () => {
    const path = storePath();
    const first = await openScene(path);
    await settle(first, await take(first), 42n);
    first.ledger.reset("cap", undefined);
    first.store.close();
    const second = await openScene(path);
    expect(second.ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    await settle(second, await take(second), 3n);
    second.store.close();
    const third = await openScene(path);
    expect(third.ledger.level(CAP)).toEqual({ spent: 3n, held: 0n });
    third.store.close();
  });

  test("leaves the counters of ended windows alone", async () => {
    const path = storePath();
    const first = await openScene(path);
    const hour = counterKey({ shape: "hour", start: NOON, end: NOON + HOUR });
    await settle(first, await take(first, [hold(hour, 1n)]), 42n);
    first.store.close();
    const second = await openScene(path, { at: NOON + HOUR });
    expect([...second.ledger.counters()]).toEqual([]);
    second.store.close();
  });

  test("finds the counter of an ended window when a late attempt asks for it", async () => {
    const scene = await openScene();
    const hour = counterKey({ shape: "hour", start: NOON, end: NOON + HOUR });
    await settle(scene, await take(scene, [hold(hour, 1n)]), 42n);
    scene.run(2 * HOUR);
    expect([...scene.ledger.counters()]).toEqual([]);
    await take(scene, [hold(hour, 5n)]);
    expect(scene.ledger.level(hour)).toEqual({ spent: 42n, held: 5n });
  });

  test("keeps a counter in memory while something is held in it", async () => {
    const scene = await openScene();
    const hour = counterKey({ shape: "hour", start: NOON, end: NOON + HOUR, durable: false });
    await take(scene, [hold(hour, 5n)]);
    scene.run(3 * HOUR);
    expect(scene.ledger.level(hour)).toEqual({ spent: 0n, held: 5n });
  });

  test("does not go back in time", async () => {
    const path = storePath();
    const first = await openScene(path);
    first.run(2 * HOUR);
    first.store.close();
    const second = await openScene(path);
    expect(second.ledger.now()).toBe(NOON + 2 * HOUR);
    second.store.close();
  });
});

describe("one owner", () => {
  test("a second one is told the pid of the first, and gets in after it", async () => {
    const path = storePath();
    const first = await openScene(path);
    expect(await refusal(openScene(path))).toBe(
      `The store ${path} is in use by the process with pid 4711. Stop it first, or set store.path to another file.`,
    );
    first.store.close();
    expect(existsSync(`${path}.owner`)).toBe(false);
    const second = await openScene(path);
    second.store.close();
  });

  test("it waits for the first one as long as it is told to", async () => {
    const path = storePath();
    const first = await openScene(path);
    let now = 0;
    let waits = 0;
    const waiting = openScene(path, {
      lockWaitMs: 1_000,
      monotonic: () => now,
      sleep: async (ms) => {
        now += ms;
        if (++waits === 5) first.store.close();
      },
    });
    (await waiting).store.close();
    expect(waits).toBe(5);
  });

  test("readers need no lock", async () => {
    const path = storePath();
    const scene = await openScene(path);
    const reader = new Database(path, { readonly: true });
    expect(reader.query("SELECT count(*) AS n FROM requests").get()).toEqual({ n: 0 });
    reader.close();
    scene.store.close();
  });
});

describe("what cannot be opened", () => {
  test("a database of a newer version names both and says what to do", async () => {
    const path = storePath();
    (await openScene(path)).store.close();
    const database = new Database(path);
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    database.close();
    const message = await refusal(openScene(path));
    expect(message).toContain(`version ${SCHEMA_VERSION + 1}`);
    expect(message).toContain(`up to ${SCHEMA_VERSION}`);
    expect(message).toContain("store.path");
    const again = new Database(path);
    again.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    again.close();
    // The failed start gave the lock back.
    (await openScene(path)).store.close();
  });

  test("a file that is no database", async () => {
    const path = join(scratch({ "postern.db": "listen: 4000\n".repeat(100) }), "postern.db");
    expect(await refusal(openScene(path))).toContain("is not a database");
  });

  test("a database of another program is left as it is", async () => {
    const path = storePath();
    const other = new Database(path);
    other.run("CREATE TABLE cats (name TEXT)");
    other.close();
    expect(await refusal(openScene(path))).toContain("of another program");
  });

  test("a path below a file, and a folder", async () => {
    const file = join(scratch({ file: "" }), "file");
    expect(await refusal(openScene(join(file, "postern.db")))).toContain("cannot be locked");
    const folder = join(scratch(), "postern.db");
    mkdirSync(folder);
    expect(await refusal(openScene(folder))).toContain(folder);
  });

  test("a journal that is none", async () => {
    const path = storePath();
    writeFileSync(`${path}.journal`, "hello ".repeat(1000));
    expect(await refusal(openScene(path))).toContain("is not a journal");
  });

  test("a journal that cannot be made", async () => {
    const path = storePath();
    mkdirSync(`${path}.journal.new`);
    expect(await refusal(openScene(path))).toContain("journal");
  });
});

describe("files", () => {
  test("are for their owner only, and those of an open store are gone when it is closed", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await settle(scene, await take(scene), 1n);
    scene.ledger.flush();
    const names = readdirSync(dirname(path)).sort();
    expect(names).toContain("postern.db-wal");
    for (const name of names)
      expect([name, statSync(join(dirname(path), name)).mode & 0o077]).toEqual([name, 0]);
    scene.store.close();
    expect(readdirSync(dirname(path)).sort()).toEqual([
      "postern.db",
      "postern.db.journal",
      "postern.db.lock",
      "postern.db.names",
    ]);
  });

  test("a store in memory has none", async () => {
    const before = readdirSync(".").length;
    const scene = await openScene();
    await settle(scene, await take(scene), 1n);
    scene.store.close();
    expect(readdirSync(".").length).toBe(before);
  });

  test("the journal's size follows its slots", async () => {
    const path = storePath();
    (await openScene(path, { slots: 8 })).store.close();
    expect(statSync(`${path}.journal`).size).toBe(4096 + 8 * 512);
    (await openScene(path, { slots: 16 })).store.close();
    expect(statSync(`${path}.journal`).size).toBe(4096 + 16 * 512);
    expect(readFileSync(`${path}.journal`).subarray(0, 16).toString()).toBe("postern journal\n");
  });
});
