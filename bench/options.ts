// What the command line asks for: which measurements, and how long they take.

export type Part = "overhead" | "money" | "streams" | "start";

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
  readonly money: {
    readonly warmUpMs: number;
    readonly settleMs: number;
    readonly rounds: number;
    readonly roundMs: number;
    /** How many the store has, in one more contender; 0 = without that one. */
    readonly rows: number;
  };
  readonly streams: {
    readonly rounds: number;
    readonly streams: number;
    readonly chunks: number;
    readonly rampMs: number;
  };
  readonly start: { readonly starts: number; readonly idleMs: number; readonly requests: number };
}

const PARTS: readonly Part[] = ["overhead", "money", "streams", "start"];

export const USAGE = `bun run bench [--quick] [--only overhead|money|streams|start] [--rows N]

Compares Postern with nginx as a bare reverse proxy, and with no proxy at all, on this machine, all in one run.
  --quick   short rounds: minutes become a minute, and numbers become rough
  --only    one part; may be given more than once
  --rows    measures money in front of a store with so many requests, too; 10000000 need 7 GB below the folder for
            temporary files (TMPDIR), and some minutes more
The table goes to standard output, everything measured to bench/results/ as JSON.
POSTERN_BINARY names another binary than dist/postern, so that two builds can be compared.
POSTERN_BASELINE names a build to hold the costs of policies against; without it, they are held against none.
`;

/** Undefined when the arguments are not understood. */
export function parseOptions(args: readonly string[]): Plan | undefined {
  const parts = new Set<Part>();
  let quick = false;
  let rows = 0;
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "--quick") quick = true;
    else if (args[at] === "--only") {
      const part = PARTS.find((name) => name === args[at + 1]);
      if (part === undefined) return undefined;
      parts.add(part);
      at += 1;
    } else if (args[at] === "--rows") {
      rows = Number(args[at + 1]);
      if (!Number.isSafeInteger(rows) || rows < 1) return undefined;
      at += 1;
    } else return undefined;
  }
  return plan(parts.size === 0 ? new Set(PARTS) : parts, quick, rows);
}

function plan(parts: ReadonlySet<Part>, quick: boolean, rows: number): Plan {
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
    money: {
      warmUpMs: quick ? 3_000 : 10_000,
      settleMs: 200,
      rounds: quick ? 5 : 11,
      roundMs: quick ? 500 : 1_000,
      rows,
    },
    streams: { rounds: quick ? 1 : 3, streams: 1000, chunks: quick ? 30 : 100, rampMs: 1_000 },
    start: { starts: quick ? 5 : 15, idleMs: 3_000, requests: 1_000 },
  };
}
