// Stopping: on the first signal the running requests are let finish, on the second one everything ends at once.

import type { Snapshot } from "../gateway/snapshot.ts";
import type { State } from "../gateway/state.ts";
import type { Listener } from "../http/app.ts";
import type { Log } from "../telemetry/log.ts";

interface Running {
  readonly state: State;
  readonly listener: Listener;
  readonly snapshot: () => Snapshot;
  readonly log: Log;
}

const POLL_MS = 20;

/** What an answer that was cut short needs to reach its client. */
const LAST_WORDS_MS = 1_000;

/** The same after a second signal, whose sender does not want to wait. */
const AT_ONCE_MS = 100;

/** Resolves with the exit code when SIGTERM or SIGINT has come and everything is settled. */
export function untilStopped(running: Running): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (signal: string): void => {
      if (stopping) {
        running.log.warn({ signal, in_flight: running.state.inFlight.value }, "stopping at once");
        void endRunning(running, AT_ONCE_MS).then(async () => {
          // Answers whose clients do not read them end with their connections, and so do their accounts.
          await Promise.race([running.listener.close(), Bun.sleep(AT_ONCE_MS)]);
          resolve(0);
        });
        return;
      }
      stopping = true;
      drain(running, signal).then(
        () => resolve(0),
        (error: unknown) => {
          running.log.error({ err: error }, "could not stop in order");
          resolve(1);
        },
      );
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

async function drain({ state, listener, snapshot, log }: Running, signal: string): Promise<void> {
  const { drainDelayMs, drainMs } = snapshot().server;
  state.phase = "stopping";
  log.info({ signal, in_flight: state.inFlight.value, drain_ms: drainMs }, "stopping");
  if (drainDelayMs > 0) await Bun.sleep(drainDelayMs);
  state.phase = "closed";
  listener.refuseConnections();
  await until(() => state.inFlight.value === 0, drainMs);
  if (state.inFlight.value > 0)
    log.warn({ in_flight: state.inFlight.value }, "ending requests that still run");
  await endRunning({ state, listener }, LAST_WORDS_MS);
  await listener.close();
  log.info({}, "stopped");
}

/** Cuts short what still runs, and gives every account the moment that it needs to be closed. */
async function endRunning(
  { state, listener }: Pick<Running, "state" | "listener">,
  limitMs: number,
): Promise<void> {
  for (const interrupt of state.interrupts) interrupt();
  await until(() => state.inFlight.value === 0 && listener.pending() === 0, limitMs);
}

async function until(done: () => boolean, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!done() && performance.now() < deadline) await Bun.sleep(POLL_MS);
}
