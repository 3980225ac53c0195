// `bun run bench`: measures direct, nginx and Postern side by side, prints a table and keeps the numbers.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORES, endAll, pinSelf } from "./children.ts";
import { type Lab, openLab } from "./lab.ts";
import { type Circumstances, readCircumstances } from "./machine.ts";
import { MONEY_COLUMNS, measureMoney, moneyRows } from "./money.ts";
import { NGINX_HINT, nginx } from "./nginx.ts";
import { type Plan, parseOptions, USAGE } from "./options.ts";
import { measureOverhead, overheadRows } from "./overhead.ts";
import { requireBinary } from "./postern.ts";
import { type Row, verdict } from "./row.ts";
import { measureStart, startRows } from "./start.ts";
import { median } from "./statistics.ts";
import { measureStreams, streamRows } from "./streams.ts";
import { formatTable } from "./table.ts";

/** Nothing may hang for ever. */
const LIMIT_MS = 15 * 60_000;
/** Longer with a store to be filled: a second for 20,000 rows is more than a slow disk needs. */
const LIMIT_MS_PER_ROW = 0.05;
const RESULTS = join(import.meta.dir, "results");

interface Measured {
  readonly rows: readonly Row[];
  /** A table of its own: it has other columns. */
  readonly moneyRows: readonly Row[];
  /** Every round of every part, as measured. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Share of the measured core that went to other work, each round. */
  readonly others: readonly number[];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measure(plan: Plan, lab: Lab): Promise<Measured> {
  const rows: Row[] = [];
  const ofMoney: Row[] = [];
  const raw: Record<string, unknown> = {};
  const others: (number | null)[] = [];
  if (plan.parts.has("start")) {
    const result = await measureStart(lab, plan.start);
    rows.push(...startRows(result));
    raw["start"] = result;
  }
  if (plan.parts.has("overhead")) {
    const result = await measureOverhead(lab, plan.overhead);
    rows.unshift(...overheadRows(result));
    raw["overhead"] = result;
    others.push(
      ...result.cells.flatMap((cell) => Object.values(cell.rounds).flat()).map((round) => round.others),
    );
    sayLost(result);
  }
  if (plan.parts.has("money")) {
    const result = await measureMoney(lab, plan.money);
    ofMoney.push(...moneyRows(result));
    raw["money"] = result;
    for (const rounds of [result.busy, result.calm])
      others.push(
        ...Object.values(rounds)
          .flat()
          .map((round) => round.others),
      );
    sayLost(result);
  }
  if (plan.parts.has("streams")) {
    const result = await measureStreams(lab, plan.streams);
    rows.push(...streamRows(result));
    raw["streams"] = result;
    for (const round of Object.values(result.rounds).flat()) {
      others.push(round.others);
      for (const reason of round.reasons) say(`lost: ${reason}`);
    }
  }
  return { rows, moneyRows: ofMoney, raw, others: others.filter((share) => share !== null) };
}

function sayLost({ requests, logLines }: { readonly requests: number; readonly logLines: number }): void {
  if (logLines < requests) say(`Postern answered ${requests} requests and wrote ${logLines} log lines`);
}

function report(
  circumstances: Circumstances,
  plan: Plan,
  { rows, moneyRows: ofMoney, raw, others }: Measured,
): void {
  const { versions, machine } = circumstances;
  process.stdout.write(
    `\n${circumstances.date}  ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}  ` +
      `postern ${JSON.stringify(versions.postern)}, nginx ${versions.nginx ?? "not installed"}\n`,
  );
  if (rows.length > 0) process.stdout.write(`\n${formatTable(rows)}`);
  if (ofMoney.length > 0) process.stdout.write(`\n${formatTable(ofMoney, MONEY_COLUMNS)}`);
  if (others.length > 0) process.stdout.write(`\n${disturbance(others)}\n`);
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${circumstances.date.slice(0, 19).replaceAll(":", "-")}.json`);
  const judged = [...rows, ...ofMoney].map((row) => ({ ...row, verdict: verdict(row) }));
  writeFileSync(
    path,
    `${JSON.stringify({ ...circumstances, cores: CORES, plan: { ...plan, parts: [...plan.parts] }, rows: judged, raw }, null, 1)}\n`,
  );
  process.stdout.write(`\n${path}\n`);
}

/** Whoever reads the table must know what else ran. */
function disturbance(others: readonly number[]): string {
  const [middle, most] = [median(others), Math.max(...others)].map((share) => `${Math.round(share * 100)} %`);
  return `other work took ${middle} of the measured core (median of the rounds; most ${most}): the less, the truer the table`;
}

async function main(): Promise<number> {
  const plan = parseOptions(process.argv.slice(2));
  if (plan === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  requireBinary();
  if (nginx === undefined) say(`${NGINX_HINT}; going on without it`);
  const limitMs = LIMIT_MS + plan.money.rows * LIMIT_MS_PER_ROW;
  setTimeout(() => void leave(1, `gave up after ${Math.round(limitMs / 60_000)} minutes`), limitMs).unref();
  pinSelf(CORES.rest);
  const circumstances = readCircumstances();
  report(circumstances, plan, await measure(plan, await openLab(say)));
  return 0;
}

let leaving = false;

/** Ends every child first; what is still there then is killed on exit. */
async function leave(code: number, why?: string): Promise<void> {
  // The first reason is the true one: children that are ended fail whatever waits for them.
  if (leaving) return;
  leaving = true;
  if (why !== undefined) say(why);
  await endAll();
  process.exit(code);
}

process.on("SIGINT", () => void leave(130, "interrupted"));
process.on("SIGTERM", () => void leave(143, "stopped"));
main().then(
  (code) => leave(code),
  (error: unknown) => leave(1, error instanceof Error ? error.message : String(error)),
);
