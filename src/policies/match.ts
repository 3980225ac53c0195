// Finds what a call has to pass: the policies that apply to it, and their counters in the current window.

import { GatewayError } from "../errors.ts";
import { readHeaderSubjects } from "./header-subjects.ts";
import type { Claim, Each, Policy, PolicySet, Subject } from "./policy.ts";
import type { Scope } from "./scope.ts";

/** A policy and what decides whether a call is under it. */
export interface MatchRule {
  readonly policy: Policy;
  readonly scope: Scope;
  readonly each: Each | undefined;
}

/** Callers may name models that nobody has heard of, so what is known about combinations is bounded. */
const MAX_KEPT = 10_000;

/** Longer values of headers are refused: each would have a counter of its own. */
const MAX_SUBJECT_LENGTH = 200;

/** What is known about calls of one key to one target under one name. */
interface Known {
  readonly user: string | undefined;
  readonly workspace: string | undefined;
  readonly provider: string | undefined;
  /** Rules that apply, headers aside. */
  readonly rules: readonly MatchRule[];
  /** Whether headers decide anything. */
  readonly readsHeaders: boolean;
  claims: Claims;
}

/** Claims that hold in [from, until). */
interface Claims {
  readonly all: readonly Claim[];
  /** Those of rate limits. */
  readonly unpaid: readonly Claim[];
  readonly from: number;
  readonly until: number;
}

const NONE_YET: Claims = { all: [], unpaid: [], from: 0, until: Number.NEGATIVE_INFINITY };

/** Lives as long as its configuration, and remembers what it has found. */
export class PolicyMatcher implements PolicySet {
  readonly all: readonly Policy[];
  readonly isEmpty: boolean;
  readonly #rules: readonly MatchRule[];
  /** Names of headers that any policy reads. */
  readonly #headerNames: ReadonlySet<string>;
  /** Key, then target, then public name. */
  readonly #known = new Map<string, Map<string | undefined, Map<string | undefined, Known>>>();
  #knownCount = 0;

  constructor(rules: readonly MatchRule[]) {
    this.all = rules.map(({ policy }) => policy);
    this.isEmpty = rules.length === 0;
    this.#rules = rules.toSorted(
      ({ policy: a }, { policy: b }) => a.breadth - b.breadth || a.order - b.order,
    );
    this.#headerNames = new Set(rules.flatMap(headerNamesOf));
  }

  match(subject: Subject, at: number, paid: boolean): readonly Claim[] {
    const known = this.#lookUp(subject);
    if (known.readsHeaders) return this.#matchHeaders(known, subject, at, paid);
    let { claims } = known;
    if (at < claims.from || at >= claims.until) {
      claims = claimsOf(known.rules, subject, at);
      // Not those of a request that began in an earlier window.
      if (claims.until > known.claims.until) known.claims = claims;
    }
    return paid ? claims.all : claims.unpaid;
  }

  #lookUp(subject: Subject): Known {
    const { key, target, publicName } = subject;
    const known = this.#known.get(key)?.get(target)?.get(publicName);
    const isSame =
      known !== undefined &&
      known.user === subject.user &&
      known.workspace === subject.workspace &&
      known.provider === subject.provider;
    return isSame ? known : this.#learn(subject);
  }

  #learn(subject: Subject): Known {
    const { key, target, publicName, user, workspace, provider } = subject;
    const rules = this.#rules.filter(
      ({ scope, each }) =>
        scope.covers(subject) &&
        (each === undefined || each.kind === "header" || subjectOf(each, subject) !== undefined),
    );
    const readsHeaders = rules.some((rule) => headerNamesOf(rule).length > 0);
    const known: Known = { user, workspace, provider, rules, readsHeaders, claims: NONE_YET };
    if (this.#knownCount++ >= MAX_KEPT) {
      this.#known.clear();
      this.#knownCount = 1;
    }
    childOf(childOf(this.#known, key), target).set(publicName, known);
    return known;
  }

  #matchHeaders(known: Known, subject: Subject, at: number, paid: boolean): readonly Claim[] {
    const values = readHeaderSubjects(subject.headers, this.#headerNames);
    const claims: Claim[] = [];
    for (const { policy, scope, each } of known.rules) {
      if (!paid && policy.kind === "spend") continue;
      if (scope.headers.some(({ name, value }) => values.get(name) !== value)) continue;
      const whom = each?.kind === "header" ? headerSubject(each, values, policy) : subjectOf(each, subject);
      if (each !== undefined && whom === undefined) continue;
      for (const meter of policy.meters) claims.push(meter.claim(whom, at));
    }
    return claims;
  }
}

function childOf<Key, Inner, Value>(map: Map<Key, Map<Inner, Value>>, key: Key): Map<Inner, Value> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const child = new Map<Inner, Value>();
  map.set(key, child);
  return child;
}

function headerNamesOf({ scope, each }: MatchRule): readonly string[] {
  const names = scope.headers.map(({ name }) => name);
  return each?.kind === "header" ? [...names, each.name] : names;
}

function claimsOf(rules: readonly MatchRule[], subject: Subject, at: number): Claims {
  const all = rules.flatMap(({ policy, each }) => {
    const whom = subjectOf(each, subject);
    return policy.meters.map((meter) => meter.claim(whom, at));
  });
  return {
    all,
    unpaid: all.filter(({ policy }) => policy.kind === "rate"),
    from: Math.max(Number.NEGATIVE_INFINITY, ...all.map(({ counter }) => counter.start)),
    until: Math.min(Number.POSITIVE_INFINITY, ...all.map(({ counter }) => counter.end)),
  };
}

/** Whose counter a call is counted in, headers aside. */
function subjectOf(each: Each | undefined, subject: Subject): string | undefined {
  switch (each?.kind) {
    case "key":
      return subject.key;
    case "user":
      return subject.user;
    case "workspace":
      return subject.workspace;
    case "provider":
      return subject.provider;
    case "model":
      return subject.target;
    case "header":
    case undefined:
      return undefined;
  }
}

function headerSubject(
  { header, name, required }: Each & { kind: "header" },
  values: ReadonlyMap<string, string>,
  policy: Policy,
): string | undefined {
  const value = values.get(name);
  if (value === undefined && required && policy.enabled)
    throw new GatewayError(
      "invalid_request",
      `The request lacks the header ${header}: policy ${policy.name} counts each of its values; send it.`,
    );
  if (value !== undefined && value.length > MAX_SUBJECT_LENGTH)
    throw new GatewayError(
      "invalid_request",
      `The header ${header} is longer than ${MAX_SUBJECT_LENGTH} characters, which is what policy ${policy.name} counts by; send a shorter value.`,
    );
  return value;
}
