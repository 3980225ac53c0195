// Policies as a configuration writes them, calls to match them with, and a ledger that says what it is told to.

import { loadConfig } from "../../../src/config/load.ts";
import { compilePolicies } from "../../../src/policies/compile-policies.ts";
import type { Claim, PolicySet, Subject } from "../../../src/policies/policy.ts";
import type { Violation } from "../../../src/policies/refuse.ts";
import type { CounterKey, Level } from "../../../src/store/entry.ts";

/** A Friday. */
export const NOW = Date.parse("2026-11-20T13:45:18Z");

/** What policies may name. */
const NAMED = `
providers: {demo: {type: mock}, openai: {type: mock}}
keys:
  alice-laptop: {secret: sk-alice, user: alice, workspace: research}
  a: {secret: sk-a, user: a, workspace: dev}
`;

/** Compiles the sections `spend_policies` and `rate_limits` of a file. */
export function policiesOf(yaml: string): PolicySet {
  const { config, problems } = loadConfig("-", { env: {}, stdin: NAMED + yaml });
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return compilePolicies(config);
}

/** One spend policy `P`: 2 dollars a day, unless the settings say otherwise. */
export function spendPolicy(settings: string): PolicySet {
  return policiesOf(`spend_policies: {P: {limit_usd: 2, window: day, ${settings}}}`);
}

export function rateLimit(settings: string): PolicySet {
  return policiesOf(`rate_limits: {R: {${settings}}}`);
}

/** Alice of research, at `openai/gpt-5` under the name `smart`. */
export function callOf(
  changes: Partial<Omit<Subject, "headers">> & { headers?: Record<string, string> } = {},
): Subject {
  return {
    key: "alice-laptop",
    user: "alice",
    workspace: "research",
    provider: "openai",
    target: "openai/gpt-5",
    publicName: "smart",
    ...changes,
    headers: new Headers(changes.headers),
  };
}

export function claimsOf(policies: PolicySet, changes: Parameters<typeof callOf>[0] = {}): readonly Claim[] {
  return policies.match(callOf(changes), NOW, true);
}

/** The only claim that a call of Alice's has. */
export function claimOf(policies: PolicySet, changes: Parameters<typeof callOf>[0] = {}): Claim {
  const [claim, ...others] = claimsOf(policies, changes);
  if (claim === undefined || others.length > 0) throw new Error(`${others.length} claims too many`);
  return claim;
}

export const usd = (dollars: number): bigint => BigInt(Math.round(dollars * 1e9));

export function violationOf(
  claim: Claim,
  spent: bigint,
  rest: Partial<Level & Pick<Violation, "amount" | "crowded">> = {},
): Violation {
  const { held = 0n, holders, amount = 1n, crowded = false } = rest;
  return { claim, level: { spent, held, holders }, amount, crowded };
}

/** A ledger whose counters stand as they were put. */
export class FakeLedger {
  readonly #levels = new Map<string, { counter: CounterKey; level: Level }>();

  put({ counter }: Claim, spent: bigint, held = 0n): this {
    this.#levels.set(counter.id, { counter, level: { spent, held } });
    return this;
  }

  now(): number {
    return NOW;
  }

  level(counter: CounterKey): Level {
    return this.#levels.get(counter.id)?.level ?? { spent: 0n, held: 0n };
  }

  counters(): Iterable<{ readonly counter: CounterKey; readonly level: Level }> {
    return this.#levels.values();
  }
}
