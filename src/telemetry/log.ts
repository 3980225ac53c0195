// The log: one structured line per event on standard output, JSON for machines or readable for people.

import { pino } from "pino";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Fields of a line, in snake_case as they are written. Never content, keys or query strings. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  /** The same for plain fields (texts, numbers, booleans), at a fraction of the cost: for the line of each request. */
  plain(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Another level from now on: it can be changed while the gateway runs. */
  setLevel(level: LogLevel): void;
  /** Writes out what is still in memory. */
  flush(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Makes a JSON line readable for people; undefined = JSON as it is. */
  readonly prettify: ((line: string) => string) | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Receives whole lines, newline included. */
  readonly write: (lines: string) => void;
}

/** Lines wait at most this long before they are written together. */
const FLUSH_EVERY_MS = 25;

/**
 * Lines are collected and written every 25 ms: one system call for many requests. Transports of pino's own run in
 * worker threads, which a compiled binary does not have.
 */
export function createLog(options: LogOptions): Log {
  let waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const lines = waiting.join("");
    waiting = [];
    options.write(lines);
  };
  const collect = (line: string): void => {
    waiting.push(line);
    timer ??= setTimeout(flush, FLUSH_EVERY_MS);
  };
  const { prettify } = options;
  const stream = { write: (line: string): void => collect(prettify === undefined ? line : prettify(line)) };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    plain: (fields, message) => {
      if (!logger.isLevelEnabled("info")) return;
      const line = { level: "info", time: new Date(options.now()).toISOString(), ...fields, msg: message };
      stream.write(`${JSON.stringify(line)}\n`);
    },
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    setLevel: (level) => {
      logger.level = level;
    },
    flush,
  };
}
