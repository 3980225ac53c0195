// Puts the administration together from what a running gateway has.

import { type AdminGate, compileAdminGate } from "../gateway/compile-admin.ts";
import { describePolicies, policyGauges } from "../gateway/describe-policies.ts";
import { listKeys } from "../gateway/list-keys.ts";
import { showConfig } from "../gateway/show-config.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { State } from "../gateway/state.ts";
import type { AdminPlane } from "../http/admin/plane.ts";
import type { MetricSources } from "../telemetry/gauges.ts";
import type { Live, Reloader } from "./reload.ts";

/** What is handed on as it is: clock, store, log, metrics, and who hears of actions. */
type Handed = Pick<
  AdminPlane,
  "version" | "startedAt" | "now" | "newId" | "log" | "lastError" | "reader" | "reload" | "metrics" | "audit"
>;

export interface AdministrationParts extends Handed {
  readonly state: State;
  readonly live: Reloader["live"];
  /** The digest of the random admin key, by `store.path`. */
  readonly randomDigest: (storePath: string) => string;
}

/**
 * Where the configuration has no admin key, the random one is made here and now, so that nobody waits for it.
 *
 * @throws {CommandError} when it cannot be written
 */
export function createAdminPlane({ live, state, randomDigest, ...handed }: AdministrationParts): AdminPlane {
  const snapshot = (): Snapshot => live().snapshot;
  const gate = gatesOf(live, randomDigest);
  gate();
  return {
    ...handed,
    state,
    gate,
    basePath: () => snapshot().server.basePath,
    providers: () => snapshot().directory.providers.values(),
    config: () => showConfig(live().config),
    keys: () => listKeys(live().config, (name) => state.lastUsed.get(name)),
    ledger: state.ledger,
    policies: {
      names: () => snapshot().policies.all.map(({ name }) => name),
      rows: () => describePolicies(snapshot().policies, state.ledger),
    },
  };
}

/** What metrics look up when somebody reads them. */
export function createMetricSources(
  build: MetricSources["build"],
  state: State,
  snapshot: () => Snapshot,
): MetricSources {
  return {
    build,
    config: () => state.configReload,
    inFlight: () =>
      [...snapshot().directory.providers.keys()].map((provider) => ({
        provider,
        count: state.slots.load(provider).underWay,
      })),
    policies: () => policyGauges(snapshot().policies, state.ledger),
  };
}

/** The gate of the configuration in force, compiled once for each. */
function gatesOf(live: () => Live, randomDigest: (storePath: string) => string): () => AdminGate {
  let compiled: { readonly of: Live; readonly gate: AdminGate } | undefined;
  return () => {
    const now = live();
    if (compiled?.of !== now) {
      const { keys, server } = now.snapshot;
      const parts = { keys, trust: server.trust, randomDigest: () => randomDigest(now.config.store.path) };
      compiled = { of: now, gate: compileAdminGate(now.config, parts) };
    }
    return compiled.gate;
  };
}
