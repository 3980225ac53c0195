// What Prometheus can read: counts of requests, tokens and money, times, how policies stand, what is in force.

import { Gauges, type MetricSources } from "./gauges.ts";
import { LabelValues } from "./label-values.ts";
import { counterFamily, histogramFamily } from "./metric-family.ts";
import { type RequestFacts, RequestMetrics } from "./request-metrics.ts";

export interface Metrics {
  requestClosed(facts: RequestFacts): void;
  /** A request that the gateway refused: by no policy, or by some. */
  refused(code: string, policies: readonly string[]): void;
  /** The end of one try at one target, in one word. */
  attempt(provider: string, outcome: string): void;
  /** The store has written a batch. */
  commit(ms: number): void;
  /** Prometheus text format 0.0.4. */
  text(): string;
}

const COMMIT_MS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1e3];

/** Counters that begin at zero. `sources` are asked whenever somebody reads. */
export function createMetrics(sources: MetricSources): Metrics {
  const requests = new RequestMetrics();
  const gauges = new Gauges(sources);
  const refusals = counterFamily({
    name: "postern_refusals_total",
    help: "Requests that the gateway refused, counted once per policy that stood in the way.",
    labels: ["code", "policy"],
  });
  const attempts = counterFamily({
    name: "postern_attempts_total",
    help: "Tries at one target.",
    labels: ["provider", "outcome"],
  });
  const commits = histogramFamily(
    { name: "postern_store_commit_seconds", help: "Writing one batch to the store.", labels: [] },
    COMMIT_MS,
  );
  const commitTimes = commits.series([]);
  const labels = {
    code: new LabelValues(),
    policy: new LabelValues(),
    provider: new LabelValues(),
    outcome: new LabelValues(),
  };
  return {
    requestClosed: (facts) => requests.closed(facts),
    refused(code, policies) {
      const names = policies.length === 0 ? [""] : policies;
      for (const policy of names)
        refusals.series([labels.code.label(code), labels.policy.label(policy)]).value += 1;
    },
    attempt(provider, outcome) {
      attempts.series([labels.provider.label(provider), labels.outcome.label(outcome)]).value += 1;
    },
    commit: (ms) => commitTimes.observe(ms),
    text: () => requests.text() + refusals.text() + attempts.text() + commits.text() + gauges.text(),
  };
}
