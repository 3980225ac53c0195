// The soak test's callers, a process of their own: `bun test/long/soak-load.ts URL KEY SECONDS RATE`. Prints a tally as JSON.

import { connect } from "node:net";
import {
  type Expected,
  KINDS,
  type Plan,
  readPlan,
  requestBody,
  scriptOf,
  seededRandom,
} from "../support/soak-plan.ts";

const [url = "", key = "", seconds = "60", rate = "200"] = process.argv.slice(2);
const { hostname, port } = new URL(url);
/** More than the 30 % that shall leave: some answers have ended before their caller would. */
const LEAVING_SHARE = 42;
const MOST_AT_ONCE = 1_000;
/** Longer than any plan takes, queue included. */
const PATIENCE_MS = 60_000;

/** When a caller leaves. */
type Leaving = "never" | "while sending" | "at once" | "while waiting" | "while reading" | "while paused";
const LEAVING: readonly Leaving[] = [
  "while sending",
  "at once",
  "while waiting",
  "while reading",
  "while paused",
];

interface Tally {
  whole: number;
  left: number;
  failed: number;
}

const tally = new Map<string, Tally>();
const failures: string[] = [];
const leavings = new Map<Leaving, number>();
let atOnce = 0;
let peak = 0;
let skipped = 0;

function tallyOf(kind: string): Tally {
  let found = tally.get(kind);
  if (found === undefined) {
    found = { whole: 0, left: 0, failed: 0 };
    tally.set(kind, found);
  }
  return found;
}

const random = seededRandom(20_261_121);
const drawn = Object.entries(KINDS).flatMap(([kind, { weight }]) =>
  Array.from({ length: weight }, () => kind),
);

function draw(): { plan: Plan; leaving: Leaving } {
  const kind = drawn[random(0, drawn.length - 1)] ?? "";
  const leaves = random(1, 100) <= LEAVING_SHARE;
  const leaving = leaves ? (LEAVING[random(0, LEAVING.length - 1)] ?? "never") : "never";
  return { plan: { kind, seed: random(1, 1_000_000_000) }, leaving };
}

/** Sends the head and half of the body, then closes. */
async function leaveWhileSending(body: string): Promise<void> {
  const socket = connect(Number(port), hostname);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer ${key}\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, body.length / 2));
  await Bun.sleep(random(0, 100));
  if (random(0, 1) === 0) socket.destroy();
  else socket.resetAndDestroy();
  await closed;
}

class Left extends Error {}

/** The body's text, as slowly as this caller reads. Leaves on the way where it is to. */
async function read(answer: Response, leaving: Leaving, control: AbortController): Promise<string> {
  if (answer.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let parts = 0;
  const leaveAfter = answer.headers.has("content-length") ? 0 : random(0, 4);
  for await (const part of answer.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(part, { stream: true });
    parts += 1;
    if ((leaving !== "while reading" && leaving !== "while paused") || parts <= leaveAfter) continue;
    if (leaving === "while paused") await Bun.sleep(random(100, 1_500));
    control.abort();
    throw new Left();
  }
  return text;
}

function verdict(answer: Response, text: string, expected: Expected): boolean {
  const body = text.replaceAll(": ping\n", "");
  if (answer.status === expected.orStatus) return body.includes('"error"');
  return answer.status === expected.status && expected.body(body);
}

async function call(plan: Plan, leaving: Leaving): Promise<"whole" | "left" | "failed"> {
  const body = requestBody(plan);
  if (leaving === "while sending") {
    await leaveWhileSending(body);
    return "left";
  }
  const control = new AbortController();
  const patience = setTimeout(() => control.abort(new Error("no answer for a minute")), PATIENCE_MS);
  if (leaving === "at once") setTimeout(() => control.abort(), random(0, 3));
  if (leaving === "while waiting") setTimeout(() => control.abort(), random(1, 250));
  try {
    const answer = await fetch(`${url}/v1/${readPlan(plan).endpoint}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body,
      signal: control.signal,
    });
    const text = await read(answer, leaving, control);
    if (verdict(answer, text, scriptOf(plan).expected)) return "whole";
    fail(plan, leaving, `${answer.status} ${text.length} bytes: ${text.slice(0, 300)} … ${text.slice(-200)}`);
    return "failed";
  } catch (error) {
    if (leaving !== "never" && control.signal.aborted) return "left";
    fail(plan, leaving, String(control.signal.aborted ? control.signal.reason : error));
    return "failed";
  } finally {
    clearTimeout(patience);
  }
}

function fail(plan: Plan, leaving: Leaving, what: string): void {
  if (failures.length < 20) failures.push(`${plan.kind} (${plan.seed}, ${leaving}): ${what}`);
}

async function run(): Promise<void> {
  const { plan, leaving } = draw();
  if (atOnce >= MOST_AT_ONCE) {
    skipped += 1;
    return;
  }
  atOnce += 1;
  peak = Math.max(peak, atOnce);
  if (leaving !== "never") leavings.set(leaving, (leavings.get(leaving) ?? 0) + 1);
  tallyOf(plan.kind)[await call(plan, leaving)] += 1;
  atOnce -= 1;
}

const startedAt = performance.now();
const endsAt = startedAt + Number(seconds) * 1_000;
const running = new Set<Promise<void>>();
let started = 0;
while (performance.now() < endsAt) {
  const due = ((performance.now() - startedAt) / 1_000) * Number(rate);
  // After a stall of this machine what was missed is not made up for in one burst.
  if (due - started > 50) started = due - 50;
  for (; started < due; started++) {
    const one = run();
    running.add(one);
    void one.finally(() => running.delete(one));
  }
  await Bun.sleep(5);
}
await Promise.all(running);
process.stdout.write(
  `${JSON.stringify({ tally: Object.fromEntries(tally), leavings: Object.fromEntries(leavings), failures, peak, skipped })}\n`,
);
process.exit(0);
