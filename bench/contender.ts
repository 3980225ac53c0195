// Who is measured: the upstream itself, nginx, and Postern in several settings, all spoken to in the same way.

export const CONTENDERS = ["direct", "nginx", "before", "postern", "policies", "filled"] as const;

/**
 * `postern` has no policies and no prices, `policies` has both, `filled` the same with millions of rows in its store,
 * and `before` is the older build that POSTERN_BASELINE names, set as `postern` is.
 */
export type ContenderName = (typeof CONTENDERS)[number];

export interface Contender {
  readonly name: ContenderName;
  readonly port: number;
  /** The process to account for; undefined for the upstream itself. */
  readonly pid: number | undefined;
  /** The virtual key that requests carry. */
  readonly key: string;
  /** When its process was started, by `performance.now()`. */
  readonly startedAt: number;
  stop(): Promise<void>;
}

/** How to start one that runs as a process of its own. */
export interface Launcher {
  readonly name: ContenderName;
  /** A fresh process in front of the upstream, on a core or anywhere; it need not be ready when this returns. */
  launch(upstreamPort: number, core: number | undefined): Contender;
}

/** What is sent where nobody looks at keys, so that all requests are alike. */
export const BENCH_KEY = "sk-bench-0123456789abcdef0123456789abcdef";

export function direct(upstreamPort: number): Contender {
  return {
    name: "direct",
    port: upstreamPort,
    pid: undefined,
    key: BENCH_KEY,
    startedAt: 0,
    stop: async () => {},
  };
}
