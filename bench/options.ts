// What the command line asks for: which measurements, and how long they take.

export type Part = "overhead" | "streams" | "start";

export interface Plan {
  readonly parts: ReadonlySet<Part>;
  readonly quick: boolean;
  readonly overhead: {
    readonly warmUpMs: number;
    readonly settleMs: number;
    readonly rounds: number;
    readonly roundMs: number;
    readonly connections: readonly number[];
    readonly bodyBytes: readonly number[];
  };
  readonly streams: {
    readonly rounds: number;
    readonly streams: number;
    readonly chunks: number;
    readonly rampMs: number;
  };
  readonly start: { readonly starts: number; readonly idleMs: number; readonly requests: number };
}

const PARTS: readonly Part[] = ["overhead", "streams", "start"];

export const USAGE = `bun run bench [--quick] [--only overhead|streams|start]

Compares Postern with nginx as a bare reverse proxy, and with no proxy at all, on this machine, all in one run.
  --quick   short rounds: minutes become a minute, and numbers become rough
  --only    one part; may be given more than once
The table goes to standard output, everything measured to bench/results/ as JSON.
POSTERN_BINARY names another binary than dist/postern, so that two builds can be compared.
`;

/** Undefined when the arguments are not understood. */
export function parseOptions(args: readonly string[]): Plan | undefined {
  const parts = new Set<Part>();
  let quick = false;
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "--quick") quick = true;
    else if (args[at] === "--only") {
      const part = PARTS.find((name) => name === args[at + 1]);
      if (part === undefined) return undefined;
      parts.add(part);
      at += 1;
    } else return undefined;
  }
  return plan(parts.size === 0 ? new Set(PARTS) : parts, quick);
}

function plan(parts: ReadonlySet<Part>, quick: boolean): Plan {
  return {
    parts,
    quick,
    overhead: {
      warmUpMs: quick ? 1_000 : 2_000,
      settleMs: 200,
      rounds: quick ? 2 : 5,
      roundMs: quick ? 500 : 1_200,
      connections: [1, 8, 32],
      bodyBytes: [1024, 100 * 1024],
    },
    streams: { rounds: quick ? 1 : 3, streams: 1000, chunks: quick ? 30 : 100, rampMs: 1_000 },
    start: { starts: quick ? 5 : 15, idleMs: 3_000, requests: 1_000 },
  };
}
