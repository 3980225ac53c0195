// The ledger under any order of events, beside the plainest account of what it should say: lists that are summed up.

import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CounterKey, Metric, Reservation, Settlement } from "../../src/store/entry.ts";
import { checkAllWritten, checkRows } from "./ledger-rows.ts";
import { counterKey, hold, NOON, openScene, requestRow, reserving, type Scene } from "./ledger-scene.ts";
import type { Entry, OpenAttempt, Request, Step } from "./ledger-steps.ts";
import { scratch } from "./scratch.ts";

const HOUR_MS = 3_600_000;
const SLOTS = 24;

/** Goes through steps on a store in a folder of its own, and looks after each whether all is as promised. */
export class LedgerWalk {
  readonly #root = scratch();
  #folders = 0;
  #path = this.#nextPath();
  #scene: Scene | undefined;
  #requests: Request[] = [];
  readonly #spent: Entry[] = [];
  readonly #epochs = new Map<string, number>();
  readonly #costs = new Map<number, bigint>();
  #shape = 0;
  #ids = 0;
  #at = NOON;
  #crashes = 0;

  get scene(): Scene {
    if (this.#scene === undefined) throw new Error("start it first");
    return this.#scene;
  }

  async start(): Promise<void> {
    this.#scene = await this.#open();
  }

  async take({ kind, a, b }: Step): Promise<void> {
    const open = this.#requests.filter(({ attempt }) => attempt !== undefined);
    const request = open[a % Math.max(1, open.length)];
    if (kind === "reserve") await this.#reserve(a, b);
    else if (kind === "commit") this.scene.run(25);
    else if (kind === "crash") await this.#crash(false);
    else if (kind === "half-crash") await this.#crash(true);
    else if (kind === "restart") await this.#restart();
    else if (kind === "pass") this.scene.run((a % 90) * 60_000);
    else if (kind === "jump") this.scene.setWall(this.scene.ledger.now() + ((a % 7) - 3) * HOUR_MS);
    else if (kind === "reset") this.#reset(a);
    else if (kind === "reload") this.#shape = a % 2;
    else if (kind === "end") await this.#end(a);
    else if (request !== undefined) await this.#close(kind, request, BigInt(b % 150), a);
    this.#look();
  }

  /** Ends everything that is open; then nothing may be held, and every slot is free. */
  async finish(): Promise<void> {
    for (const request of [...this.#requests])
      if (request.attempt !== undefined) await this.#close("settle", request, 5n, 0);
      else await this.#end(0);
    this.scene.ledger.flush();
    this.#look();
    checkAllWritten(this.scene.store.database, this.#costs);
    for (const { counter, level } of this.scene.ledger.counters())
      if (level.held !== 0n) throw new Error(`${counter.id} still holds ${level.held}`);
    const store = this.scene.store;
    const admissions: Reservation[] = [];
    for (let i = 0; i < SLOTS; i++) {
      const admission = await this.scene.ledger.reserve(reserving([]));
      if (admission.kind !== "reserved") throw new Error(`only ${i} of ${SLOTS} slots are free`);
      admissions.push(admission.reservation);
    }
    for (const reservation of admissions) await this.scene.ledger.release(reservation, true, undefined);
    store.close();
    rmSync(this.#root, { recursive: true, force: true });
  }

  #nextPath(): string {
    const folder = join(this.#root, `${this.#folders++}`);
    mkdirSync(folder);
    return join(folder, "postern.db");
  }

  #open(): Promise<Scene> {
    return openScene(this.#path, { slots: SLOTS, map: this.#crashes % 2 === 0, at: this.#at });
  }

  #key(policy: string, metric: Metric, shape: string, at: number): CounterKey {
    const isHour = shape.startsWith("hour");
    const start = isHour ? Math.floor(at / HOUR_MS) * HOUR_MS : 0;
    const end = isHour ? start + HOUR_MS : Number.POSITIVE_INFINITY;
    return counterKey({ policy, metric, shape, start, end, durable: metric === "usd" || !isHour });
  }

  async #reserve(a: number, b: number): Promise<void> {
    const at = this.scene.ledger.now();
    const heldNanoUsd = BigInt(b % 120);
    const heldTokens = BigInt(a % 20);
    const whole = [
      { key: this.#key("cap", "usd", `total${this.#shape}`, at), amount: heldNanoUsd, limit: 2_000n },
      { key: this.#key("hourly", "usd", "hour", at), amount: heldNanoUsd, limit: 700n },
      { key: this.#key("tokens", "tokens", "hour", at), amount: heldTokens, limit: 200n },
      { key: this.#key("daily", "tokens", `total${this.#shape}`, at), amount: heldTokens, limit: undefined },
    ];
    const once = [
      { key: this.#key("requests", "requests", "total", at), amount: 1n, limit: 1_000n },
      { key: this.#key("running", "concurrent", "hour-none", at), amount: 1n, limit: 6n },
    ];
    const id = `r${++this.#ids % 7}`;
    const all = [...whole, ...once].filter((_, i) => i === 0 || (b >> i) % 4 !== 0);
    const admission = await this.scene.ledger.reserve(
      reserving(
        all.map(({ key, amount, limit }) => hold(key, amount, limit)),
        { at, requestId: id, heldNanoUsd, heldTokens: Number(heldTokens) },
      ),
    );
    const refusing = all.filter(({ key, amount, limit }) => this.#isOver(key, amount, limit));
    if (admission.kind === "unavailable") return this.#mayBeUnavailable();
    if ((admission.kind === "refused") !== refusing.length > 0)
      throw new Error(`${admission.kind}, and ${refusing.length} counters are over`);
    if (admission.kind !== "reserved") return;
    const entries = all.map(({ key, amount }) => this.#entry(key, amount));
    const { reservation } = admission;
    if (this.#costs.has(reservation.seq)) throw new Error(`the number ${reservation.seq} was used before`);
    this.#requests.push({
      ...{ id, seq: reservation.seq, last: reservation, cost: 0n },
      attempt: { reservation, entries, heldNanoUsd, heldTokens },
      running: entries.filter(({ key }) => key.metric === "concurrent"),
    });
    // A request counts when it is taken.
    this.#spent.push(...entries.filter(({ key }) => key.metric === "requests"));
  }

  #isOver(key: CounterKey, amount: bigint, limit: bigint | undefined): boolean {
    if (limit === undefined) return false;
    const { spent, held } = this.#expected(key);
    return spent >= limit || spent + held + amount > limit;
  }

  #mayBeUnavailable(): void {
    if (this.scene.ledger.fault !== undefined) throw new Error(this.scene.ledger.fault);
  }

  #entry(key: CounterKey, amount: bigint): Entry {
    return { key, amount, epoch: this.#epochs.get(key.id) ?? 0 };
  }

  async #close(kind: Step["kind"], request: Request, costNanoUsd: bigint, a: number): Promise<void> {
    const { attempt } = request;
    if (attempt === undefined) return;
    const { ledger } = this.scene;
    const settlement = { costNanoUsd, usage: undefined, tokens: 7, flags: [], status: 200 } as const;
    const row = () => requestRow({ id: request.id, costNanoUsd: 0n });
    if (kind === "retry") return this.#retry(request, attempt, { ...settlement, row: undefined }, a);
    if (kind === "settle") await ledger.settle(attempt.reservation, { ...settlement, row });
    else await ledger.release(attempt.reservation, kind === "refuse", kind === "release" ? row : undefined);
    this.#book(request, attempt, kind === "settle" ? costNanoUsd : undefined, kind === "refuse");
    this.#requests = this.#requests.filter((other) => other !== request);
    if (kind !== "refuse") this.#costs.set(request.seq, request.cost);
  }

  async #retry(request: Request, attempt: OpenAttempt, settlement: Settlement, a: number): Promise<void> {
    const heldNanoUsd = BigInt(a % 90);
    const key = this.#key("cap", "usd", `total${this.#shape}`, NOON);
    const next = reserving([hold(key, heldNanoUsd, 2_000n)], {
      ...{ attempt: 2, at: attempt.reservation.entry.at, requestId: request.id, heldNanoUsd, heldTokens: 3 },
    });
    const admission = await this.scene.ledger.settleAndReserve(attempt.reservation, settlement, next);
    this.#book(request, attempt, settlement.costNanoUsd, false);
    request.attempt = undefined;
    if (admission.kind === "unavailable") return this.#mayBeUnavailable();
    if ((admission.kind === "refused") !== this.#isOver(key, heldNanoUsd, 2_000n))
      throw new Error(`the next attempt is ${admission.kind}`);
    if (admission.kind !== "reserved") return;
    request.last = admission.reservation;
    request.attempt = {
      ...{ reservation: admission.reservation, entries: [this.#entry(key, heldNanoUsd)] },
      ...{ heldNanoUsd, heldTokens: 3n },
    };
  }

  /** Ends a request that is between two attempts. */
  async #end(a: number): Promise<void> {
    const between = this.#requests.filter(({ attempt }) => attempt === undefined);
    const request = between[a % Math.max(1, between.length)];
    if (request === undefined) return;
    const settlement = { costNanoUsd: 77n, usage: undefined, tokens: 7, flags: [], status: 502 };
    await this.scene.ledger.settle(request.last, {
      ...settlement,
      row: () => requestRow({ id: request.id }),
    });
    this.#requests = this.#requests.filter((other) => other !== request);
    this.#costs.set(request.seq, request.cost);
  }

  /** `cost` undefined = released. */
  #book(
    request: Request,
    { entries }: OpenAttempt,
    cost: bigint | undefined,
    refused: boolean,
    tokens = 7n,
  ): void {
    request.cost += cost ?? 0n;
    for (const entry of entries) {
      const { metric } = entry.key;
      if (metric === "usd" && cost !== undefined) this.#spent.push({ ...entry, amount: cost });
      if (metric === "tokens" && cost !== undefined) this.#spent.push({ ...entry, amount: tokens });
      if (metric === "requests" && refused) this.#spent.splice(this.#spent.indexOf(entry), 1);
    }
  }

  #reset(a: number): void {
    const policy = ["cap", "hourly", "daily", "requests"][a % 4] ?? "cap";
    const known = [...this.scene.ledger.counters()].filter(({ counter }) => counter.policy === policy);
    this.scene.ledger.reset(policy, undefined);
    for (const { counter } of known) this.#epochs.set(counter.id, (this.#epochs.get(counter.id) ?? 0) + 1);
  }

  async #restart(): Promise<void> {
    // A drained gateway has nothing under way.
    for (const request of [...this.#requests])
      if (request.attempt !== undefined) await this.#close("settle", request, 3n, 0);
      else await this.#end(0);
    this.scene.store.close();
    await this.#reopen();
  }

  /** The process dies now, or between a transaction and the freeing of its slots. */
  async #crash(half: boolean): Promise<void> {
    this.#crashes++;
    const from = this.#path;
    const path = this.#nextPath();
    const copy = (part: string): void => {
      if (existsSync(from + part)) copyFileSync(from + part, path + part);
    };
    if (half) {
      copy(".journal");
      this.scene.ledger.flush();
    } else copy(".journal");
    for (const part of ["", "-wal", ".names"]) copy(part);
    this.scene.store.close();
    this.#path = path;
    for (const request of this.#requests) {
      const { attempt } = request;
      if (attempt !== undefined) this.#book(request, attempt, attempt.heldNanoUsd, false, attempt.heldTokens);
      this.#costs.set(request.seq, request.cost);
    }
    this.#requests = [];
    await this.#reopen();
  }

  async #reopen(): Promise<void> {
    this.#at = this.scene.ledger.now();
    this.#scene = await this.#open();
    if (this.scene.problems.length > 0) throw new Error(this.scene.problems.join("\n"));
    // What does not outlive the process starts again.
    for (let i = this.#spent.length - 1; i >= 0; i--)
      if (this.#spent[i]?.key.durable === false) this.#spent.splice(i, 1);
  }

  #expected(key: CounterKey): { readonly spent: bigint; readonly held: bigint } {
    const epoch = this.#epochs.get(key.id) ?? 0;
    const sum = (entries: readonly Entry[]): bigint =>
      entries.reduce((s, e) => (e.key.id === key.id && e.epoch === epoch ? s + e.amount : s), 0n);
    const holding = this.#requests.flatMap(({ attempt }) =>
      (attempt?.entries ?? []).filter(({ key: { metric } }) => metric === "usd" || metric === "tokens"),
    );
    const running = this.#requests.flatMap((request) => request.running);
    return { spent: sum(this.#spent), held: sum(holding) + sum(running) };
  }

  #look(): void {
    for (const { counter, level } of this.scene.ledger.counters()) {
      const expected = this.#expected(counter);
      if (level.spent !== expected.spent || level.held !== expected.held)
        throw new Error(
          `${counter.id} says ${level.spent} spent, ${level.held} held; it should be ${expected.spent}, ${expected.held}`,
        );
    }
    checkRows(this.scene.store.database, this.#costs);
  }
}
