// What was measured, and on what: numbers without it mean nothing.

import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { nginxVersion } from "./nginx.ts";
import { posternVersion } from "./postern.ts";

export interface Circumstances {
  readonly date: string;
  readonly versions: { readonly postern: unknown; readonly bun: string; readonly nginx: string | null };
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly kernel: string;
    /** Load of the last minute when the run began: other work that disturbed it. */
    readonly loadAverage: number;
  };
}

export function readCircumstances(): Circumstances {
  return {
    date: new Date().toISOString(),
    versions: { postern: posternVersion(), bun: Bun.version, nginx: nginxVersion() ?? null },
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
      kernel: release(),
      loadAverage: Number(readFileSync("/proc/loadavg", "utf8").split(" ", 1)[0]),
    },
  };
}
