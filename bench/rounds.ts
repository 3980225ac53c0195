// Rounds of load on several contenders that alternate, and the count of the log lines that they leave.

import { CORES } from "./children.ts";
import { CONTENDERS, type Contender, type ContenderName } from "./contender.ts";
import type { Lab } from "./lab.ts";
import type { LoadResult } from "./load.ts";
import { isPostern } from "./postern.ts";
import type { Values } from "./row.ts";
import { median } from "./statistics.ts";

/** One combination of body size and connections. */
export interface Cell {
  readonly bodyBytes: number;
  readonly connections: number;
}

export type Rounds = Readonly<Partial<Record<ContenderName, readonly LoadResult[]>>>;

export interface RoundSettings {
  readonly warmUpMs: number;
  readonly settleMs: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** The rounds of all contenders alternate, so that a noisy minute of the machine meets them all. */
export async function measureRounds(
  lab: Lab,
  contenders: readonly Contender[],
  cell: Cell,
  settings: RoundSettings,
  count: LineCount,
): Promise<Rounds> {
  const rounds: Partial<Record<ContenderName, LoadResult[]>> = {};
  for (let round = 0; round < settings.rounds; round++)
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const result = await load(lab, contender, cell, settings.settleMs, settings.roundMs);
      await count.add(contender, result);
      rounds[contender.name] ??= [];
      rounds[contender.name]?.push(result);
    }
  return rounds;
}

/** So many connections let the compiler see all of the code. */
const WARM_UP_CONNECTIONS = 32;

export async function warmUp(
  lab: Lab,
  contenders: readonly Contender[],
  bodyBytes: number,
  { warmUpMs }: RoundSettings,
  count: LineCount,
): Promise<void> {
  const cell = { bodyBytes, connections: WARM_UP_CONNECTIONS };
  for (const contender of contenders)
    await count.add(contender, await load(lab, contender, cell, 0, warmUpMs));
}

function load(
  lab: Lab,
  { port, key, pid }: Contender,
  { connections, bodyBytes }: Cell,
  warmMs: number,
  measureMs: number,
): Promise<LoadResult> {
  return lab.load.run({ port, key, pid, core: CORES.measured, connections, bodyBytes, warmMs, measureMs });
}

/** Lines are written in batches; after so long all of them are in the file. */
const LOG_SETTLES_MS = 100;

/** Every request that Postern answered must have left a line in the log. */
export class LineCount {
  requests = 0;
  lines = 0;
  readonly #byName = new Map<ContenderName, number>();

  /** Forgets the lines written so far. */
  static async begin(contenders: readonly Contender[]): Promise<LineCount> {
    await Bun.sleep(LOG_SETTLES_MS);
    for (const contender of contenders) if (isPostern(contender)) contender.takeLogLines();
    return new LineCount();
  }

  async add(contender: Contender, result: LoadResult): Promise<void> {
    if (!isPostern(contender)) return;
    await Bun.sleep(LOG_SETTLES_MS);
    this.requests += result.total;
    this.#byName.set(contender.name, this.requestsOf(contender) + result.total);
    this.lines += contender.takeLogLines();
  }

  /** Requests that this one answered. */
  requestsOf({ name }: Contender): number {
    return this.#byName.get(name) ?? 0;
  }
}

/** The median of each contender's rounds. */
export function medians(rounds: Rounds, pick: (round: LoadResult) => number | null): Values {
  const values: Partial<Record<ContenderName, number>> = {};
  for (const name of CONTENDERS) {
    const picked = (rounds[name] ?? []).map(pick).filter((value) => value !== null);
    if (picked.length > 0) values[name] = median(picked);
  }
  return values;
}

/** The median of what two contenders' rounds of the same number come to; undefined without such rounds. */
export function pairedMedian(
  rounds: Rounds,
  [subject, base]: readonly [ContenderName, ContenderName],
  pick: (round: LoadResult) => number | null,
  compare: (subject: number, base: number) => number,
): number | undefined {
  const pairs = (rounds[subject] ?? []).flatMap((round, at) => {
    const other = rounds[base]?.[at];
    const [a, b] = [pick(round), other === undefined ? null : pick(other)];
    return a === null || b === null ? [] : [compare(a, b)];
  });
  return pairs.length === 0 ? undefined : median(pairs);
}
