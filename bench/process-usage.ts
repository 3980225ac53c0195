// CPU time and memory of a process and its children, as the Linux kernel counts them.

import { readdirSync, readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** Nanoseconds on a core per thread, by thread id. Kernel and user time together. */
export type CpuReading = ReadonlyMap<number, number>;

/** The process and everything it has started. */
export function processTree(pid: number): number[] {
  const found = [pid];
  for (const parent of found)
    for (const thread of listThreads(parent))
      for (const child of readText(`/proc/${parent}/task/${thread}/children`).split(" "))
        if (child.trim() !== "") found.push(Number(child));
  return found;
}

/** What each thread of the tree has used so far. Threads that end between two readings are not counted. */
export function readCpu(pid: number): CpuReading {
  const reading = new Map<number, number>();
  for (const process of processTree(pid))
    for (const thread of listThreads(process)) {
      const nanos = readText(`/proc/${process}/task/${thread}/schedstat`).split(" ", 1)[0] ?? "";
      if (nanos !== "") reading.set(Number(thread), Number(nanos));
    }
  return reading;
}

/** Nanoseconds used between two readings. */
export function cpuBetween(before: CpuReading, after: CpuReading): number {
  let nanos = 0;
  for (const [thread, used] of after) nanos += used - (before.get(thread) ?? 0);
  return nanos;
}

const NANOS_PER_TICK = 1e7;

/** Nanoseconds that a core was busy since the machine started, for whomever; in steps of ten milliseconds. */
export function readCoreBusy(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(readText("/proc/stat"))?.[1] ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line.split(" ").map(Number);
  return (user + nice + system + irq + softIrq + steal) * NANOS_PER_TICK;
}

/** Resident bytes of the tree. */
export function residentBytes(pid: number): number {
  let pages = 0;
  for (const process of processTree(pid))
    pages += Number(readText(`/proc/${process}/statm`).split(" ")[1] ?? 0);
  return pages * PAGE_BYTES;
}

function listThreads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty when the process has just ended. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
