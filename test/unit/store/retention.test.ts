// What retention deletes, and what it leaves.

import { describe, expect, test } from "bun:test";
import { openDatabase } from "../../../src/store/database.ts";
import { createFacts } from "../../../src/store/facts.ts";
import { createSteps } from "../../../src/store/retention-steps.ts";
import { until } from "../../support/deadline.ts";
import {
  counterKey,
  hold,
  NOON,
  openScene,
  requestRow,
  reserving,
  storePath,
} from "../../support/ledger-scene.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** 3,000 rows, one a minute until noon; an attempt for every tenth; sums of 60 hours for two profiles. */
function filled() {
  const database = openDatabase({ path: ":memory:", sync: "normal" });
  const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)";
  database.run(
    `${numbers} INSERT INTO requests SELECT i * 2, 'r' || i, ${NOON} - (3000 - i) * 60000, 1, NULL, 200, NULL,
      1, 1, 0, 0, 0, 5, 32, '{}' FROM n`,
  );
  database.run(
    `${numbers} INSERT INTO attempts SELECT i * 2, i * 2, 0, 1, NULL, 1, 1, 5, 32 FROM n WHERE i % 10 = 0`,
  );
  database.run(
    `${numbers} INSERT INTO rollups SELECT ${NOON} - (60 - i / 2) * ${HOUR}, i % 2, 1, 2, 3, 4, 5, 1, 0, 0 FROM n WHERE i <= 121 AND i > 1`,
  );
  const run = (before: number, now = NOON): number => {
    let steps = 0;
    for (const _ of createSteps(database, createFacts(database))(before, now)) steps++;
    return steps;
  };
  const one = (sql: string): unknown => database.query(sql).get();
  return { database, run, one };
}

describe("a run", () => {
  test("deletes the rows before its moment, at most 500 at a time, with their attempts", () => {
    const { run, one } = filled();
    const steps = run(NOON - 1_000 * 60_000);
    expect(one("SELECT count(*) AS n, min(at) AS at FROM requests")).toEqual({
      n: 1001n,
      at: BigInt(NOON - 1_000 * 60_000),
    });
    expect(one("SELECT count(*) AS n, min(seq) AS seq FROM attempts")).toEqual({ n: 101n, seq: 4000n });
    expect(steps).toBeGreaterThanOrEqual(4);
  });

  test("makes days of the hours before its day, and changes no sum", () => {
    const { database, run, one } = filled();
    const sums =
      "SELECT sum(requests) AS r, sum(input) AS i, sum(cost) AS c, sum(estimated) AS e FROM rollups";
    const before = one(sums);
    run(NOON);
    expect(one(sums)).toEqual(before);
    const today = Date.UTC(2026, 10, 21);
    const starts = database
      .query<{ starts: bigint }, []>("SELECT DISTINCT starts FROM rollups ORDER BY starts")
      .all();
    const old = starts.map(({ starts: at }) => Number(at)).filter((at) => at < today);
    expect(old).toEqual([today - 2 * DAY, today - DAY]);
    expect(starts.length - old.length).toBe(13);
    run(NOON);
    expect(one(sums)).toEqual(before);
  });

  test("deletes counters of windows that ended long ago, never open ones, totals, or those of yesterday", async () => {
    const { store, ledger } = await openScene(undefined, { at: NOON - 10 * DAY });
    const windows = [
      counterKey({ shape: "old", start: NOON - 10 * DAY, end: NOON - 9 * DAY }),
      counterKey({ shape: "new", start: NOON - 10 * DAY, end: NOON - HOUR }),
      counterKey({ shape: "open", start: NOON - 10 * DAY, end: NOON + HOUR }),
      counterKey(),
    ];
    const admission = await ledger.reserve(reserving(windows.map((counter) => hold(counter, 1n))));
    if (admission.kind !== "reserved") throw new Error(admission.kind);
    await ledger.settle(admission.reservation, {
      ...{ costNanoUsd: 3n, usage: undefined, tokens: 1, flags: [], status: 200, row: requestRow },
    });
    ledger.flush();
    for (const _ of createSteps(store.database, createFacts(store.database))(NOON, NOON));
    expect(store.database.query("SELECT shape FROM counters ORDER BY no").all()).toEqual(
      ["new", "open", "total"].map((shape) => ({ shape })),
    );
    expect(
      store.database.query("SELECT count(*) AS n FROM definitions WHERE kind = 'counter'").get(),
    ).toEqual({ n: 3n });
    store.close();
  });
});

describe("the store", () => {
  test("in memory deletes by itself, step by step", async () => {
    const scene = await openScene(undefined, { retentionMs: () => HOUR });
    scene.ledger.note(() => requestRow({ at: NOON - 2 * HOUR }));
    scene.ledger.note(() => requestRow({ at: NOON }));
    scene.run(60_000);
    expect(scene.store.database.query("SELECT at FROM requests").all()).toEqual([{ at: BigInt(NOON) }]);
    scene.store.close();
  });

  test("in a file deletes on a thread of its own, and the file shrinks", async () => {
    const path = storePath();
    const scene = await openScene(path, { retentionMs: () => HOUR });
    for (let i = 0; i < 4_000; i++)
      scene.ledger.note(() =>
        requestRow({ at: i < 2_000 ? NOON - 2 * HOUR : NOON, userAgent: "x".repeat(600) }),
      );
    scene.ledger.flush();
    const { database } = scene.store;
    const count = (sql: string): number =>
      Number(Object.values(database.query<Record<string, bigint>, []>(sql).get() ?? {})[0]);
    const pages = count("PRAGMA page_count");
    scene.run(10_000);
    await until("the rows to be gone", () =>
      count("SELECT count(*) FROM requests") === 2_000 ? true : undefined,
    );
    await until("the pages to be gone", () => (count("PRAGMA page_count") < pages * 0.75 ? true : undefined));
    expect(scene.problems).toEqual([]);
    scene.store.close();
  });
});
