// What a proxy costs while a thousand people read: CPU time per chunk, memory per stream, and whether each stream is whole.

import { CORES } from "./children.ts";
import { type Contender, type ContenderName, direct, type Launcher } from "./contender.ts";
import { LAUNCHERS, type Lab, ready } from "./lab.ts";
import type { Plan } from "./options.ts";
import type { PacedResult } from "./paced.ts";
import { CHUNK_EVERY_MS } from "./pacer.ts";
import { residentBytes } from "./process-usage.ts";
import type { Row, Values } from "./row.ts";
import { median } from "./statistics.ts";

type Settings = Plan["streams"];

export interface StreamRound extends PacedResult {
  /** Resident bytes of the contender: before the streams, and the most while they ran. */
  readonly bytesBefore: number | null;
  readonly bytesPeak: number | null;
}

export interface StreamsResult {
  readonly streams: number;
  readonly chunks: number;
  readonly rounds: Readonly<Partial<Record<ContenderName, StreamRound[]>>>;
}

const SAMPLE_EVERY_MS = 50;
const PATIENCE_MS = 15_000;
/** Enough for the compiler to have seen the code, too few to raise the memory that streams need. */
const WARM_UP = { streams: 100, chunks: 10, rampMs: 200 };

/** Each round has fresh processes: what a thousand streams leave behind must not hide what the next need. */
export async function measureStreams(lab: Lab, settings: Settings): Promise<StreamsResult> {
  const rounds: Partial<Record<ContenderName, StreamRound[]>> = {};
  for (let round = 0; round < settings.rounds; round++)
    for (const launch of launches(lab, LAUNCHERS)) {
      const contender = launch();
      lab.say(`streams: round ${round + 1} of ${settings.rounds}, ${contender.name}`);
      if (contender.pid !== undefined) await ready(contender);
      await paced(lab, contender, WARM_UP);
      await Bun.sleep(500);
      rounds[contender.name] ??= [];
      rounds[contender.name]?.push(await measure(lab, contender, settings));
      await contender.stop();
    }
  return { streams: settings.streams, chunks: settings.chunks, rounds };
}

function launches(lab: Lab, launchers: readonly Launcher[]): (() => Contender)[] {
  const fresh = launchers.map((launcher) => () => launcher.launch(lab.upstreamPort, CORES.measured));
  return [() => direct(lab.upstreamPort), ...fresh];
}

async function measure(lab: Lab, contender: Contender, settings: Settings): Promise<StreamRound> {
  const { pid } = contender;
  if (pid === undefined)
    return { ...(await paced(lab, contender, settings)), bytesBefore: null, bytesPeak: null };
  const bytesBefore = residentBytes(pid);
  let bytesPeak = bytesBefore;
  const sample = setInterval(() => {
    bytesPeak = Math.max(bytesPeak, residentBytes(pid));
  }, SAMPLE_EVERY_MS);
  try {
    return { ...(await paced(lab, contender, settings)), bytesBefore, bytesPeak };
  } finally {
    clearInterval(sample);
  }
}

function paced(
  lab: Lab,
  { port, key, pid }: Contender,
  settings: { readonly streams: number; readonly chunks: number; readonly rampMs: number },
): Promise<PacedResult> {
  const { streams, chunks, rampMs } = settings;
  const limitMs = chunks * CHUNK_EVERY_MS + PATIENCE_MS;
  return lab.paced.run({ port, key, pid, core: CORES.measured, streams, chunks, rampMs, limitMs });
}

export function streamRows({ rounds, streams }: StreamsResult): Row[] {
  const worst = values(rounds, (list) => Math.min(...list.map(({ whole }) => whole)));
  const middle = (pick: (round: StreamRound) => number | null): Values =>
    values(rounds, (list) => median(list.map(pick).filter((value) => value !== null)));
  return [
    {
      what: `streams whole, of ${streams} (worst round)`,
      unit: "",
      values: worst,
      compare: undefined,
      target: { of: "value", atLeast: streams },
    },
    {
      what: "CPU per chunk",
      unit: "µs",
      values: middle(({ cpuMicros }) => cpuMicros),
      compare: "ratio",
      target: { of: "value", atMost: 42 },
    },
    {
      what: "memory per stream (peak − before)",
      unit: "KB",
      values: middle(({ bytesPeak, bytesBefore }) =>
        bytesPeak === null || bytesBefore === null ? null : (bytesPeak - bytesBefore) / streams / 1000,
      ),
      compare: "ratio",
      target: { of: "value", atMost: 45 },
    },
    {
      what: "memory peak",
      unit: "MB",
      values: middle(({ bytesPeak }) => (bytesPeak === null ? null : bytesPeak / 1e6)),
      compare: "ratio",
    },
    {
      what: "chunk latency p50",
      unit: "µs",
      values: middle((round) => round.chunkP50Micros),
      compare: "difference",
    },
    {
      what: "chunk latency p99",
      unit: "µs",
      values: middle((round) => round.chunkP99Micros),
      compare: "difference",
    },
    {
      what: "first chunk p50",
      unit: "ms",
      values: middle((round) => round.firstP50Ms),
      compare: "difference",
    },
  ];
}

function values(rounds: StreamsResult["rounds"], pick: (list: readonly StreamRound[]) => number): Values {
  const found: Partial<Record<ContenderName, number>> = {};
  for (const name of ["direct", "nginx", "postern"] as const) {
    const list = rounds[name];
    if (list === undefined) continue;
    const value = pick(list);
    if (!Number.isNaN(value)) found[name] = value;
  }
  return found;
}
