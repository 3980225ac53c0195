// Metrics that are looked up when somebody reads them: what runs, what is in force, how policies stand.

import { formatUsd } from "../lib/money.ts";
import { LabelValues, OTHER } from "./label-values.ts";
import { headText, labelText, sampleText } from "./metric-family.ts";

/** How a spend policy stands for one subject. */
export interface PolicyGauge {
  readonly policy: string;
  /** Undefined = all share one counter, or the subject is a header's value, which is nobody's business here. */
  readonly subject: string | undefined;
  readonly spentNanoUsd: bigint;
  readonly limitNanoUsd: bigint;
}

/** Asked whenever somebody reads. */
export interface MetricSources {
  readonly build: { readonly version: string; readonly commit: string; readonly runtime: string };
  readonly config: () => { readonly ok: boolean; readonly loadedAt: number };
  /** Calls under way at each provider. */
  readonly inFlight: () => Iterable<{ readonly provider: string; readonly count: number }>;
  readonly policies: () => Iterable<PolicyGauge>;
}

/** Families of later versions: named, so that dashboards can be made, and without values that would not be true. */
const WITHOUT_VALUES = [
  ["postern_target_state", "gauge", "Health of a target: 0 closed, 1 half open, 2 open."],
  ["postern_redactions_total", "counter", "Findings that were replaced."],
  ["postern_cache_total", "counter", "Looks into the response cache."],
] as const;

export class Gauges {
  readonly #sources: MetricSources;
  readonly #providers = new LabelValues();
  readonly #policies = new LabelValues();
  readonly #subjects = new LabelValues();

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  text(): string {
    const { build, config } = this.#sources;
    const { ok, loadedAt } = config();
    const { version, commit, runtime } = build;
    return [
      this.#inFlight(),
      this.#policyText(),
      gauge("postern_config_reload_success", "Whether the files, as they were read last, are in force.", [
        ["", ok ? "1" : "0"],
      ]),
      gauge("postern_config_loaded_timestamp_seconds", "When the configuration in force was loaded.", [
        ["", String(loadedAt / 1000)],
      ]),
      gauge("postern_build_info", "What runs.", [
        [labelText(["version", "commit", "runtime"], [version, commit, runtime]), "1"],
      ]),
      ...WITHOUT_VALUES.map(([name, type, help]) => headText(name, help, type)),
    ].join("");
  }

  #inFlight(): string {
    const counts = new Map<string, number>();
    for (const { provider, count } of this.#sources.inFlight()) {
      const labels = labelText(["provider"], [this.#providers.label(provider)]);
      counts.set(labels, (counts.get(labels) ?? 0) + count);
    }
    return gauge(
      "postern_requests_in_flight",
      "Calls of the data plane under way at a provider.",
      [...counts].map(([labels, count]) => [labels, String(count)]),
    );
  }

  /** Where several counters share a label their spending is added up; a limit they do not share is left out. */
  #policyText(): string {
    const spent = new Map<string, bigint>();
    const limits = new Map<string, bigint | undefined>();
    for (const { policy, subject = "", spentNanoUsd, limitNanoUsd } of this.#sources.policies()) {
      const names = [this.#policies.label(policy), this.#subjects.label(subject)];
      const labels = labelText(["policy", "subject"], names);
      const isShared = spent.has(labels) || names.includes(OTHER);
      spent.set(labels, (spent.get(labels) ?? 0n) + spentNanoUsd);
      limits.set(labels, isShared ? undefined : limitNanoUsd);
    }
    const texts = (amounts: Iterable<[string, bigint | undefined]>): Sample[] =>
      [...amounts].flatMap(([labels, amount]) => (amount === undefined ? [] : [[labels, formatUsd(amount)]]));
    return (
      gauge("postern_policy_spent_usd", "Spent in the current window, in US dollars.", texts(spent)) +
      gauge("postern_policy_limit_usd", "Limit of the current window, in US dollars.", texts(limits))
    );
  }
}

type Sample = readonly [labels: string, value: string];

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => sampleText(name, labels, value));
  return headText(name, help, "gauge") + lines.join("");
}
