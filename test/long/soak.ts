// Ten minutes of mixed load, callers who leave, faults and reloads: `bun test/long/soak.ts [--minutes 10] [--rate 200]`.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Gateway, rssMb, startGateway } from "../support/gateway.ts";
import { hashOf, TEST_KEY, TESTER, virtualKey } from "../support/keys.ts";
import { replaceFile } from "../support/live-config.ts";
import { startSoakUpstream } from "../support/soak-upstream.ts";

const { minutes, rate } = options();
const RELOAD_EVERY_MS = 5_000;
const REST_MS = 15_000;
/** Bun keeps at most so many sockets for later calls. */
const POOL = 64;

interface Result {
  readonly tally: Readonly<Record<string, { whole: number; left: number; failed: number }>>;
  readonly leavings: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
  readonly peak: number;
  readonly skipped: number;
}

function options(): { minutes: number; rate: number } {
  const value = (name: string, otherwise: number): number => {
    const at = process.argv.indexOf(name);
    return at < 0 ? otherwise : Number(process.argv[at + 1]);
  };
  return { minutes: value("--minutes", 10), rate: value("--rate", 200) };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Each round differs in keys, limits, providers and models. */
function configOf(round: number, upstreamUrl: string): string {
  const base = `base_url: "${upstreamUrl}/v1", auth: none`;
  const keys = Array.from({ length: 10 }, (_, at) => {
    const name = `key-${round + at}`;
    return `  ${name}: { hash: "${hashOf(virtualKey(name))}" }\n`;
  });
  return `server:
  listen: 127.0.0.1:\${PORT}
  keepalive: ${round % 2 === 0 ? "2s" : "2500ms"}
  max_body: ${4 + (round % 3)}MiB
providers:
  up: { ${base} }
  impatient: { ${base}, timeouts: { first_byte: 1500ms, idle: ${1500 + (round % 3) * 100}ms } }
  crowded: { ${base}, max_concurrent: ${6 + (round % 3) * 4}, max_queue: 2000, queue_timeout: 45s }
  other-${round % 3}: { base_url: "http://127.0.0.1:9/v1", auth: none, models: [a] }
models:
  round-${round}: up/m
${TESTER}${keys.join("")}`;
}

/** Every fifth is a bad file; the last good one stays. */
function startReloads(gateway: Gateway, upstreamUrl: string): { stop(): void; count(): number } {
  let round = 0;
  const timer = setInterval(() => {
    round += 1;
    const file = join(gateway.dir, "config.yaml");
    const text = round % 5 === 0 ? "providers: [\n" : configOf(round, upstreamUrl);
    if (round % 3 === 0) writeFileSync(file, text);
    else replaceFile(file, text);
    if (round % 2 === 0) gateway.signal("SIGHUP");
  }, RELOAD_EVERY_MS);
  return { stop: () => clearInterval(timer), count: () => round };
}

async function runLoad(gateway: Gateway, seconds: number, perSecond: number): Promise<Result> {
  const script = join(import.meta.dir, "soak-load.ts");
  const child = Bun.spawn(
    [process.execPath, script, gateway.url, TEST_KEY, String(seconds), String(perSecond)],
    {
      stdout: "pipe",
      stderr: "inherit",
      env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "8192" },
    },
  );
  const text = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error("the load process failed");
  return JSON.parse(text) as Result;
}

function total(result: Result, what: "whole" | "left" | "failed"): number {
  return Object.values(result.tally).reduce((sum, row) => sum + row[what], 0);
}

function printTable(result: Result): void {
  say(`${"kind".padEnd(24)}${"whole".padStart(9)}${"left".padStart(9)}${"failed".padStart(9)}`);
  for (const [kind, { whole, left, failed }] of Object.entries(result.tally).sort())
    say(kind.padEnd(24) + String(whole).padStart(9) + String(left).padStart(9) + String(failed).padStart(9));
  say(
    `left: ${Object.entries(result.leavings)
      .map(([when, count]) => `${when} ${count}`)
      .join(", ")}`,
  );
}

/** Log lines that nobody should have to read after this. */
function unexpectedLines(gateway: Gateway): string[] {
  const bad = gateway
    .log()
    .filter((line) => line["level"] === "error" || line["level"] === "fatal" || Number(line["level"]) >= 50)
    .filter((line) => !String(line["msg"]).startsWith("bad configuration"))
    .map((line) => JSON.stringify(line));
  const alarming = gateway
    .stderr()
    .split("\n")
    .filter((line) => /error|unhandled|exception|panic|at .*:\d+:\d+/i.test(line));
  return [...bad, ...alarming];
}

const upstream = await startSoakUpstream();
const gateway = await startGateway({ yaml: configOf(0, upstream.url) });
const checks: (readonly [string, boolean, string])[] = [];
const check = (what: string, ok: boolean, figure: string): void => void checks.push([what, ok, figure]);
let code = 1;
try {
  // A few calls first: what the process needs for its first request is not what grows.
  await runLoad(gateway, 3, 50);
  await Bun.sleep(1_000);
  const before = rssMb(gateway.pid);
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, rssMb(gateway.pid));
  }, 1_000);
  const reloads = startReloads(gateway, upstream.url);
  const result = await runLoad(gateway, minutes * 60, rate);
  reloads.stop();
  clearInterval(sampling);
  printTable(result);
  for (const failure of result.failures) say(`FAILED ${failure}`);
  await Bun.sleep(REST_MS);
  const after = rssMb(gateway.pid);
  const sent = total(result, "whole") + total(result, "left") + total(result, "failed");
  const limit = 1.2 * before + 30;
  check(
    "requests failed by the gateway",
    total(result, "failed") === 0,
    `${total(result, "failed")} of ${sent}`,
  );
  check(
    "callers who left",
    total(result, "left") > 0.25 * sent,
    `${((100 * total(result, "left")) / sent).toFixed(1)} %`,
  );
  check("reloads", reloads.count() > 0, String(reloads.count()));
  check("calls at once, peak", true, `${result.peak} (${result.skipped} not sent)`);
  check(
    "resident memory",
    after <= limit,
    `${before.toFixed(0)} before, ${peak.toFixed(0)} peak, ${after.toFixed(0)} after, ${limit.toFixed(0)} allowed, MiB`,
  );
  check("upstream sockets with a call", upstream.busy() === 0, String(upstream.busy()));
  check("upstream sockets at rest", upstream.open() <= POOL, `${upstream.open()}, at most ${POOL}`);
  const stopping = performance.now();
  gateway.signal("SIGTERM");
  const exit = await gateway.exited;
  const exitMs = performance.now() - stopping;
  await Bun.sleep(100);
  const inFlight = gateway.log().find((line) => line["msg"] === "stopping")?.["in_flight"];
  check("in flight at the end", inFlight === 0, String(inFlight));
  check("exit after SIGTERM", exit === 0 && exitMs < 2_000, `${exit} after ${exitMs.toFixed(0)} ms`);
  check("upstream sockets after the exit", upstream.open() === 0, String(upstream.open()));
  const lines = unexpectedLines(gateway);
  check("alarming lines", lines.length === 0, String(lines.length));
  for (const line of lines.slice(0, 10)) say(`ALARM ${line}`);
  for (const [what, ok, figure] of checks) say(`${ok ? "ok  " : "FAIL"} ${what.padEnd(34)}${figure}`);
  code = checks.every(([, ok]) => ok) ? 0 : 1;
} finally {
  await gateway.stop();
  await upstream.stop();
}
process.exit(code);
