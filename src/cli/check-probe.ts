// The part of `postern check --probe` that goes out to the network, and what it says about each provider.

import type { Config } from "../config/schema.ts";
import { compileProvider } from "../gateway/compile-provider.ts";
import { isFine, type Probe, type ProbeState, probeProvider } from "../gateway/probe.ts";
import { createWheel } from "../lib/wheel.ts";
import { createReach } from "../upstream/reach.ts";
import { createUpstream } from "../upstream/send.ts";
import { createNativeCredentials } from "./native-credentials.ts";
import { createNetwork, plainFetch } from "./network.ts";

/** The longest that one call may take. */
const LIMIT_MS = 5_000;

const LABELS: Readonly<Record<ProbeState, string>> = {
  reachable: "reachable",
  refused: "refused",
  unreachable: "unreachable",
  timeout: "timed out",
  bad_key: "bad key",
  wrong_base_url: "wrong base URL",
  failing: "failing",
  not_probed: "not probed",
};

/** What came of each provider, by name, in the order of the file; all are asked at once. */
export async function probeAll(
  config: Config,
  credentialNames: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Probe>> {
  const now = () => performance.now();
  const upstream = createUpstream({
    fetch: plainFetch,
    reach: createReach(createNetwork(now)),
    wheel: createWheel(now),
  });
  const credentials = createNativeCredentials({ fetch: plainFetch, now: Date.now, env: {} });
  const deps = { upstream, instanceId: crypto.randomUUID(), limitMs: LIMIT_MS };
  const entries = Object.entries(config.providers).map(async ([name, settings]) => {
    const parts = { credentialNames, createMock: neverAsked, credentials };
    const provider = compileProvider(name, settings, parts);
    return [name, await probeProvider(provider, deps)] as const;
  });
  return new Map(await Promise.all(entries));
}

/** Stands for a provider that answers by itself: it is told apart, and not asked. */
function neverAsked() {
  return () => Promise.reject(new Error("not asked"));
}

/** `reachable (3 models)`, `bad key: …`; where there is a base URL that works, it follows on a line of its own. */
export function probeText(probe: Probe, indent: string): string {
  const { state, detail, models, fix } = probe;
  const count = models === undefined ? "" : ` (${models} model${models === 1 ? "" : "s"})`;
  const lines = [`${LABELS[state]}${count}${detail === "" ? "" : `: ${detail}`}`];
  if (fix !== undefined) lines.push(`${indent}this one works: base_url: ${fix}`);
  return lines.join("\n");
}

/** How many were asked, and how many of them answered well. */
export function probeSummary(probes: ReadonlyMap<string, Probe>): string {
  const asked = [...probes.values()].filter(({ state }) => state !== "not_probed");
  const good = asked.filter(isFine).length;
  return `${asked.length} probed, ${good} reachable`;
}
