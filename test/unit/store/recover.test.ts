// What a process left behind is booked at the next start, once.

import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Hold, Reservation, Reserving, Settlement } from "../../../src/store/entry.ts";
import { HEADER_BYTES } from "../../../src/store/journal-file.ts";
import { SLOT_BYTES } from "../../../src/store/slot.ts";
import {
  counterKey,
  hold,
  openScene,
  requestRow,
  reserving,
  type Scene,
  storePath,
} from "../../support/ledger-scene.ts";
import { scratch } from "../../support/scratch.ts";

const CAP = counterKey();
const TOKENS = counterKey({ policy: "rate", metric: "tokens" });
const REQUESTS = counterKey({ policy: "rate", metric: "requests" });
const ALL = [hold(CAP, 100n), hold(TOKENS, 10n), hold(REQUESTS, 1n)];
const USAGE = {
  ...{ inputTokens: 900, outputTokens: 99, cacheReadTokens: 8, cacheWriteTokens: 7, cacheWrite1hTokens: 6 },
  ...{ reasoningTokens: 5, audioInputTokens: 4, audioOutputTokens: 3 },
};

/** The files as a killed process leaves them. */
function crash(path: string, parts = ["", "-wal", ".journal", ".names"]): string {
  const copy = join(scratch(), basename(path));
  for (const part of parts) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
  return copy;
}

async function take(
  { ledger }: Scene,
  holds: readonly Hold[] = ALL,
  changes: Partial<Reserving> = {},
): Promise<Reservation> {
  const admission = await ledger.reserve(reserving(holds, changes));
  if (admission.kind !== "reserved") throw new Error(admission.kind);
  return admission.reservation;
}

function cost(costNanoUsd: bigint, changes: Partial<Settlement> = {}): Settlement {
  return { costNanoUsd, usage: USAGE, tokens: 7, flags: [], status: 200, row: requestRow, ...changes };
}

interface Booked {
  readonly requests: unknown[];
  readonly attempts: unknown[];
  readonly rollups: unknown[];
  readonly spent: (bigint | undefined)[];
}

function booked({ store, ledger }: Scene): Booked {
  const all = (sql: string): unknown[] => store.database.query(sql).all();
  return {
    requests: all("SELECT id, cost, flags, status FROM requests ORDER BY seq"),
    attempts: all("SELECT cost, flags FROM attempts ORDER BY seq"),
    rollups: all("SELECT requests, input, output, cost, estimated FROM rollups ORDER BY starts"),
    spent: [CAP, TOKENS, REQUESTS].map((counter) => ledger.level(counter).spent),
  };
}

/** Opens what is left, looks, and closes; then twice more, with nothing new to book. */
async function reopen(path: string): Promise<Booked & { readonly problems: readonly string[] }> {
  const again = crash(path);
  const scene = await openScene(path);
  const found = { ...booked(scene), problems: scene.problems };
  expect([...scene.ledger.counters()].every(({ level }) => level.held === 0n)).toBe(true);
  // The process died after its transaction, before it emptied the journal.
  const half = crash(path, ["", "-wal"]);
  for (const part of [".journal", ".names"]) copyFileSync(again + part, half + part);
  const repeated = await openScene(half);
  expect(booked(repeated)).toEqual({ ...found, problems: undefined } as unknown as Booked);
  repeated.store.close();
  scene.store.close();
  const later = await openScene(path);
  expect(later.store.recovered).toEqual({ interrupted: 0, settled: 0, damage: [] });
  later.store.close();
  return found;
}

describe.each([true, false])("after a crash (journal mapped: %p)", (map) => {
  test("a call under way is charged what was held, and flagged", async () => {
    const path = storePath();
    const scene = await openScene(path, { map });
    await take(scene, ALL, { requestId: "x".repeat(128) });
    expect(await reopen(crash(path))).toEqual({
      requests: [{ id: "x".repeat(128), cost: 100n, flags: 1n | 2n | 4n | 32n, status: 0n }],
      attempts: [],
      rollups: [{ requests: 1n, input: 0n, output: 0n, cost: 100n, estimated: 1n }],
      spent: [100n, 10n, 1n],
      problems: [],
    });
    scene.store.close();
  });

  test("one that was settled is booked as it was settled", async () => {
    const path = storePath();
    const scene = await openScene(path, { map });
    await scene.ledger.settle(await take(scene), cost(42n, { flags: ["subscription"] }));
    expect(await reopen(crash(path))).toEqual({
      requests: [{ id: "r1", cost: 42n, flags: 8n | 32n, status: 200n }],
      attempts: [],
      rollups: [{ requests: 1n, input: 900n, output: 99n, cost: 42n, estimated: 0n }],
      spent: [42n, 7n, 1n],
      problems: [],
    });
    scene.store.close();
  });

  test("one that is in the database already is not booked twice, though its slot is still there", async () => {
    const path = storePath();
    const scene = await openScene(path, { map });
    await scene.ledger.settle(await take(scene), cost(42n));
    const before = crash(path);
    scene.ledger.flush();
    const after = crash(path);
    copyFileSync(`${before}.journal`, `${after}.journal`);
    expect(await reopen(after)).toMatchObject({ spent: [42n, 7n, 1n], requests: [{ cost: 42n }] });
    scene.store.close();
  });
});

describe("what is recovered", () => {
  test("released and refused calls cost nothing", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await scene.ledger.release(await take(scene), false, requestRow);
    await scene.ledger.release(await take(scene), true, requestRow);
    await scene.ledger.release(await take(scene), true, undefined);
    expect(await reopen(crash(path))).toEqual({
      requests: [
        { id: "r1", cost: 0n, flags: 32n, status: 0n },
        { id: "r1", cost: 0n, flags: 0n, status: 0n },
      ],
      attempts: [],
      rollups: [{ requests: 1n, input: 0n, output: 0n, cost: 0n, estimated: 0n }],
      spent: [0n, 0n, 1n],
      problems: [],
    });
    scene.store.close();
  });

  test.each(["nothing", "the first attempt"])(
    "both attempts of a request, with %p written",
    async (written) => {
      const path = storePath();
      const scene = await openScene(path);
      const first = await take(scene);
      const next = reserving([hold(CAP, 100n), hold(TOKENS, 10n)], { attempt: 2 });
      await scene.ledger.settleAndReserve(first, cost(20n, { flags: ["estimated"] }), next);
      if (written !== "nothing") scene.ledger.flush();
      expect(await reopen(crash(path))).toEqual({
        requests: [{ id: "r1", cost: 120n, flags: 1n | 2n | 4n | 32n, status: 0n }],
        attempts: [{ cost: 20n, flags: 1n }],
        rollups: [{ requests: 1n, input: 900n, output: 99n, cost: 120n, estimated: 1n }],
        spent: [120n, 17n, 1n],
        problems: [],
      });
      scene.store.close();
    },
  );

  test("a request between two attempts leaves a row", async () => {
    const path = storePath();
    const scene = await openScene(path);
    const first = await take(scene);
    const refusing = reserving([hold(CAP, 100n, 1n)], { attempt: 2 });
    expect((await scene.ledger.settleAndReserve(first, cost(20n), refusing)).kind).toBe("refused");
    scene.ledger.flush();
    expect(await reopen(crash(path))).toMatchObject({
      requests: [{ cost: 20n, flags: 2n | 32n }],
      rollups: [{ requests: 1n, cost: 20n }],
      spent: [20n, 7n, 1n],
    });
    scene.store.close();
  });

  test("a call in more counters than a slot has room for", async () => {
    const path = storePath();
    const scene = await openScene(path);
    const many = Array.from({ length: 100 }, (_, i) => hold(counterKey({ policy: `p${i}` }), 100n));
    await take(scene, many);
    const next = await openScene(crash(path));
    expect(many.map(({ counter }) => next.ledger.level(counter).spent)).toEqual(many.map(() => 100n));
    next.store.close();
    scene.store.close();
  });

  test("numbers go on after the greatest that is anywhere", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await take(scene);
    const last = await take(scene);
    const next = await openScene(crash(path));
    expect((await take(next)).seq).toBe(last.seq + 1);
    next.store.close();
    scene.store.close();
  });

  test("what was held in a counter before its reset is charged there", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await take(scene);
    scene.ledger.reset("cap", undefined);
    const next = await openScene(crash(path));
    expect(next.ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    next.store.close();
    scene.store.close();
  });
});

describe("a damaged journal", () => {
  /** Three calls under way; their slots are the first three. */
  async function leave(change: (bytes: Buffer) => Buffer | undefined): Promise<string> {
    const path = storePath();
    const scene = await openScene(path);
    for (const requestId of ["a", "b", "c"]) await take(scene, ALL, { requestId });
    const copy = crash(path);
    scene.store.close();
    const bytes = readFileSync(`${copy}.journal`);
    writeFileSync(`${copy}.journal`, change(bytes) ?? bytes);
    return copy;
  }

  test.each([8, 24, 48, 64, 140, 264])("a slot with a wrong byte %p is left out and reported", async (at) => {
    const path = await leave((bytes) => {
      const place = HEADER_BYTES + SLOT_BYTES + (at === 8 ? 12 : at);
      bytes[place] = (bytes[place] ?? 0) ^ 0x41;
      return bytes;
    });
    const { spent, problems } = await reopen(path);
    // An id of one letter ends before byte 140.
    const isPadding = at === 140;
    expect(spent[0]).toBe(isPadding ? 300n : 200n);
    expect(problems.length).toBe(isPadding ? 0 : 2);
    if (!isPadding) expect(existsSync(`${path}.journal.damaged`)).toBe(true);
  });

  test("a slot whose state was not written yet counts for nothing", async () => {
    const path = await leave((bytes) => {
      bytes.writeUInt32LE(0, HEADER_BYTES + SLOT_BYTES);
      return undefined;
    });
    expect(await reopen(path)).toMatchObject({ spent: [200n, 20n, 2n], problems: [] });
  });

  test("a state that does not exist is reported", async () => {
    const path = await leave((bytes) => {
      bytes.writeUInt32LE(9, HEADER_BYTES);
      return undefined;
    });
    const { problems } = await reopen(path);
    expect(problems[0]).toContain("unknown state 9");
  });

  test("a file that was cut off gives what is left of it", async () => {
    const path = await leave((bytes) => bytes.subarray(0, HEADER_BYTES + 2 * SLOT_BYTES + 100));
    expect(await reopen(path)).toMatchObject({ spent: [200n, 20n, 2n] });
  });

  test("names that are not known are reported, with the request", async () => {
    const path = await leave(() => undefined);
    writeFileSync(`${path}.names`, "");
    const scene = await openScene(path);
    expect(scene.problems[0]).toContain("Request a is not charged");
    scene.store.close();
  });

  test("the journal of another database is kept and not booked", async () => {
    const path = await leave(() => undefined);
    const other = storePath();
    (await openScene(other)).store.close();
    copyFileSync(`${path}.journal`, `${other}.journal`);
    const scene = await openScene(other);
    expect(scene.problems[0]).toContain("another database, with 3 calls");
    expect(existsSync(`${other}.journal.other`)).toBe(true);
    expect(scene.ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    scene.store.close();
  });

  test("a definition that was cut off is none, and an empty journal is a new one", async () => {
    const path = storePath();
    const scene = await openScene(path);
    await take(scene);
    const copy = crash(path);
    scene.store.close();
    writeFileSync(`${copy}.names`, `${readFileSync(`${copy}.names`, "utf8")}[99,"pro`);
    expect(await reopen(copy)).toMatchObject({ spent: [100n, 10n, 1n], problems: [] });
    writeFileSync(`${copy}.journal`, "");
    (await openScene(copy)).store.close();
  });
});
