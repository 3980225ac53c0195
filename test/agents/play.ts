// Plays one column of the compatibility matrix with a coding agent, in a home and a folder of its own.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Column, exportsIn, holdOn, same, shortOf } from "../support/compat/run-row.ts";
import { CAP, type CompatScene, keyOf, PAID, type RequestRow } from "../support/compat/scene.ts";
import { ANSWERS, PROMPTS, type SeenCall } from "../support/compat/upstream.ts";
import { COST_NANO_USD } from "../support/compat/usage.ts";
import { within } from "../support/deadline.ts";
import { scratch } from "../support/scratch.ts";
import { type Agent, NOTE } from "./agents.ts";

const PATIENCE_MS = 90_000;

/** What the agent is told, so that its own tool is called; and what the mock says to that. */
const READ = { prompt: (agent: Agent) => `compat read with ${agent.program}`, answer: "The note was read." };

export interface Stage {
  readonly scene: CompatScene;
  /** Folder with the agents' programs. */
  readonly programs: string;
  readonly agent: Agent;
  readonly keyName: string;
}

export function keyNameOf(agent: Agent, column: Column): string {
  return `${agent.program}-${column}`;
}

/** What the mock has to know beside what SDKs ask it. */
export function fixturesFor(agents: readonly Agent[]): readonly unknown[] {
  return agents.flatMap((agent) => {
    const match = { userMessage: READ.prompt(agent) };
    const toolCalls = [{ ...agent.tool, id: "call_read1" }];
    return [
      { match: { ...match, hasToolResult: false }, response: { toolCalls } },
      { match: { ...match, hasToolResult: true }, response: { content: READ.answer } },
    ];
  });
}

/** `pass`, or why not. */
export async function playColumn(stage: Stage, column: Column): Promise<string> {
  try {
    await within(`${stage.agent.client} ${column}`, PLAYS[column](stage), PATIENCE_MS);
    return "pass";
  } catch (error) {
    return shortOf(error);
  }
}

const PLAYS: Readonly<Record<Column, (stage: Stage) => Promise<void>>> = {
  // An agent asks for a stream in every case; both columns stand for the same call.
  call: (stage) => answers(stage),
  stream: (stage) => answers(stage),
  tools: async (stage) => {
    const { output } = await finished(await start(stage, READ.prompt(stage.agent)));
    contains("the agent's output", output, READ.answer);
    const calls = callsOf(stage);
    same("whether the tool's result went up", calls.at(-1)?.body.includes(NOTE.text), true);
    await paid(stage, calls);
  },
  "402": async (stage) => {
    const { output, code } = await finished(await start(stage, PROMPTS.hello));
    same("whether it failed", code === 0, false);
    contains("the agent's output", output, `Request blocked by gateway policies: ${CAP}.`);
    same("calls at the upstream", callsOf(stage).length, 0);
  },
  "429": async (stage) => {
    const hold = new AbortController();
    await holdOn(stage.scene, stage.keyName, hold.signal);
    const agent = await start(stage, PROMPTS.hello);
    const isRefused = (row: RequestRow) => row.status === 429;
    await eventually(async () => (await stage.scene.rowsOf(stage.keyName)).some(isRefused));
    hold.abort();
    contains("the agent's output", (await finished(agent)).output, ANSWERS.hello);
  },
  abort: async (stage) => {
    const agent = await start(stage, PROMPTS.slow);
    await eventually(() => callsOf(stage).length > 0);
    tell(agent, "SIGINT");
    await finished(agent);
    await eventually(() => callsOf(stage).every(({ gone }) => gone));
  },
};

async function answers(stage: Stage): Promise<void> {
  const { output } = await finished(await start(stage, PROMPTS.hello));
  contains("the agent's output", output, ANSWERS.hello);
  await paid(stage, callsOf(stage));
}

type Process = Bun.Subprocess<"ignore", "pipe", "pipe">;

/** Starts the agent as `postern env` says, in a folder that holds the note. */
async function start(stage: Stage, prompt: string): Promise<Process> {
  const { agent, scene, keyName, programs } = stage;
  const text = await scene.setUpText(agent.setUp, keyOf(keyName));
  const home = scratch();
  for (const [path, content] of filesIn(text)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), content);
  }
  const program = join(programs, "node_modules", ".bin", agent.program);
  return Bun.spawn([program, ...agent.args(`${prompt} [${keyName}]`)], {
    cwd: scratch({ [NOTE.path]: `${NOTE.text}\n` }),
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      TMPDIR: scratch(),
      TERM: "xterm-256color",
      // Nothing but the gateway answers: what an agent would tell its maker finds no way out.
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1",
      ...exportsIn(text),
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    // A group of its own: the program on the path starts the agent as a further process.
    detached: true,
  });
}

/** Tells all processes of the agent, as Ctrl-C in a terminal does. */
function tell(agent: Process, signal: "SIGINT" | "SIGKILL"): void {
  try {
    process.kill(-agent.pid, signal);
  } catch {
    // They are gone.
  }
}

/** Files of the home folder that a set-up text shows: path below it → content. */
function filesIn(text: string): [path: string, content: string][] {
  const blocks = text.matchAll(/^# In ~\/(\S+):\n((?:(?!#).*\n)+)/gm);
  return [...blocks].map(([, path = "", content = ""]) => [path, content]);
}

async function finished(agent: Process): Promise<{ output: string; code: number }> {
  const end = setTimeout(() => tell(agent, "SIGKILL"), PATIENCE_MS);
  const [stdout, stderr, code] = await Promise.all([agent.stdout.text(), agent.stderr.text(), agent.exited]);
  clearTimeout(end);
  return { output: stdout + stderr, code };
}

/** What reached the upstream with the key of this stage; its name stands in every prompt. */
function callsOf({ scene, keyName }: Stage): readonly SeenCall[] {
  return scene.upstream.calls.filter(({ body }) => body.includes(`[${keyName}]`));
}

async function paid({ agent, scene, keyName }: Stage, calls: readonly SeenCall[]): Promise<void> {
  if (calls.length === 0) throw new Error("nothing reached the upstream");
  for (const { headers, target, body } of calls) {
    same("whether the provider's credential went up", PAID[agent.provider]?.(headers), true);
    same("whether the key went up", JSON.stringify([headers, target, body]).includes(keyOf(keyName)), false);
  }
  await eventually(async () => (await scene.rowsOf(keyName)).length >= calls.length);
  const costs = (await scene.rowsOf(keyName)).map((row) => row.cost_nano_usd);
  same("costs", costs.join(), costs.map(() => COST_NANO_USD[agent.format]).join());
}

function contains(what: string, text: string, expected: string): void {
  if (!text.includes(expected))
    throw new Error(`${what} has no "${expected}" but: ${text.trim().slice(-300)}`);
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("waited in vain");
    await Bun.sleep(50);
  }
}
