// When settlements reach the database, and what happens while they cannot.

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import type { Reservation } from "../../../src/store/entry.ts";
import {
  counterKey,
  hold,
  openScene,
  requestRow,
  reserving,
  type Scene,
  storePath,
} from "../../support/ledger-scene.ts";

const CAP = counterKey();

async function take(scene: Scene): Promise<Reservation> {
  const admission = await scene.ledger.reserve(reserving([hold(CAP, 100n)]));
  if (admission.kind !== "reserved") throw new Error(JSON.stringify(admission));
  return admission.reservation;
}

async function settle(scene: Scene, costNanoUsd: bigint): Promise<void> {
  await scene.ledger.settle(await take(scene), {
    ...{ costNanoUsd, usage: undefined, tokens: 1, flags: [], status: 200, row: requestRow },
  });
}

function stored(path: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.query("SELECT count(*) AS n, coalesce(sum(cost), 0) AS cost FROM requests").get();
  } finally {
    database.close();
  }
}

describe("the next transaction", () => {
  test("comes 50 ms later, with all that was settled meanwhile", async () => {
    const path = storePath();
    const commits: number[] = [];
    const scene = await openScene(path, { onCommit: (_, rows) => commits.push(rows) });
    await settle(scene, 1n);
    scene.run(20);
    await settle(scene, 2n);
    expect(stored(path)).toEqual({ n: 0, cost: 0 });
    scene.run(30);
    expect(stored(path)).toEqual({ n: 2, cost: 3 });
    expect(commits).toEqual([2]);
    scene.store.close();
  });

  test("comes at once when 500 rows wait", async () => {
    const path = storePath();
    const commits: number[] = [];
    const scene = await openScene(path, { slots: 600, onCommit: (_, rows) => commits.push(rows) });
    for (let i = 0; i < 501; i++) await settle(scene, 1n);
    expect(commits).toEqual([500]);
    scene.store.close();
    expect(stored(path)).toEqual({ n: 501, cost: 501 });
  });
});

describe("a database that cannot be written", () => {
  test("refuses new calls, keeps what is settled, and goes on by itself", async () => {
    const path = storePath();
    const scene = await openScene(path);
    const open = await take(scene);
    const pages = scene.store.database.query<{ page_count: bigint }, []>("PRAGMA page_count").get();
    scene.store.database.run(`PRAGMA max_page_count = ${pages?.page_count}`);
    await scene.ledger.settle(open, {
      ...{ costNanoUsd: 60n, usage: undefined, tokens: 1, flags: [], status: 200 },
      row: () => requestRow({ userAgent: "x".repeat(100_000) }),
    });
    scene.run(50);
    expect(scene.ledger.fault).toContain("full");
    expect(await scene.ledger.reserve(reserving([hold(CAP, 1n)]))).toMatchObject({ kind: "unavailable" });
    expect(scene.ledger.level(CAP)).toEqual({ spent: 60n, held: 0n });
    scene.run(60_000);
    expect(scene.ledger.fault).toContain("full");
    expect(stored(path)).toEqual({ n: 0, cost: 0 });
    scene.store.database.run("PRAGMA max_page_count = 1000000");
    scene.run(5_000);
    expect(scene.ledger.fault).toBeUndefined();
    expect(stored(path)).toEqual({ n: 1, cost: 60 });
    expect(scene.faults).toEqual([expect.stringContaining("full"), undefined]);
    expect((await scene.ledger.reserve(reserving([hold(CAP, 1n)]))).kind).toBe("reserved");
    scene.store.close();
  });

  test("that is busy for a moment is no fault; for long it is", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await settle(scene, 7n);
    const other = new Database(path);
    other.run("BEGIN IMMEDIATE");
    scene.run(50);
    expect(scene.ledger.fault).toBeUndefined();
    scene.run(3_000);
    expect(scene.ledger.fault).toContain("locked");
    other.run("ROLLBACK");
    other.close();
    scene.run(5_000);
    expect(scene.ledger.fault).toBeUndefined();
    expect(stored(path)).toEqual({ n: 1, cost: 7 });
    scene.store.close();
  });

  test("when it is closed what could not be written is charged at the next start", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await settle(scene, 7n);
    const other = new Database(path);
    other.run("BEGIN IMMEDIATE");
    scene.store.close();
    other.run("ROLLBACK");
    other.close();
    const next = await openScene(path);
    expect(next.ledger.level(CAP)).toEqual({ spent: 7n, held: 0n });
    expect(next.store.recovered).toMatchObject({ settled: 1, interrupted: 0 });
    next.store.close();
  });

  test("does not fill the memory with the rows of refused calls", async () => {
    const path = storePath();
    const scene = await openScene(path);
    const other = new Database(path);
    other.run("BEGIN IMMEDIATE");
    for (let i = 0; i < 6_000; i++) scene.ledger.note(requestRow);
    other.run("ROLLBACK");
    other.close();
    scene.run(10_000);
    scene.store.close();
    expect(stored(path)).toEqual({ n: 5_000, cost: 0 });
  });
});
