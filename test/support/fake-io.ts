// An Io without a process: what a command wrote is collected, what it reads is given.

import type { Io } from "../../src/cli/io.ts";

interface FakeIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly isTty?: boolean;
  readonly now?: () => number;
}

export interface FakeIo extends Io {
  /** Everything written to stdout so far. */
  readonly out: () => string;
  /** Everything written to stderr so far. */
  readonly err: () => string;
}

/** Random bytes count up, so that keys are the same in every run. */
export function fakeIo(options: FakeIoOptions = {}): FakeIo {
  let out = "";
  let err = "";
  let counter = 0;
  return {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    isUnread: () => false,
    env: options.env ?? {},
    cwd: options.cwd ?? "/",
    isTty: options.isTty ?? false,
    readStdin: async () => options.stdin ?? "",
    now: options.now ?? (() => performance.now()),
    randomBytes: (count) => Uint8Array.from({ length: count }, () => counter++ & 0xff),
    out: () => out,
    err: () => err,
  };
}
