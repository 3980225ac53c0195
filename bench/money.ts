// What accounts cost: the same requests with budgets, a rate limit and prices, beside Postern without them.

import { Database } from "bun:sqlite";
import { CORES } from "./children.ts";
import { BUDGETS, TOKENS_PER_MINUTE } from "./configuration.ts";
import type { Contender, ContenderName, Launcher } from "./contender.ts";
import { fillInChild } from "./fill.ts";
import { type Lab, ready, stopAll } from "./lab.ts";
import type { LoadResult } from "./load.ts";
import { nginx } from "./nginx.ts";
import type { Plan } from "./options.ts";
import { chatRequest } from "./payloads.ts";
import { headOf } from "./ports.ts";
import { baseline, isPostern, postern, proveFeatures, withPolicies, withStore } from "./postern.ts";
import { LineCount, measureRounds, medians, pairedMedian, type Rounds, warmUp } from "./rounds.ts";
import { COMPARE, type Row, type Target } from "./row.ts";
import type { Columns } from "./table.ts";

type Settings = Plan["money"];

export interface MoneyResult {
  /** Rows that were put into the store of `filled`; 0 = there is none. */
  readonly rows: number;
  /** From the start of its process to the first answer; null where there is none. */
  readonly filledStartMs: number | null;
  /** 32 connections. */
  readonly busy: Rounds;
  /** One connection. */
  readonly calm: Rounds;
  readonly requests: number;
  readonly logLines: number;
}

const BODY_BYTES = 1024;

export const MONEY_COLUMNS: Columns = {
  contenders: {
    nginx: "nginx",
    before: "before",
    postern: "plain",
    policies: "policies",
    filled: "full store",
  },
  comparison: "compared",
};

export async function measureMoney(lab: Lab, settings: Settings): Promise<MoneyResult> {
  const store = settings.rows === 0 ? undefined : await fillInChild(lab.say, settings.rows);
  try {
    const filled = store === undefined ? undefined : withStore(store.path);
    const launchers = [nginx, baseline, postern, withPolicies, filled].filter((one) => one !== undefined);
    return await measure(lab, launchers, settings);
  } finally {
    store?.remove();
  }
}

async function measure(lab: Lab, launchers: readonly Launcher[], settings: Settings): Promise<MoneyResult> {
  const contenders: Contender[] = [];
  let filledStartMs: number | null = null;
  for (const launcher of launchers) {
    const contender = launcher.launch(lab.upstreamPort, CORES.measured);
    contenders.push(contender);
    const startMs = await ready(contender);
    if (contender.name === "filled") filledStartMs = startMs;
    if (isPostern(contender)) await proveFeatures(contender);
    if (hasPolicies(contender)) await proveLimit(contender);
  }
  const count = await LineCount.begin(contenders);
  lab.say("money: warming up");
  await warmUp(lab, contenders, BODY_BYTES, settings, count);
  lab.say("money: 32 connections");
  const at32 = { bodyBytes: BODY_BYTES, connections: 32 };
  const busy = await measureRounds(lab, contenders, at32, settings, count);
  lab.say("money: 1 connection");
  const at1 = { bodyBytes: BODY_BYTES, connections: 1 };
  const calm = await measureRounds(lab, contenders, at1, settings, count);
  for (const contender of contenders)
    if (isPostern(contender) && hasPolicies(contender))
      proveAccounts(
        contender.storePath,
        contender.name === "filled" ? settings.rows : 0,
        count.requestsOf(contender),
      );
  await stopAll(contenders);
  return { rows: settings.rows, filledStartMs, busy, calm, requests: count.requests, logLines: count.lines };
}

function hasPolicies({ name }: Contender): boolean {
  return name === "policies" || name === "filled";
}

/** One call that asks for more tokens than the rate limit has must be refused. */
async function proveLimit({ port, key }: Contender): Promise<void> {
  const text = chatRequest(key, BODY_BYTES).toString("latin1");
  const asking = String(TOKENS_PER_MINUTE + 1);
  const more = text
    .replace('"max_tokens":256', `"max_tokens":${asking}`)
    .replace(/Content-Length: \d+/, `Content-Length: ${BODY_BYTES + asking.length - 3}`);
  const head = await headOf(port, Buffer.from(more, "latin1"));
  if (!head.startsWith("HTTP/1.1 429")) throw new Error(`the rate limit lets everything pass: ${head}`);
}

/**
 * Every request must have left a row, and every budget must have exactly what the rows cost.
 *
 * @throws with what differs
 */
function proveAccounts(path: string, before: number, requests: number): void {
  const database = new Database(path, { readonly: true, safeIntegers: true });
  try {
    const one = (sql: string, ...values: (string | number)[]): bigint =>
      database.query<{ value: bigint | null }, (string | number)[]>(sql).get(...values)?.value ?? 0n;
    const rows = Number(one("SELECT count(*) AS value FROM requests WHERE seq > ?", before));
    if (rows < requests) throw new Error(`${requests} requests were answered, and ${rows} have a row`);
    const cost = one("SELECT sum(cost) AS value FROM requests WHERE seq > ?", before);
    for (const name of BUDGETS) {
      const spent = one("SELECT sum(spent) AS value FROM counters WHERE policy = ?", name);
      if (spent !== cost || cost === 0n) throw new Error(`${name} has ${spent}, and the rows cost ${cost}`);
    }
  } finally {
    database.close();
  }
}

interface Question {
  readonly what: string;
  readonly between: readonly [ContenderName, ContenderName];
  readonly compare: keyof typeof COMPARE;
  readonly target?: Target;
}

/** What accounts may cost: what there was before is the older build, or else this one without policies. */
export function moneyRows({ busy, calm, rows, filledStartMs }: MoneyResult): Row[] {
  const before: ContenderName = busy.before === undefined ? "postern" : "before";
  const cpu: Question[] = [
    {
      what: `policies − ${wordOf(before)}`,
      between: ["policies", before],
      compare: "difference",
      target: { of: "comparison", atMost: 15 },
    },
    {
      what: "policies to nginx",
      between: ["policies", "nginx"],
      compare: "ratio",
      target: { of: "comparison", atMost: 3.7 },
    },
  ];
  const latency: Question[] = [
    {
      what: `policies − ${wordOf(before)}`,
      between: ["policies", before],
      compare: "difference",
      target: { of: "comparison", atMost: 30 },
    },
  ];
  const store: Question[] =
    rows === 0
      ? []
      : [
          {
            what: `${rows} rows to none`,
            between: ["filled", "policies"],
            compare: "percent",
            target: { of: "comparison", atMost: 10 },
          },
        ];
  const row =
    (name: string, rounds: Rounds, pick: (round: LoadResult) => number | null) =>
    ({ what, between, compare, target }: Question): Row => {
      const compared = pairedMedian(rounds, between, pick, COMPARE[compare]);
      return {
        what: `${name}: ${what}`,
        unit: "µs",
        values: medians(rounds, pick),
        compare,
        between,
        ...(compared === undefined ? {} : { compared }),
        ...(target === undefined ? {} : { target }),
      };
    };
  return [
    ...[...cpu, ...store].map(row("CPU, 32 connections", busy, ({ cpuMicros }) => cpuMicros)),
    ...[...latency, ...store].map(row("p50, 1 connection", calm, ({ p50Micros }) => p50Micros)),
    ...(filledStartMs === null
      ? []
      : [
          {
            what: "start to first answer",
            unit: "ms",
            values: { filled: filledStartMs },
            compare: undefined,
          },
        ]),
  ];
}

function wordOf(name: ContenderName): string {
  return name === "postern" ? "plain" : name;
}
