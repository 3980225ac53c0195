// Keeps a running gateway on what its files hold: reloads when they change, and when SIGHUP asks for it.

import { statSync } from "node:fs";
import type { Log } from "../telemetry/log.ts";
import { createDisk } from "./disk.ts";
import type { Reloader } from "./reload.ts";
import { createWatch, type Timers } from "./watch.ts";

const TIMERS: Timers = {
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface Kept {
  /** The configuration's, as the user named it. */
  readonly path: string;
  readonly reloader: Reloader;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Whether nobody would notice a pause of some milliseconds. */
  readonly isIdle: () => boolean;
}

export interface Keeping {
  /** Reads the files again now, because somebody asked. */
  reload(): void;
  stop(): void;
}

/** Begins. */
export function keepCurrent({ path, reloader, log, now, isIdle }: Kept): Keeping {
  if (!isFile(path)) {
    const source = path === "-" ? "standard input" : `${path}, which is no regular file`;
    const decline = (): void =>
      log.warn({}, `the configuration came from ${source}: only a restart changes it`);
    process.on("SIGHUP", decline);
    return { reload: decline, stop: () => {} };
  }
  const reload = (asked: boolean): void => {
    watch.follow(reloader.reload(asked));
    // What reading a file leaves behind is several times its size.
    Bun.gc(isIdle());
  };
  const watch = createWatch({ disk: createDisk(now), timers: TIMERS, onChange: () => reload(false) });
  watch.follow(reloader.live().files);
  process.on("SIGHUP", () => reload(true));
  return { reload: () => reload(true), stop: () => watch.stop() };
}

/** What came through a pipe cannot be read twice. */
function isFile(path: string): boolean {
  return path !== "-" && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
