// What every measurement works with: the upstream, the load generators, and who is to be compared.

import { CORES, Worker } from "./children.ts";
import { type Contender, direct, type Launcher } from "./contender.ts";
import type { LoadJob, LoadResult } from "./load.ts";
import { nginx } from "./nginx.ts";
import type { PacedJob, PacedResult } from "./paced.ts";
import { CHAT_PATH, chatRequest } from "./payloads.ts";
import { untilAnswered } from "./ports.ts";
import { postern } from "./postern.ts";

export interface Lab {
  readonly upstreamPort: number;
  readonly load: Worker<LoadJob, LoadResult>;
  readonly paced: Worker<PacedJob, PacedResult>;
  /** Tells the person who waits what is going on. */
  readonly say: (text: string) => void;
}

/** Those that run as processes of their own; Postern last. */
export const LAUNCHERS: readonly Launcher[] = nginx === undefined ? [postern] : [nginx, postern];

/** No job takes longer than this. */
const JOB_LIMIT_MS = 120_000;
const READY_LIMIT_MS = 10_000;

export async function openLab(say: (text: string) => void): Promise<Lab> {
  const upstream = new Worker<never, never>("upstream.ts", JOB_LIMIT_MS);
  const load = new Worker<LoadJob, LoadResult>("load.ts", JOB_LIMIT_MS);
  const paced = new Worker<PacedJob, PacedResult>("paced.ts", JOB_LIMIT_MS);
  const upstreamPort = Number(await upstream.greeting);
  await Promise.all([load.greeting, paced.greeting]);
  return { upstreamPort, load, paced, say };
}

/** The upstream alone, and a fresh process of everyone else on the measured core, all of them answering. */
export async function launchAll(lab: Lab): Promise<Contender[]> {
  const contenders = LAUNCHERS.map((launcher) => launcher.launch(lab.upstreamPort, CORES.measured));
  for (const contender of contenders) await ready(contender);
  return [direct(lab.upstreamPort), ...contenders];
}

/** Resolves with the milliseconds from the start of its process to its first answer with 200: a chat completion. */
export async function ready(contender: Contender): Promise<number> {
  await untilAnswered(contender.port, chatRequest(contender.key, 1024), READY_LIMIT_MS);
  return performance.now() - contender.startedAt;
}

export async function stopAll(contenders: readonly Contender[]): Promise<void> {
  await Promise.all(contenders.map((contender) => contender.stop()));
}

export function chatUrl(contender: Contender): string {
  return `http://127.0.0.1:${contender.port}${CHAT_PATH}`;
}
