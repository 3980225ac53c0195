// The processes that a benchmark starts: pinned to a core where that can be done, and ended by their pid on every way out.

import { join } from "node:path";
import type { ChildMessage } from "./job.ts";

type Child = Bun.Subprocess<"ignore", number | "ignore" | "pipe", number | "ignore" | "pipe">;

const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface ChildOptions {
  /** Undefined = wherever the kernel likes. */
  readonly core: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File descriptor, or nowhere. */
  readonly stdout?: number | "ignore" | "pipe";
  readonly stderr?: number | "ignore" | "pipe";
  readonly onMessage?: (message: ChildMessage) => void;
}

const TASKSET = Bun.which("taskset");

/** Where the measured process runs, and where everything else does; undefined where processes cannot be pinned. */
export const CORES: { readonly measured: number | undefined; readonly rest: number | undefined } =
  TASKSET === null || navigator.hardwareConcurrency < 2
    ? { measured: undefined, rest: undefined }
    : { measured: 0, rest: 1 };

/** Keeps this process and the threads it has off the measured core. */
export function pinSelf(core: number | undefined): void {
  if (core === undefined || TASKSET === null) return;
  Bun.spawnSync([TASKSET, "-a", "-c", "-p", String(core), String(process.pid)], { stdout: "ignore" });
}

/** Starts a child. `taskset` becomes the program it starts, so the pid is the program's. */
export function start(command: readonly string[], options: ChildOptions): Child {
  const pinned = options.core === undefined || TASKSET === null ? [] : [TASKSET, "-c", String(options.core)];
  const { onMessage } = options;
  const child = Bun.spawn([...pinned, ...command], {
    stdin: "ignore",
    stdout: options.stdout ?? "ignore",
    stderr: options.stderr ?? "ignore",
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(onMessage === undefined ? {} : { ipc: (message: unknown) => onMessage(message as ChildMessage) }),
  });
  running.add(child);
  void child.exited.then(() => running.delete(child));
  return child;
}

const GRACE_MS = 3_000;

/** Asks the child to end, and makes it end when it does not within three seconds. */
export async function end(child: Child): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await child.exited;
  clearTimeout(timer);
}

/** Ends every child that is still there. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map(end));
}

/** A script of this folder in a process of its own, that works on jobs. */
export class Worker<J, R> {
  readonly #child: Child;
  readonly #limitMs: number;
  #take: (message: ChildMessage) => void = () => {};
  readonly greeting: Promise<unknown>;

  /** @param limitMs no job may take longer */
  constructor(script: string, limitMs: number) {
    this.#limitMs = limitMs;
    const first = this.#next();
    this.#child = start([process.execPath, join(import.meta.dir, script)], {
      core: CORES.rest,
      stderr: 2,
      onMessage: (message) => this.#take(message),
    });
    this.greeting = this.#orGone(first);
  }

  async run(job: J): Promise<R> {
    await this.greeting;
    const answer = this.#next();
    this.#child.send(job);
    return (await this.#orGone(answer)) as R;
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#take = (message) => {
        if (message.kind === "failed") reject(new Error(message.message));
        else resolve(message.value);
      };
    });
  }

  async #orGone(answer: Promise<unknown>): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("a job took too long")), this.#limitMs);
    });
    const gone = this.#child.exited.then((code): never => {
      throw new Error(`a child process ended with code ${code}`);
    });
    try {
      return await Promise.race([answer, tooLate, gone]);
    } finally {
      clearTimeout(timer);
    }
  }
}
