// Child process: many paced streams at once. Every event of every stream is compared with what the upstream sends.

import { serveJobs } from "./job.ts";
import { Samples } from "./statistics.ts";
import { openStream, type StreamClient, type StreamTally } from "./stream-client.ts";
import { openWindow, type Watched } from "./window.ts";

export interface PacedJob extends Watched {
  readonly port: number;
  readonly key: string;
  readonly streams: number;
  /** Content events per stream. */
  readonly chunks: number;
  /** Time over which the streams are opened. */
  readonly rampMs: number;
  /** After this, streams that have not ended are lost. */
  readonly limitMs: number;
}

export interface PacedResult {
  readonly whole: number;
  /** Streams that ended early, were never answered, or brought an event that was not the next one. */
  readonly lost: number;
  /** What was wrong with the first few of them. */
  readonly reasons: readonly string[];
  readonly mostAtOnce: number;
  /** Content events that arrived. */
  readonly chunks: number;
  /** CPU time of the process and its children, set-up of the streams included, per content event. */
  readonly cpuMicros: number | null;
  /** Share of the process's core that went to others. */
  readonly others: number | null;
  /** From the upstream's write to the client's read. */
  readonly chunkP50Micros: number;
  readonly chunkP99Micros: number;
  /** From the request's write to the first content event. */
  readonly firstP50Ms: number;
  readonly firstP99Ms: number;
}

const REASONS_KEPT = 5;
const STEP_MS = 10;

const delays = new Samples();

async function run(job: PacedJob): Promise<PacedResult> {
  delays.clear();
  const firsts = new Samples(job.streams);
  const open = new Set<StreamClient>();
  let mostAtOnce = 0;
  const tally: StreamTally = {
    delay: (micros) => delays.add(micros),
    first: (ms) => firsts.add(ms),
    began: (client) => {
      open.add(client);
      mostAtOnce = Math.max(mostAtOnce, open.size);
    },
    ended: (client) => void open.delete(client),
  };
  const close = openWindow(job);
  const clients = await openAll(job, tally);
  const limit = Bun.sleep(job.limitMs).then(() => {
    for (const client of clients) client.giveUp();
  });
  await Promise.race([Promise.all(clients.map((client) => client.done)), limit]);
  const { cpuMicros, others } = close();
  const chunks = clients.reduce((sum, client) => sum + client.chunks, 0);
  const bad = clients.filter((client) => client.failure !== undefined);
  return {
    whole: clients.length - bad.length,
    lost: bad.length,
    reasons: bad.slice(0, REASONS_KEPT).map((client) => client.failure ?? ""),
    mostAtOnce,
    chunks,
    cpuMicros: cpuMicros === null || chunks === 0 ? null : cpuMicros / chunks,
    others,
    chunkP50Micros: delays.percentile(0.5),
    chunkP99Micros: delays.percentile(0.99),
    firstP50Ms: firsts.percentile(0.5),
    firstP99Ms: firsts.percentile(0.99),
  };
}

/** Opens the streams evenly over the ramp: a thousand connections in one instant would measure SYN queues. */
async function openAll(job: PacedJob, tally: StreamTally): Promise<StreamClient[]> {
  const clients: StreamClient[] = [];
  const startedAt = performance.now();
  while (clients.length < job.streams) {
    const passed = (performance.now() - startedAt + STEP_MS) / job.rampMs;
    const due = Math.min(job.streams, Math.ceil(job.streams * passed));
    while (clients.length < due) clients.push(openStream(job, clients.length, tally));
    await Bun.sleep(STEP_MS);
  }
  return clients;
}

serveJobs(run);
