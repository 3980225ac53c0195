// Runs the coding agents against the gateway: `bun run agents`. With UPDATE=1 the results are written down, for the page.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AGENTS } from "../test/agents/agents.ts";
import { fixturesFor, keyNameOf, playColumn } from "../test/agents/play.ts";
import { AGENT_RESULTS, type AgentResult, agentResults } from "../test/support/compat/page.ts";
import { type Cells, COLUMNS, type Column } from "../test/support/compat/run-row.ts";
import { startCompatScene } from "../test/support/compat/scene.ts";

/** Installs the agents from the registry, into a folder that is removed in the end. POSTERN_AGENTS names one to keep. */
function install(): { readonly folder: string; readonly remove: () => void } {
  const kept = process.env["POSTERN_AGENTS"];
  const folder = kept ?? mkdtempSync(join(tmpdir(), "postern-agents-"));
  const packages = AGENTS.map((agent) => `${agent.package}@${agent.version}`);
  const command = [
    "npm",
    "install",
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    ...packages,
  ];
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd: folder, stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`npm could not install the agents: ${stderr.toString()}`);
  return { folder, remove: () => kept ?? rmSync(folder, { recursive: true, force: true }) };
}

async function run(programs: string): Promise<AgentResult[]> {
  const keys = (column: Column) => AGENTS.map((agent) => keyNameOf(agent, column));
  const names = { all: COLUMNS.flatMap(keys), capped: keys("402"), limited: keys("429") };
  const scene = await startCompatScene(names, fixturesFor(AGENTS));
  try {
    const results: AgentResult[] = [];
    for (const agent of AGENTS) {
      const cells: [Column, string][] = [];
      for (const column of COLUMNS) {
        const cell = await playColumn({ scene, programs, agent, keyName: keyNameOf(agent, column) }, column);
        process.stdout.write(`${agent.client} ${agent.version}  ${column}: ${cell}\n`);
        cells.push([column, cell]);
      }
      const { client, version, route, what } = agent;
      results.push({ client, version, route, what, cells: Object.fromEntries(cells) as Cells });
    }
    return results;
  } finally {
    await scene.stop();
  }
}

const { folder, remove } = install();
try {
  const results = await run(folder);
  if (process.env["UPDATE"] === "1") {
    writeFileSync(AGENT_RESULTS, results.map((result) => `${JSON.stringify(result)}\n`).join(""));
  } else if (!Bun.deepEquals(results, agentResults())) {
    process.stderr.write(
      "The agents' results are not those of test/agents/results.jsonl (UPDATE=1 writes them).\n",
    );
    process.exitCode = 1;
  }
} finally {
  remove();
}
