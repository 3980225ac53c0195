// What a command may touch of the world outside: it gets this as an argument, so that tests need no process.

export interface Io {
  /** Writes data: what a script would read. The text brings its own line ends. */
  readonly stdout: (text: string) => void;
  /** Writes what is meant for people: summaries, hints, errors. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether whoever read stdout has gone (`postern logs --follow | head -1`): then there is nobody to go on for. */
  readonly isUnread: () => boolean;
  /** Absolute path that relative file names on the command line start from. */
  readonly cwd: string;
  /** Whether stdout is a terminal. */
  readonly isTty: boolean;
  /** The whole of standard input as text; for `--config -`. */
  readonly readStdin: () => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Exit codes: what a caller may rely on. */
export const EXIT = { ok: 0, bad: 1, usage: 2 } as const;

/** Ends a command with one line on stderr and an exit code, from however deep. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.bad) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

/** The arguments make no sense: exit code 2, and a pointer to the command's help. */
export class UsageError extends CommandError {
  /** The command whose `--help` explains it; empty for Postern itself. */
  readonly command: string;

  constructor(message: string, command = "") {
    super(message, EXIT.usage);
    this.name = "UsageError";
    this.command = command;
  }
}
