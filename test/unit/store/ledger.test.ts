// What the ledger books, when, and for whom.

import { describe, expect, test } from "bun:test";
import type { Admission, CounterKey, Reservation, Settlement } from "../../../src/store/entry.ts";
import { counterKey, hold, openScene, requestRow, reserving, storePath } from "../../support/ledger-scene.ts";

const CAP = counterKey();

function settlement(costNanoUsd: bigint, changes: Partial<Settlement> = {}): Settlement {
  return { costNanoUsd, usage: undefined, tokens: 7, flags: [], status: 200, row: requestRow, ...changes };
}

function reserved(admission: Admission): Reservation {
  if (admission.kind !== "reserved") throw new Error(`not reserved but ${admission.kind}`);
  return admission.reservation;
}

describe("reserve", () => {
  test("holds the amounts, and says how the counters stood before", async () => {
    const { ledger } = await openScene();
    const first = reserved(await ledger.reserve(reserving([hold(CAP, 100n, 500n)])));
    const second = reserved(await ledger.reserve(reserving([hold(CAP, 100n, 500n)])));
    expect(first.levels).toEqual([{ spent: 0n, held: 0n }]);
    expect(second.levels).toEqual([{ spent: 0n, held: 100n }]);
    expect(second.seq).toBeGreaterThan(first.seq);
    expect(ledger.level(CAP)).toEqual({ spent: 0n, held: 200n });
  });

  test("books nothing at all when one counter refuses, and names every one that does", async () => {
    const { ledger } = await openScene();
    const small = counterKey({ policy: "small" });
    const tiny = counterKey({ policy: "tiny" });
    const admission = await ledger.reserve(
      reserving([hold(CAP, 100n, 500n), hold(small, 100n, 99n), hold(tiny, 100n, 1n)]),
    );
    expect(admission).toEqual({
      kind: "refused",
      refusals: [
        { hold: 1, level: { spent: 0n, held: 0n }, crowded: false },
        { hold: 2, level: { spent: 0n, held: 0n }, crowded: false },
      ],
    });
    expect([...ledger.counters()]).toEqual([]);
  });

  test("admits what reaches the limit exactly, and nothing once it is spent", async () => {
    const { ledger } = await openScene();
    const all = reserved(await ledger.reserve(reserving([hold(CAP, 100n, 100n)])));
    expect((await ledger.reserve(reserving([hold(CAP, 1n, 100n)]))).kind).toBe("refused");
    await ledger.settle(all, settlement(100n));
    expect((await ledger.reserve(reserving([hold(CAP, 0n, 100n)]))).kind).toBe("refused");
    expect((await ledger.reserve(reserving([hold(CAP, 0n, 101n)]))).kind).toBe("reserved");
  });

  test("counts without a limit, and refuses all at a limit of zero", async () => {
    const { ledger } = await openScene();
    expect((await ledger.reserve(reserving([hold(CAP, 10n ** 15n)]))).kind).toBe("reserved");
    const zero = counterKey({ policy: "zero" });
    expect((await ledger.reserve(reserving([hold(zero, 0n, 0n)]))).kind).toBe("refused");
  });

  test("takes no new subject where there are too many, and still those it knows", async () => {
    const { ledger } = await openScene();
    const of = (subject: string): CounterKey => counterKey({ subject });
    const crowded = (subject: string) =>
      reserving([{ counter: of(subject), amount: 1n, limit: 10n, maxSubjects: 2 }]);
    await ledger.reserve(crowded("a"));
    await ledger.reserve(crowded("b"));
    expect(await ledger.reserve(crowded("c"))).toMatchObject({ refusals: [{ crowded: true }] });
    expect((await ledger.reserve(crowded("a"))).kind).toBe("reserved");
  });

  test("is not possible without a free slot, and is again after one is written out", async () => {
    const { ledger, store } = await openScene(storePath(), { slots: 2 });
    const first = reserved(await ledger.reserve(reserving([])));
    await ledger.reserve(reserving([]));
    expect(await ledger.reserve(reserving([hold(CAP, 1n)]))).toMatchObject({ kind: "unavailable" });
    expect(ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    await ledger.settle(first, settlement(1n));
    ledger.flush();
    expect((await ledger.reserve(reserving([]))).kind).toBe("reserved");
    store.close();
  });
});

describe("settle and release", () => {
  test("put what it cost in place of what was held, once", async () => {
    const { ledger } = await openScene();
    const tokens = counterKey({ policy: "rate", metric: "tokens", durable: false });
    const reservation = reserved(await ledger.reserve(reserving([hold(CAP, 100n), hold(tokens, 10n)])));
    await ledger.settle(reservation, settlement(130n));
    await ledger.settle(reservation, settlement(999n));
    await ledger.release(reservation, true, requestRow);
    expect(ledger.level(CAP)).toEqual({ spent: 130n, held: 0n });
    expect(ledger.level(tokens)).toEqual({ spent: 7n, held: 0n });
  });

  test("a released attempt costs nothing and still counts as a request", async () => {
    const { ledger } = await openScene();
    const requests = counterKey({ metric: "requests", durable: false });
    const entry = reserving([hold(CAP, 100n), hold(requests, 1n)]);
    await ledger.release(reserved(await ledger.reserve(entry)), false, requestRow);
    expect(ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    expect(ledger.level(requests)).toEqual({ spent: 1n, held: 0n });
  });

  test("a refused one does not count", async () => {
    const { ledger } = await openScene();
    const requests = counterKey({ metric: "requests", durable: false });
    const running = counterKey({ metric: "concurrent", durable: false });
    const entry = reserving([hold(requests, 1n), hold(running, 1n, 1n)]);
    const reservation = reserved(await ledger.reserve(entry));
    expect(ledger.level(requests)).toEqual({ spent: 1n, held: 0n });
    await ledger.release(reservation, true, undefined);
    expect(ledger.level(requests)).toEqual({ spent: 0n, held: 0n });
    expect(ledger.level(running)).toEqual({ spent: 0n, held: 0n });
  });

  test("a charge beyond 64 bits does not go round", async () => {
    const { ledger } = await openScene();
    const entry = reserving([hold(CAP, 1n)], { heldNanoUsd: 10n ** 30n });
    await ledger.settle(reserved(await ledger.reserve(entry)), settlement(10n ** 30n));
    ledger.flush();
    expect(ledger.level(CAP).spent).toBe(2n ** 63n - 1n);
  });
});

describe("attempts of one request", () => {
  test("settle and reserve as one; the request's own counters end with its last attempt", async () => {
    const { ledger, store } = await openScene();
    const running = counterKey({ metric: "concurrent", durable: false });
    const requests = counterKey({ metric: "requests", durable: false });
    const first = reserved(
      await ledger.reserve(reserving([hold(CAP, 100n, 150n), hold(running, 1n, 1n), hold(requests, 1n, 1n)])),
    );
    const next = reserving([hold(CAP, 100n, 150n)], { attempt: 2 });
    // 100 + 100 would be too much: the settlement comes first.
    const second = reserved(await ledger.settleAndReserve(first, settlement(20n), next));
    expect(ledger.level(CAP)).toEqual({ spent: 20n, held: 100n });
    expect(ledger.level(running)).toEqual({ spent: 0n, held: 1n });
    await ledger.settle(second, settlement(30n));
    expect(ledger.level(CAP)).toEqual({ spent: 50n, held: 0n });
    expect(ledger.level(running)).toEqual({ spent: 0n, held: 0n });
    expect(ledger.level(requests)).toEqual({ spent: 1n, held: 0n });
    ledger.flush();
    expect(store.database.query("SELECT seq, cost FROM requests").all()).toEqual([
      { seq: BigInt(first.seq), cost: 50n },
    ]);
    expect(store.database.query("SELECT seq, request, cost FROM attempts").all()).toEqual([
      { seq: BigInt(first.seq), request: BigInt(first.seq), cost: 20n },
    ]);
    expect(store.database.query("SELECT requests, cost FROM rollups").all()).toEqual([
      { requests: 1n, cost: 50n },
    ]);
  });

  test("when the next target refuses the request can still be ended with its row", async () => {
    const { ledger, store } = await openScene();
    const running = counterKey({ metric: "concurrent", durable: false });
    const first = reserved(await ledger.reserve(reserving([hold(CAP, 100n), hold(running, 1n)])));
    const next = reserving([hold(CAP, 100n, 1n)], { attempt: 2 });
    expect((await ledger.settleAndReserve(first, settlement(20n), next)).kind).toBe("refused");
    expect((await ledger.settleAndReserve(first, settlement(20n), next)).kind).toBe("refused");
    expect(ledger.level(running).held).toBe(1n);
    await ledger.settle(first, settlement(20n));
    expect(ledger.level(running).held).toBe(0n);
    ledger.flush();
    expect(store.database.query("SELECT cost FROM requests").all()).toEqual([{ cost: 20n }]);
    expect(ledger.level(CAP)).toEqual({ spent: 20n, held: 0n });
  });

  test("none follows once the request has ended", async () => {
    const { ledger } = await openScene();
    const first = reserved(await ledger.reserve(reserving([])));
    await ledger.settle(first, settlement(1n));
    const late = await ledger.settleAndReserve(first, settlement(1n), reserving([hold(CAP, 1n)]));
    expect(late.kind).toBe("unavailable");
    expect(ledger.level(CAP).held).toBe(0n);
  });
});

describe("reset", () => {
  test("starts at zero; what is under way settles into the old counter", async () => {
    const { ledger, store } = await openScene();
    const done = reserved(await ledger.reserve(reserving([hold(CAP, 100n)])));
    await ledger.settle(done, settlement(40n));
    const open = reserved(await ledger.reserve(reserving([hold(CAP, 100n)])));
    ledger.reset("cap", undefined);
    expect(ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    await ledger.settle(open, settlement(60n));
    expect(ledger.level(CAP)).toEqual({ spent: 0n, held: 0n });
    ledger.flush();
    expect(store.database.query("SELECT epoch, spent FROM counters ORDER BY epoch").all()).toEqual([
      { epoch: 0n, spent: 100n },
      { epoch: 1n, spent: 0n },
    ]);
  });

  test("of one subject leaves the others, and running requests are not forgotten", async () => {
    const { ledger } = await openScene();
    const of = (subject: string) => counterKey({ subject });
    const running = counterKey({ metric: "concurrent", durable: false, subject: "a" });
    const entry = reserving([hold(of("a"), 5n), hold(of("b"), 5n), hold(running, 1n)]);
    await ledger.reserve(entry);
    await ledger.settle(reserved(await ledger.reserve(entry)), settlement(9n));
    ledger.reset("cap", "a");
    expect(ledger.level(of("a"))).toEqual({ spent: 0n, held: 0n });
    expect(ledger.level(of("b"))).toEqual({ spent: 9n, held: 5n });
    expect(ledger.level(running).held).toBe(1n);
  });
});

describe("rows", () => {
  test("are told of after they are stored, until the listener leaves", async () => {
    const { ledger, store } = await openScene();
    const seen: [string, number, bigint][] = [];
    const leave = ledger.onRow(({ id }, seq) => {
      const count = store.database.query<{ n: bigint }, []>("SELECT count(*) AS n FROM requests").get();
      seen.push([id, seq, count?.n ?? 0n]);
    });
    const reservation = reserved(await ledger.reserve(reserving([])));
    await ledger.settle(reservation, settlement(1n));
    ledger.note(() => requestRow({ id: "refused" }));
    expect(seen).toEqual([]);
    ledger.flush();
    expect(seen).toEqual([
      ["r1", reservation.seq, 2n],
      ["refused", reservation.seq + 1, 2n],
    ]);
    leave();
    ledger.note(requestRow);
    ledger.flush();
    expect(seen.length).toBe(2);
  });

  test("clients may use an id twice", async () => {
    const { ledger, store } = await openScene();
    for (const cost of [1n, 2n])
      await ledger.settle(reserved(await ledger.reserve(reserving([]))), settlement(cost));
    ledger.flush();
    expect(store.database.query("SELECT id, cost FROM requests ORDER BY seq").all()).toEqual([
      { id: "r1", cost: 1n },
      { id: "r1", cost: 2n },
    ]);
  });

  test("one that cannot be made is reported, and its money is booked all the same", async () => {
    const { ledger, store, problems } = await openScene();
    const broken = settlement(5n, {
      row: () => {
        throw new Error("no such thing");
      },
    });
    await ledger.settle(reserved(await ledger.reserve(reserving([hold(CAP, 1n)]))), broken);
    ledger.flush();
    expect(problems).toEqual(["A request's row could not be made: no such thing"]);
    expect(store.database.query("SELECT spent FROM counters").all()).toEqual([{ spent: 5n }]);
    expect(store.database.query("SELECT cost FROM rollups").all()).toEqual([{ cost: 5n }]);
  });

  test("refused calls are in no sum", async () => {
    const { ledger, store } = await openScene();
    ledger.note(() => requestRow({ status: 402, ended: "refused" }));
    await ledger.release(reserved(await ledger.reserve(reserving([]))), true, requestRow);
    ledger.flush();
    expect(store.database.query("SELECT count(*) AS n FROM requests").get()).toEqual({ n: 2n });
    expect(store.database.query("SELECT * FROM rollups").all()).toEqual([]);
  });
});
