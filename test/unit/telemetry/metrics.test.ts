// Metrics as Prometheus reads them: every line well-formed, every number exact, labels few and harmless.

import { beforeEach, describe, expect, test } from "bun:test";
import type { MetricSources, PolicyGauge } from "../../../src/telemetry/gauges.ts";
import { createMetrics, type Metrics } from "../../../src/telemetry/metrics.ts";
import type { RequestFacts } from "../../../src/telemetry/request-metrics.ts";

let metrics: Metrics;
let policies: PolicyGauge[];
let inFlight: { provider: string; count: number }[];
let config: { ok: boolean; loadedAt: number };

beforeEach(() => {
  policies = [];
  inFlight = [];
  config = { ok: true, loadedAt: 1_763_726_400_500 };
  const sources: MetricSources = {
    build: { version: "1.2.3", commit: "abc", runtime: "bun 1.4.4" },
    config: () => config,
    inFlight: () => inFlight,
    policies: () => policies,
  };
  metrics = createMetrics(sources);
});

const USAGE = {
  inputTokens: 10,
  outputTokens: 5,
  cacheReadTokens: 4,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
};

function closed(more: Partial<RequestFacts> = {}): void {
  metrics.requestClosed({
    provider: "up",
    model: "m",
    key: "laptop",
    status: 200,
    code: undefined,
    stream: false,
    totalMs: 120,
    firstByteMs: 100,
    overheadMs: 0.4,
    usage: USAGE,
    costNanoUsd: 1_500n,
    ...more,
  });
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

const SAMPLE = /^([a-z_]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)$/;
const LABEL = /([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

/** Reads the whole text as strictly as the format is written; fails on any line that is not. */
function samples(): readonly Sample[] {
  const text = metrics.text();
  expect(text).toEndWith("\n");
  const types = new Map<string, string>();
  return text
    .slice(0, -1)
    .split("\n")
    .flatMap((line) => {
      const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
      if (kind === "HELP") expect(types.has(name)).toBe(false);
      if (kind === "TYPE") {
        expect(rest).toMatch(/^(?:counter|gauge|histogram)$/);
        types.set(name, rest);
      }
      if (kind !== undefined) return [];
      const [, sampled = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
      expect(line).toMatch(SAMPLE);
      const family = types.has(sampled) ? sampled : sampled.replace(/_(?:bucket|sum|count)$/, "");
      expect([...types.keys()].at(-1)).toBe(family);
      return [{ name: sampled, labels: labelsOf(labels), value }];
    });
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(LABEL)];
  expect(pairs.map(([pair]) => pair).join("")).toBe(text);
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value]));
}

function valuesOf(name: string): readonly (readonly [Readonly<Record<string, string>>, string])[] {
  return samples().flatMap((sample) => (sample.name === name ? [[sample.labels, sample.value]] : []));
}

describe("the families", () => {
  test("are those of the contract, each with its kind, and no others", () => {
    const types = [...metrics.text().matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(Object.fromEntries(types)).toEqual({
      postern_requests_total: "counter",
      postern_refusals_total: "counter",
      postern_request_duration_seconds: "histogram",
      postern_time_to_first_byte_seconds: "histogram",
      postern_overhead_seconds: "histogram",
      postern_requests_in_flight: "gauge",
      postern_attempts_total: "counter",
      postern_target_state: "gauge",
      postern_tokens_total: "counter",
      postern_spend_usd_total: "counter",
      postern_policy_spent_usd: "gauge",
      postern_policy_limit_usd: "gauge",
      postern_redactions_total: "counter",
      postern_cache_total: "counter",
      postern_config_reload_success: "gauge",
      postern_config_loaded_timestamp_seconds: "gauge",
      postern_store_commit_seconds: "histogram",
      postern_build_info: "gauge",
    });
  });

  test("that have nothing to tell have no values", () => {
    const names = new Set(samples().map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, "")));
    expect([...names].sort()).toEqual([
      "postern_build_info",
      "postern_config_loaded_timestamp_seconds",
      "postern_config_reload_success",
      "postern_store_commit_seconds",
    ]);
  });
});

describe("a request", () => {
  test("is counted once, with who and where", () => {
    closed();
    closed();
    closed({ status: 402, code: "budget_exceeded", usage: undefined, costNanoUsd: undefined });
    const who = { provider: "up", model: "m", key: "laptop" };
    expect(valuesOf("postern_requests_total")).toEqual([
      [{ ...who, status: "200", code: "" }, "2"],
      [{ ...who, status: "402", code: "budget_exceeded" }, "1"],
    ]);
    expect(valuesOf("postern_tokens_total")).toEqual([
      [{ provider: "up", model: "m", direction: "input" }, "20"],
      [{ provider: "up", model: "m", direction: "output" }, "10"],
    ]);
    expect(valuesOf("postern_spend_usd_total")).toEqual([[who, "0.000003"]]);
  });

  test("that got nowhere has empty labels", () => {
    closed({ provider: undefined, model: undefined, key: undefined, status: 401, code: "invalid_api_key" });
    expect(valuesOf("postern_requests_total")).toEqual([
      [{ provider: "", model: "", key: "", status: "401", code: "invalid_api_key" }, "1"],
    ]);
  });

  test("costs add up to the nano-dollar, beyond what a float can hold", () => {
    for (let i = 0; i < 3; i++) closed({ costNanoUsd: 12_345_678_901_234_567n });
    closed({ costNanoUsd: 1n });
    expect(valuesOf("postern_spend_usd_total")).toMatchObject([[{}, "37037036.703703702"]]);
  });

  test("times fall into cumulative buckets, in seconds", () => {
    for (const totalMs of [50, 51, 700_000]) closed({ totalMs, firstByteMs: undefined, stream: true });
    const times = samples().filter(
      ({ name, labels }) => name.startsWith("postern_request_duration") && labels["stream"] === "true",
    );
    const buckets = times.filter(({ name }) => name.endsWith("_bucket"));
    expect(buckets.slice(0, 2).map(({ labels, value }) => [labels["le"], value])).toEqual([
      ["0.05", "1"],
      ["0.1", "2"],
    ]);
    expect(buckets.slice(-2).map(({ labels, value }) => [labels["le"], value])).toEqual([
      ["600", "2"],
      ["+Inf", "3"],
    ]);
    expect(times.slice(-2).map(({ name, value }) => [name.split("_").at(-1), value])).toEqual([
      ["sum", "700.101"],
      ["count", "3"],
    ]);
    const firstBytes = valuesOf("postern_time_to_first_byte_seconds_count");
    expect(firstBytes).toEqual([
      [{ provider: "up", stream: "false" }, "0"],
      [{ provider: "up", stream: "true" }, "0"],
    ]);
  });
});

describe("labels", () => {
  test("are escaped", () => {
    closed({ model: 'a"b\\c\nd' });
    expect(valuesOf("postern_spend_usd_total")[0]?.[0]["model"]).toBe('a\\"b\\\\c\\nd');
  });

  test("have 200 values, then other, and lose no count", () => {
    for (let i = 0; i < 500; i++) closed({ model: `m-${i}`, key: `k-${i % 300}` });
    const counted = valuesOf("postern_requests_total");
    for (const label of ["model", "key"])
      expect(new Set(counted.map(([labels]) => labels[label])).size).toBe(201);
    expect(counted.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(500);
    closed({ model: "m-7", key: "k-7" });
    expect(valuesOf("postern_spend_usd_total").find(([{ model }]) => model === "m-7")?.[1]).toBe("0.000003");
  });

  test.each([400, 404, 422])("name no model that only a %d knows", (status) => {
    closed({ model: "made-up", status });
    closed({ model: "m" });
    closed({ model: "m", status });
    expect(valuesOf("postern_requests_total").map(([{ model }, value]) => [model, value])).toEqual([
      ["other", "1"],
      ["m", "1"],
      ["m", "1"],
    ]);
  });

  test("hold no key, and no text without end", () => {
    closed({ model: `sk-postern-${"A".repeat(43)}` });
    closed({ model: "x".repeat(100_000) });
    expect(valuesOf("postern_requests_total")).toMatchObject([[{ model: "other" }, "2"]]);
  });
});

describe("refusals and attempts", () => {
  test("are counted by policy and by outcome", () => {
    metrics.refused("budget_exceeded", ["A", "B"]);
    metrics.refused("budget_exceeded", ["A"]);
    metrics.refused("model_not_found", []);
    metrics.attempt("up", "completed");
    metrics.attempt("up", "completed");
    expect(valuesOf("postern_refusals_total")).toEqual([
      [{ code: "budget_exceeded", policy: "A" }, "2"],
      [{ code: "budget_exceeded", policy: "B" }, "1"],
      [{ code: "model_not_found", policy: "" }, "1"],
    ]);
    expect(valuesOf("postern_attempts_total")).toEqual([[{ provider: "up", outcome: "completed" }, "2"]]);
  });
});

describe("what is looked up", () => {
  test("is as it is now", () => {
    metrics.commit(3);
    inFlight = [{ provider: "up", count: 2 }];
    config = { ok: false, loadedAt: 1_000 };
    expect(valuesOf("postern_requests_in_flight")).toEqual([[{ provider: "up" }, "2"]]);
    expect(valuesOf("postern_config_reload_success")).toEqual([[{}, "0"]]);
    expect(valuesOf("postern_config_loaded_timestamp_seconds")).toEqual([[{}, "1"]]);
    expect(valuesOf("postern_store_commit_seconds_count")).toEqual([[{}, "1"]]);
    expect(valuesOf("postern_build_info")).toEqual([
      [{ version: "1.2.3", commit: "abc", runtime: "bun 1.4.4" }, "1"],
    ]);
  });

  test("policies without names to tell share one value, and no limit", () => {
    const gauge = (policy: string, subject: string | undefined, spentNanoUsd: bigint): PolicyGauge => ({
      ...{ policy, subject, spentNanoUsd },
      limitNanoUsd: 10_000_000_000n,
    });
    policies = [
      gauge("Cap", undefined, 2_500_000_000n),
      gauge("Per user", "ann", 1n),
      gauge("Per customer", undefined, 1_000_000_000n),
      gauge("Per customer", undefined, 2_000_000_000n),
    ];
    expect(valuesOf("postern_policy_spent_usd")).toEqual([
      [{ policy: "Cap", subject: "" }, "2.5"],
      [{ policy: "Per user", subject: "ann" }, "0.000000001"],
      [{ policy: "Per customer", subject: "" }, "3"],
    ]);
    expect(valuesOf("postern_policy_limit_usd")).toEqual([
      [{ policy: "Cap", subject: "" }, "10"],
      [{ policy: "Per user", subject: "ann" }, "10"],
    ]);
  });
});
