// Compiles the spend policies and rate limits of a configuration.

import type {
  AppliesToConfig,
  Config,
  EachConfig,
  RateLimitConfig,
  SpendPolicyConfig,
} from "../config/schema.ts";
import { normaliseGatewayHeader } from "../lib/gateway-header.ts";
import { parseUsd } from "../lib/money.ts";
import { parseRate, type Rate, type RateWindow } from "../lib/rate.ts";
import type { Metric } from "../store/entry.ts";
import { type MatchRule, PolicyMatcher } from "./match.ts";
import type { Each, Meter, Policy, PolicySet } from "./policy.ts";
import { BREADTH, compileScope, type Scope } from "./scope.ts";
import { WindowMeter } from "./window-meter.ts";

/** All policies of a configuration that has passed its checks. */
export function compilePolicies(config: Pick<Config, "spend_policies" | "rate_limits">): PolicySet {
  const rules: MatchRule[] = [];
  for (const [name, settings] of Object.entries(config.spend_policies))
    rules.push(compileSpendPolicy(name, settings, rules.length));
  for (const [name, settings] of Object.entries(config.rate_limits))
    rules.push(compileRateLimit(name, settings, rules.length));
  return new PolicyMatcher(rules);
}

function compileSpendPolicy(name: string, settings: SpendPolicyConfig, order: number): MatchRule {
  const { window, timezone, overrides } = settings;
  const audience = compileAudience(settings);
  const { scope, each } = audience;
  const meters: Meter[] = [];
  const policy: Policy = {
    name,
    kind: "spend",
    enabled: settings.enabled,
    onBreach: settings.on_breach,
    status: settings.status,
    showAmounts: settings.show_amounts || audience.isPersonal,
    warnAt: Number.parseInt(settings.warn_at, 10),
    breadth: audience.breadth,
    order,
    each,
    meters,
    concerns: scope.concerns,
  };
  meters.push(
    new WindowMeter(policy, {
      metric: "usd",
      unit: window,
      timezone,
      shape: JSON.stringify([window, timezone, audience.text]),
      limit: parseUsd(settings.limit_usd),
      overrides: new Map(Object.entries(overrides).map(([subject, usd]) => [subject, parseUsd(usd)])),
      whoIs: audience.whoIs,
    }),
  );
  return { policy, scope, each };
}

function compileRateLimit(name: string, settings: RateLimitConfig, order: number): MatchRule {
  const audience = compileAudience(settings);
  const { scope, each } = audience;
  const meters: Meter[] = [];
  const policy: Policy = {
    name,
    kind: "rate",
    enabled: settings.enabled,
    onBreach: "block",
    status: 429,
    showAmounts: audience.isPersonal,
    warnAt: 100,
    breadth: audience.breadth,
    order,
    each,
    meters,
    concerns: scope.concerns,
  };
  const addMeter = (metric: Metric, unit: RateWindow | undefined, limit: number): void => {
    const shape = JSON.stringify([unit ?? null, audience.text]);
    const rest = { timezone: "UTC", overrides: NO_OVERRIDES, whoIs: audience.whoIs };
    meters.push(new WindowMeter(policy, { metric, unit, shape, limit: BigInt(limit), ...rest }));
  };
  for (const { per, count } of ratesOf(settings.requests)) addMeter("requests", per, count);
  for (const { per, count } of ratesOf(settings.tokens)) addMeter("tokens", per, count);
  if (settings.concurrent !== undefined) addMeter("concurrent", undefined, settings.concurrent);
  return { policy, scope, each };
}

const NO_OVERRIDES: ReadonlyMap<string, bigint> = new Map();

/** Each has a window of its own: the configuration is checked for that. */
function ratesOf(rates: string | readonly string[] | undefined): readonly Rate[] {
  return [rates ?? []].flat().map(parseRate);
}

/** Whom a policy counts, and in whose counter. */
interface Audience {
  readonly scope: Scope;
  readonly each: Each | undefined;
  readonly breadth: number;
  /** Whether its counters are those of single keys or users, or of some that are named. */
  readonly isPersonal: boolean;
  /** The part of the shape. */
  readonly text: string;
  readonly whoIs: (subject: string | undefined) => string;
}

function compileAudience({
  applies_to,
  each: settings,
}: {
  readonly applies_to?: AppliesToConfig;
  readonly each?: EachConfig;
}): Audience {
  const scope = compileScope(applies_to);
  const each = compileEach(settings);
  const kind = each?.kind === "header" ? each.name : each?.kind;
  return {
    scope,
    each,
    breadth: each === undefined ? scope.breadth : Math.max(scope.breadth, BREADTH[each.kind]),
    isPersonal: scope.isPersonal || kind === "key" || kind === "user",
    text: JSON.stringify([each?.kind === "header" ? { header: each.name } : (kind ?? null), scope.text]),
    whoIs: (subject) => (subject === undefined ? scope.who : `${kind} ${subject}`),
  };
}

function compileEach(settings: EachConfig | undefined): Each | undefined {
  if (settings === undefined) return undefined;
  if (typeof settings === "string") return { kind: settings };
  const { header, required } = settings;
  return { kind: "header", header, name: normaliseGatewayHeader(header) ?? header, required };
}
