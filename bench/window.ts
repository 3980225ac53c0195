// One window of time in which a process is measured: what it used of its core, and what everybody else did.

import { cpuBetween, readCoreBusy, readCpu } from "./process-usage.ts";

/** The process to account for, and the core that it is bound to. */
export interface Watched {
  readonly pid: number | undefined;
  readonly core: number | undefined;
}

export interface WindowUsage {
  readonly elapsedMs: number;
  /** CPU time of the process and its children; null when there is no process. */
  readonly cpuMicros: number | null;
  /** Share (0 … 1) of its core that went to others: whatever else runs on the machine. Null when not bound to one. */
  readonly others: number | null;
}

/** Begins a window; the function that comes back ends it. */
export function openWindow({ pid, core }: Watched): () => WindowUsage {
  const startedAt = performance.now();
  const cpuBefore = pid === undefined ? undefined : readCpu(pid);
  const busyBefore = core === undefined ? undefined : readCoreBusy(core);
  return () => {
    const cpuNanos =
      pid === undefined || cpuBefore === undefined ? undefined : cpuBetween(cpuBefore, readCpu(pid));
    const busyNanos =
      core === undefined || busyBefore === undefined ? undefined : readCoreBusy(core) - busyBefore;
    const elapsedMs = performance.now() - startedAt;
    const rest = busyNanos === undefined ? undefined : Math.max(0, busyNanos - (cpuNanos ?? 0));
    return {
      elapsedMs,
      cpuMicros: cpuNanos === undefined ? null : cpuNanos / 1000,
      others: rest === undefined ? null : rest / 1e6 / elapsedMs,
    };
  };
}
