// The commands: what each is for, and the one file that is loaded to run it.

import type { Io } from "./io.ts";

type Run = (args: readonly string[], io: Io) => Promise<number>;

interface CommandRow {
  /** One line for `postern --help`. */
  readonly summary: string;
  /** Loads the command's file; the others stay unread. Absent: not in this version. */
  readonly load?: () => Promise<Run>;
}

export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  serve: {
    summary: "run the gateway (the default)",
    load: async () => (await import("./run-serve.ts")).runServe,
  },
  check: {
    summary: "validate the configuration, print every problem at once",
    load: async () => (await import("./check.ts")).check,
  },
  init: {
    summary: "write a first configuration for what is found here",
    load: async () => (await import("./init.ts")).init,
  },
  key: {
    summary: "make or renew a virtual key: key new NAME, key rotate NAME",
    load: async () => (await import("./key.ts")).key,
  },
  env: {
    summary: "print the set-up for a client: env openai",
    load: async () => (await import("./env.ts")).env,
  },
  ready: {
    summary: "wait until the gateway answers",
    load: async () => (await import("./ready.ts")).ready,
  },
  spend: {
    summary: "show what was spent: by key, user, workspace, provider, model, policy",
    load: async () => (await import("./spend.ts")).spend,
  },
  logs: {
    summary: "show requests, newest first: logs --follow, logs ID",
    load: async () => (await import("./logs.ts")).logs,
  },
  schema: {
    summary: "print the JSON Schema of the configuration file",
    load: async () => (await import("./schema.ts")).schema,
  },
  version: {
    summary: "print version, commit and runtime",
    load: async () => (await import("./version.ts")).version,
  },
  audit: { summary: "show the audit log" },
  redact: { summary: "show what redaction would send" },
};

/** Names of the commands that this version has. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS).filter(
  (name) => COMMANDS[name]?.load !== undefined,
);
