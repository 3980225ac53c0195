// Opens a request's account before anything goes upstream: policies are asked, what the call may cost is held.

import { GatewayError } from "../errors.ts";
import type { Call, Caller, Target } from "../exchange.ts";
import { usesHostedTools } from "../formats/hosted-tools.ts";
import { estimateCall, estimateCost } from "../policies/estimate.ts";
import type { Claim, Subject } from "../policies/policy.ts";
import { refusalOf } from "../policies/refuse.ts";
import { warningsOf } from "../policies/warn.ts";
import type { Hold, Refusal } from "../store/entry.ts";
import { Account } from "../telemetry/account.ts";
import { type RequestRecord, withoutKeys } from "../telemetry/record.ts";
import { profileOf } from "./profile.ts";
import type { Snapshot } from "./snapshot.ts";
import type { State } from "./state.ts";

/** A call that is about to be made, as far as its account is concerned. */
export interface Admitting {
  readonly call: Call;
  readonly target: Target | undefined;
  readonly publicName: string | undefined;
  readonly caller: Caller;
  readonly headers: Headers;
  /** The caller pays with a log-in of its own: the call is counted in usage, and not in spend. */
  readonly subscription: string | undefined;
  readonly record: RequestRecord;
}

/**
 * Holds what the call may cost, in every policy that matches or in none. The account is settled by the record's close,
 * whatever becomes of the request.
 *
 * @throws {GatewayError} `model_unpriced`, `budget_exceeded`, `rate_limited`, `store_unavailable`, `invalid_request`
 */
export async function admit(admitting: Admitting, snapshot: Snapshot, state: State): Promise<void> {
  const { call, target, record, caller } = admitting;
  const { policies, pricing } = snapshot;
  const { ledger } = state;
  const at = ledger.now();
  record.at = at;
  const subscribed = admitting.subscription !== undefined;
  const paid = call.endpoint.paid && !subscribed;
  const price = target === undefined || !paid ? undefined : pricing.priceOf(target, at);
  const estimate = estimateCall(
    call,
    target === undefined ? undefined : pricing.maxOutput(target),
    pricing.reserveOutput,
  );
  const claims = policies.isEmpty ? NO_CLAIMS : policies.match(subjectOf(admitting), at, paid);
  const profile = profileOf(caller.key, target, claims);
  record.matched = profile.policies;
  if (paid && price === undefined && target !== undefined && pricing.refusesUnpriced)
    throw unpriced(target, record);
  const heldNanoUsd = price === undefined ? 0n : estimateCost(estimate, price);
  const heldTokens = call.endpoint.paid ? estimate.inputTokens + estimate.outputTokens : 0;
  const amounts = { usd: heldNanoUsd, tokens: BigInt(heldTokens), requests: 1n, concurrent: 1n };
  const admission = await ledger.reserve({
    requestId: record.id,
    attempt: 1,
    at,
    profile,
    price,
    heldNanoUsd,
    heldTokens,
    holds: claims.map((claim) => holdOf(claim, amounts[claim.metric])),
  });
  if (admission.kind === "unavailable") throw unavailable(admission.reason);
  if (admission.kind === "refused") throw refused(claims, admission.refusals, amounts, at, record);
  const { reservation } = admission;
  record.account = new Account({
    reservation,
    price,
    priceOfAnswer: (model) =>
      target === undefined || !paid ? undefined : pricing.priceOfAnswer(target, model, at),
    estimate,
    paid: call.endpoint.paid,
    hostedTools: call.body !== undefined && usesHostedTools(call.endpoint, call.body, call.members),
    subscribed,
  });
  if (claims.length > 0) record.budgetWarning = warningsOf(claims, reservation.levels, heldNanoUsd);
}

const NO_CLAIMS: readonly Claim[] = [];

function subjectOf({ call, caller: { key }, target, publicName, headers }: Admitting): Subject {
  return {
    key: key.name,
    user: key.user,
    workspace: key.workspace,
    provider: target?.provider.name,
    target: target?.model === undefined ? namelessOf(call, target) : withoutKeys(target.id),
    publicName,
    headers,
  };
}

/** A call that leaves the model to the provider is judged as allowlists and prices do; a list of models is about none. */
function namelessOf({ endpoint }: Call, target: Target | undefined): string | undefined {
  return target !== undefined && endpoint.paid ? `${target.provider.name}/` : undefined;
}

/** What only counts or only warns never stands in the way. */
function holdOf({ policy, counter, limit, maxSubjects }: Claim, amount: bigint): Hold {
  if (!policy.enabled || policy.onBreach === "warn") return { counter, amount, limit: undefined };
  return maxSubjects === undefined ? { counter, amount, limit } : { counter, amount, limit, maxSubjects };
}

type Amounts = Readonly<Record<Claim["metric"], bigint>>;

function refused(
  claims: readonly Claim[],
  refusals: readonly Refusal[],
  amounts: Amounts,
  nowMs: number,
  record: RequestRecord,
): GatewayError {
  const violations = refusals.flatMap(({ hold, level, crowded }) => {
    const claim = claims[hold];
    return claim === undefined ? [] : [{ claim, level, crowded, amount: amounts[claim.metric] }];
  });
  record.violated = [...new Set(violations.map(({ claim }) => claim.policy.name))];
  return refusalOf(violations, nowMs);
}

function unpriced({ id }: Target, record: RequestRecord): GatewayError {
  record.flags = ["unpriced"];
  return new GatewayError(
    "model_unpriced",
    `${id} has no price, and \`pricing.unpriced: block\` refuses such models; add it to \`pricing.models\``,
  );
}

function unavailable(reason: string): GatewayError {
  return new GatewayError("store_unavailable", `the store cannot take this request: ${reason}; try again`, {
    retryAfterSeconds: 1,
  });
}
