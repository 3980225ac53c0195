// What a proxy costs per request: CPU time and added latency, by number of connections and size of the body.

import { CORES } from "./children.ts";
import type { Contender, ContenderName } from "./contender.ts";
import { type Lab, launchAll, stopAll } from "./lab.ts";
import type { LoadResult } from "./load.ts";
import type { Plan } from "./options.ts";
import { proveFeatures, type RunningPostern } from "./postern.ts";
import type { Row, Target, Values } from "./row.ts";
import { median } from "./statistics.ts";

type Settings = Plan["overhead"];

/** One combination of body size and connections. */
export interface OverheadCell {
  readonly bodyBytes: number;
  readonly connections: number;
  readonly rounds: Readonly<Partial<Record<ContenderName, LoadResult[]>>>;
}

export interface OverheadResult {
  readonly cells: readonly OverheadCell[];
  /** Requests sent to Postern, and log lines that it wrote. */
  readonly requests: number;
  readonly logLines: number;
}

const CPU_TARGET: Target = { of: "comparison", atMost: 3 };
const LATENCY_TARGET: Target = { of: "comparison", atMost: 100 };

export async function measureOverhead(lab: Lab, settings: Settings): Promise<OverheadResult> {
  const contenders = await launchAll(lab);
  const gateway = contenders.find((contender): contender is RunningPostern => contender.name === "postern");
  if (gateway === undefined) throw new Error("there is nothing to measure");
  await proveFeatures(gateway);
  const count = await LineCount.begin(gateway);
  const cells: OverheadCell[] = [];
  for (const bodyBytes of settings.bodyBytes) {
    lab.say(`overhead: warming up with bodies of ${bodyBytes} bytes`);
    for (const contender of contenders)
      await count.add(contender, await load(lab, contender, 32, bodyBytes, 0, settings.warmUpMs));
    for (const connections of settings.connections) {
      lab.say(`overhead: ${bodyBytes} bytes, ${connections} connections`);
      cells.push(await measureCell(lab, contenders, { bodyBytes, connections }, settings, count));
    }
  }
  await stopAll(contenders);
  return { cells, requests: count.requests, logLines: count.lines };
}

/** Lines are written in batches; after so long all of them are in the file. */
const LOG_SETTLES_MS = 100;

/** Every answered request must have left a line in the log. */
class LineCount {
  requests = 0;
  lines = 0;
  readonly #gateway: RunningPostern;

  private constructor(gateway: RunningPostern) {
    this.#gateway = gateway;
  }

  /** Forgets the lines written so far. */
  static async begin(gateway: RunningPostern): Promise<LineCount> {
    await Bun.sleep(LOG_SETTLES_MS);
    gateway.takeLogLines();
    return new LineCount(gateway);
  }

  async add(contender: Contender, result: LoadResult): Promise<void> {
    if (contender.name !== "postern") return;
    await Bun.sleep(LOG_SETTLES_MS);
    this.requests += result.total;
    this.lines += this.#gateway.takeLogLines();
  }
}

/** The rounds of all contenders alternate, so that a noisy minute of the machine meets them all. */
async function measureCell(
  lab: Lab,
  contenders: readonly Contender[],
  cell: { readonly bodyBytes: number; readonly connections: number },
  settings: Settings,
  count: LineCount,
): Promise<OverheadCell> {
  const rounds: Partial<Record<ContenderName, LoadResult[]>> = {};
  for (let round = 0; round < settings.rounds; round++)
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const { connections, bodyBytes } = cell;
      const result = await load(lab, contender, connections, bodyBytes, settings.settleMs, settings.roundMs);
      await count.add(contender, result);
      rounds[contender.name] ??= [];
      rounds[contender.name]?.push(result);
    }
  return { ...cell, rounds };
}

function load(
  lab: Lab,
  { port, key, pid }: Contender,
  connections: number,
  bodyBytes: number,
  warmMs: number,
  measureMs: number,
): Promise<LoadResult> {
  return lab.load.run({ port, key, pid, core: CORES.measured, connections, bodyBytes, warmMs, measureMs });
}

export function overheadRows({ cells }: OverheadResult): Row[] {
  const per = (cell: OverheadCell): string =>
    `${Math.round(cell.bodyBytes / 1024)} KB, ${cell.connections} connection${cell.connections === 1 ? "" : "s"}`;
  const cpu = cells.map((cell): Row => {
    const target = cell.connections === 32 ? { target: CPU_TARGET } : {};
    const values = medians(cell, (round) => round.cpuMicros);
    return { what: `CPU per request: ${per(cell)}`, unit: "µs", values, compare: "ratio", ...target };
  });
  const middle = cells.map((cell): Row => {
    const target = cell.connections === 1 ? { target: LATENCY_TARGET } : {};
    const values = medians(cell, (round) => round.p50Micros);
    return { what: `latency p50: ${per(cell)}`, unit: "µs", values, compare: "difference", ...target };
  });
  const late = cells.map((cell): Row => {
    const values = medians(cell, (round) => round.p99Micros);
    return { what: `latency p99: ${per(cell)}`, unit: "µs", values, compare: "difference" };
  });
  const rate = cells.map((cell): Row => {
    const values = medians(cell, (round) => (round.requests / round.elapsedMs) * 1000);
    return { what: `requests: ${per(cell)}`, unit: "1/s", values, compare: "ratio" };
  });
  return [...cpu, ...middle, ...late, ...rate];
}

function medians(cell: OverheadCell, pick: (round: LoadResult) => number | null): Values {
  const values: Partial<Record<ContenderName, number>> = {};
  for (const name of ["direct", "nginx", "postern"] as const) {
    const picked = (cell.rounds[name] ?? []).map(pick).filter((value) => value !== null);
    if (picked.length > 0) values[name] = median(picked);
  }
  return values;
}
