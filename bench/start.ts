// How soon a fresh process answers, and how much memory it holds while it has nothing to do.

import type { Contender, ContenderName, Launcher } from "./contender.ts";
import { chatUrl, LAUNCHERS, type Lab, ready } from "./lab.ts";
import type { Plan } from "./options.ts";
import { chatRequest } from "./payloads.ts";
import { residentBytes } from "./process-usage.ts";
import type { Row, Values } from "./row.ts";
import { median } from "./statistics.ts";

type Settings = Plan["start"];

interface StartMeasure {
  /** Milliseconds from the start of the process to its first chat completion, each start. */
  readonly startMs: readonly number[];
  /** Resident bytes: with nothing to do, and after some requests. */
  readonly idleBytes: number;
  readonly usedBytes: number;
}

export interface StartResult {
  readonly idleMs: number;
  readonly requests: number;
  readonly measures: Readonly<Partial<Record<ContenderName, StartMeasure>>>;
}

const AT_ONCE = 8;

/** Not pinned to a core: a start may use what the machine has. */
export async function measureStart(lab: Lab, settings: Settings): Promise<StartResult> {
  const times = new Map<Launcher, number[]>(LAUNCHERS.map((launcher) => [launcher, []]));
  lab.say(`start: ${settings.starts} starts each`);
  for (let round = 0; round < settings.starts; round++)
    for (const [launcher, list] of times) {
      const contender = launcher.launch(lab.upstreamPort, undefined);
      list.push(await ready(contender));
      await contender.stop();
    }
  const measures: Partial<Record<ContenderName, StartMeasure>> = {};
  for (const [launcher, startMs] of times) {
    lab.say(`start: idle memory, ${launcher.name}`);
    measures[launcher.name] = { startMs, ...(await measureMemory(lab, launcher, settings)) };
  }
  return { idleMs: settings.idleMs, requests: settings.requests, measures };
}

async function measureMemory(
  lab: Lab,
  launcher: Launcher,
  settings: Settings,
): Promise<{ idleBytes: number; usedBytes: number }> {
  const contender = launcher.launch(lab.upstreamPort, undefined);
  await ready(contender);
  await Bun.sleep(settings.idleMs);
  const idleBytes = residentBytes(contender.pid ?? 0);
  await sendMany(contender, settings.requests);
  await Bun.sleep(settings.idleMs);
  const usedBytes = residentBytes(contender.pid ?? 0);
  await contender.stop();
  return { idleBytes, usedBytes };
}

async function sendMany(contender: Contender, requests: number): Promise<void> {
  const request = chatRequest(contender.key, 1024);
  const body = request.subarray(request.indexOf("\r\n\r\n") + 4);
  const headers = { authorization: `Bearer ${contender.key}`, "content-type": "application/json" };
  let left = requests;
  const sender = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = await fetch(chatUrl(contender), { method: "POST", headers, body });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      await answer.bytes();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}

export function startRows({ measures, idleMs, requests }: StartResult): Row[] {
  return [
    {
      what: "start to first answer (median)",
      unit: "ms",
      values: each(measures, ({ startMs }) => median(startMs)),
      compare: "ratio",
      target: { of: "value", atMost: 80 },
    },
    {
      what: `idle memory after ${idleMs / 1000} s`,
      unit: "MB",
      values: each(measures, ({ idleBytes }) => idleBytes / 1e6),
      compare: "ratio",
      target: { of: "value", atMost: 60 },
    },
    {
      what: `idle memory after ${requests} requests`,
      unit: "MB",
      values: each(measures, ({ usedBytes }) => usedBytes / 1e6),
      compare: "ratio",
    },
  ];
}

function each(measures: StartResult["measures"], pick: (measure: StartMeasure) => number): Values {
  const values: Partial<Record<ContenderName, number>> = {};
  for (const name of ["nginx", "postern"] as const) {
    const measure = measures[name];
    if (measure !== undefined) values[name] = pick(measure);
  }
  return values;
}
