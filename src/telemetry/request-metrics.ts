// Counts requests that have ended: once per request, so labels are put into text only when a series is new.

import type { Usage } from "../formats/usage.ts";
import { LabelValues } from "./label-values.ts";
import {
  type Counter,
  counterFamily,
  type Histogram,
  histogramFamily,
  type MoneyCounter,
  moneyFamily,
} from "./metric-family.ts";

/** A request that has ended. Names are those of what was found, never what a caller only asked for. */
export interface RequestFacts {
  readonly provider: string | undefined;
  /** The upstream's own id of the model. */
  readonly model: string | undefined;
  readonly key: string | undefined;
  readonly status: number;
  readonly code: string | undefined;
  readonly stream: boolean;
  readonly totalMs: number;
  readonly firstByteMs: number | undefined;
  readonly overheadMs: number;
  readonly usage: Usage | undefined;
  /** Undefined counts as nothing. */
  readonly costNanoUsd: bigint | undefined;
}

const DURATION_MS = [50, 100, 250, 500, 1e3, 2.5e3, 5e3, 10e3, 20e3, 30e3, 60e3, 120e3, 300e3, 600e3];
const FIRST_BYTE_MS = [25, 50, 100, 250, 500, 1e3, 2.5e3, 5e3, 10e3, 20e3, 30e3, 60e3];
const OVERHEAD_MS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1e3];

/** Answers that may mean that there is no such model: what they were asked for must not become a label. */
const NAMES_NOTHING = new Set([400, 404, 422]);

interface Times {
  readonly total: Histogram;
  readonly firstByte: Histogram;
  readonly overhead: Histogram;
}

interface KeySeries {
  readonly labels: readonly [provider: string, model: string, key: string];
  readonly spend: MoneyCounter;
  /** By status, then by code. */
  readonly requests: Map<number, Map<string, Counter>>;
}

interface ModelSeries {
  readonly labels: readonly [provider: string, model: string];
  readonly input: Counter;
  readonly output: Counter;
  readonly keys: Map<string, KeySeries>;
}

interface ProviderSeries {
  readonly label: string;
  readonly plain: Times;
  readonly stream: Times;
  readonly models: Map<string, ModelSeries>;
}

export class RequestMetrics {
  readonly #requests = counterFamily({
    name: "postern_requests_total",
    help: "Requests that have ended.",
    labels: ["provider", "model", "key", "status", "code"],
  });
  readonly #durations = histogramFamily(
    {
      name: "postern_request_duration_seconds",
      help: "From the request to the end of its answer.",
      labels: ["provider", "stream"],
    },
    DURATION_MS,
  );
  readonly #firstBytes = histogramFamily(
    {
      name: "postern_time_to_first_byte_seconds",
      help: "From the request to the first byte of its answer.",
      labels: ["provider", "stream"],
    },
    FIRST_BYTE_MS,
  );
  readonly #overheads = histogramFamily(
    {
      name: "postern_overhead_seconds",
      help: "Time spent in the gateway itself, up to the first byte of the answer.",
      labels: ["provider", "stream"],
    },
    OVERHEAD_MS,
  );
  readonly #tokens = counterFamily({
    name: "postern_tokens_total",
    help: "Tokens, as upstreams reported them.",
    labels: ["provider", "model", "direction"],
  });
  readonly #spend = moneyFamily({
    name: "postern_spend_usd_total",
    help: "Cost in US dollars.",
    labels: ["provider", "model", "key"],
  });
  readonly #providerLabels = new LabelValues();
  readonly #modelLabels = new LabelValues();
  readonly #keyLabels = new LabelValues();
  readonly #codeLabels = new LabelValues();
  readonly #providers = new Map<string, ProviderSeries>();

  closed(facts: RequestFacts): void {
    const ofProvider = this.#providers.get(facts.provider ?? "") ?? this.#ofProvider(facts);
    const ofModel = ofProvider.models.get(facts.model ?? "") ?? this.#ofModel(ofProvider, facts);
    const ofKey = ofModel.keys.get(facts.key ?? "") ?? this.#ofKey(ofModel, facts);
    const counter = ofKey.requests.get(facts.status)?.get(facts.code ?? "") ?? this.#counter(ofKey, facts);
    counter.value += 1;
    const times = facts.stream ? ofProvider.stream : ofProvider.plain;
    times.total.observe(facts.totalMs);
    times.overhead.observe(facts.overheadMs);
    if (facts.firstByteMs !== undefined) times.firstByte.observe(facts.firstByteMs);
    const { usage, costNanoUsd } = facts;
    if (usage !== undefined) {
      ofModel.input.value += usage.inputTokens;
      ofModel.output.value += usage.outputTokens;
    }
    if (costNanoUsd !== undefined && costNanoUsd > 0n) ofKey.spend.nanoUsd += costNanoUsd;
  }

  text(): string {
    const families = [
      this.#requests,
      this.#durations,
      this.#firstBytes,
      this.#overheads,
      this.#tokens,
      this.#spend,
    ];
    return families.map((family) => family.text()).join("");
  }

  #ofProvider({ provider = "" }: RequestFacts): ProviderSeries {
    const label = this.#providerLabels.label(provider);
    return made(this.#providers, label, () => ({
      label,
      plain: this.#times(label, "false"),
      stream: this.#times(label, "true"),
      models: new Map(),
    }));
  }

  #times(provider: string, stream: string): Times {
    return {
      total: this.#durations.series([provider, stream]),
      firstByte: this.#firstBytes.series([provider, stream]),
      overhead: this.#overheads.series([provider, stream]),
    };
  }

  #ofModel({ label: provider, models }: ProviderSeries, { model = "", status }: RequestFacts): ModelSeries {
    const label = this.#modelLabels.label(model, !NAMES_NOTHING.has(status));
    return made(models, label, () => ({
      labels: [provider, label],
      input: this.#tokens.series([provider, label, "input"]),
      output: this.#tokens.series([provider, label, "output"]),
      keys: new Map(),
    }));
  }

  #ofKey({ labels, keys }: ModelSeries, { key = "" }: RequestFacts): KeySeries {
    const label = this.#keyLabels.label(key);
    return made(keys, label, () => ({
      labels: [...labels, label],
      spend: this.#spend.series([...labels, label]),
      requests: new Map(),
    }));
  }

  #counter({ labels, requests }: KeySeries, { status, code = "" }: RequestFacts): Counter {
    const label = this.#codeLabels.label(code);
    const byCode = made(requests, status, () => new Map<string, Counter>());
    return made(byCode, label, () => this.#requests.series([...labels, String(status), label]));
  }
}

function made<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
