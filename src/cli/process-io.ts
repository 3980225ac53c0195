// The real world behind Io: this process's streams, environment, clock and randomness.

import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { CommandError, type Io } from "./io.ts";

const STDOUT = 1;
const STDERR = 2;

/**
 * The Io of the running process. Writing is synchronous, so that nothing is lost when the process exits. Takes from the
 * environment what would overrule the file.
 */
export function createProcessIo(): Io {
  // Bun goes around a proxy that it was told to use for the hosts that these name; the file alone says who uses one.
  for (const name of ["NO_PROXY", "no_proxy"]) delete process.env[name];
  let unread = false;
  return {
    stdout(text) {
      if (write(STDOUT, text) === "unread") unread = true;
    },
    stderr: (text) => void write(STDERR, text),
    isUnread: () => unread,
    env: process.env,
    cwd: process.cwd(),
    isTty: isatty(STDOUT),
    readStdin: () => Bun.stdin.text(),
    now: Date.now,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  };
}

function write(descriptor: number, text: string): "written" | "unread" {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") Bun.sleepSync(1);
      // The reader went away (`postern schema | head -1`), or there is nowhere left to complain to.
      else if (code === "EPIPE" || descriptor === STDERR) return "unread";
      else throw new CommandError(`cannot write to standard output (${code})`);
    }
  }
  return "written";
}
