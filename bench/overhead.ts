// What a proxy costs per request: CPU time and added latency, by number of connections and size of the body.

import { type Lab, launchAll, stopAll } from "./lab.ts";
import type { Plan } from "./options.ts";
import { isPostern, proveFeatures } from "./postern.ts";
import { type Cell, LineCount, measureRounds, medians, type Rounds, warmUp } from "./rounds.ts";
import type { Row, Target } from "./row.ts";

type Settings = Plan["overhead"];

interface OverheadCell extends Cell {
  readonly rounds: Rounds;
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
  const gateway = contenders.find(isPostern);
  if (gateway === undefined) throw new Error("there is nothing to measure");
  await proveFeatures(gateway);
  const count = await LineCount.begin(contenders);
  const cells: OverheadCell[] = [];
  for (const bodyBytes of settings.bodyBytes) {
    lab.say(`overhead: warming up with bodies of ${bodyBytes} bytes`);
    await warmUp(lab, contenders, bodyBytes, settings, count);
    for (const connections of settings.connections) {
      lab.say(`overhead: ${bodyBytes} bytes, ${connections} connections`);
      const cell = { bodyBytes, connections };
      cells.push({ ...cell, rounds: await measureRounds(lab, contenders, cell, settings, count) });
    }
  }
  await stopAll(contenders);
  return { cells, requests: count.requests, logLines: count.lines };
}

export function overheadRows({ cells }: OverheadResult): Row[] {
  const per = (cell: OverheadCell): string =>
    `${Math.round(cell.bodyBytes / 1024)} KB, ${cell.connections} connection${cell.connections === 1 ? "" : "s"}`;
  const cpu = cells.map((cell): Row => {
    const target = cell.connections === 32 ? { target: CPU_TARGET } : {};
    const values = medians(cell.rounds, (round) => round.cpuMicros);
    return { what: `CPU per request: ${per(cell)}`, unit: "µs", values, compare: "ratio", ...target };
  });
  const middle = cells.map((cell): Row => {
    const target = cell.connections === 1 ? { target: LATENCY_TARGET } : {};
    const values = medians(cell.rounds, (round) => round.p50Micros);
    return { what: `latency p50: ${per(cell)}`, unit: "µs", values, compare: "difference", ...target };
  });
  const late = cells.map((cell): Row => {
    const values = medians(cell.rounds, (round) => round.p99Micros);
    return { what: `latency p99: ${per(cell)}`, unit: "µs", values, compare: "difference" };
  });
  const rate = cells.map((cell): Row => {
    const values = medians(cell.rounds, (round) => (round.requests / round.elapsedMs) * 1000);
    return { what: `requests: ${per(cell)}`, unit: "1/s", values, compare: "ratio" };
  });
  return [...cpu, ...middle, ...late, ...rate];
}
