// The end of a request's account: what it cost is booked exactly once, and its row is kept.

import type { End } from "../exchange.ts";
import { type Charge, chargeOf } from "../policies/charge.ts";
import type { Flag, RequestRow } from "../store/entry.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Account } from "../telemetry/account.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { requestRow } from "./request-row.ts";

/**
 * Settles or releases what the request holds, and hands its row to the ledger. Called by the record's close, which runs
 * once on every way out. Callers that could not say who they are leave no row.
 */
export function closeAccount(record: RequestRecord, end: End, ledger: Ledger): void {
  const { account } = record;
  if (account === undefined) {
    if (record.caller === undefined) return;
    record.at ??= ledger.now();
    const row = requestRow(record, end, undefined);
    ledger.note(() => row);
    return;
  }
  const { answerModel } = account;
  const price = account.price ?? (answerModel === undefined ? undefined : account.priceOfAnswer(answerModel));
  const charge = chargeOf({
    price,
    paid: account.paid,
    estimate: account.estimate,
    usage: record.usage,
    complete: account.complete,
    status: account.upstreamStatus,
    textBytes: account.textBytes,
    sentMsAgo: account.sentAt === undefined ? 0 : record.now() - account.sentAt,
    reached: account.reached,
  });
  if (charge.kind === "release" && !account.reached) {
    const row = requestRow(record, end, price);
    void ledger.release(account.reservation, end === "refused", () => row);
    return;
  }
  const { costNanoUsd, usage, tokens } = charge.kind === "release" ? NOTHING : charge;
  const flags = flagsOf(charge, account);
  record.usage = usage;
  record.costNanoUsd = costNanoUsd;
  record.flags = flags;
  const row = requestRow(record, end, price);
  const settlement = { costNanoUsd, usage, tokens, flags, status: record.status, row: (): RequestRow => row };
  void ledger.settle(account.reservation, settlement);
}

/** What a log-in of the caller's own pays for has no price here, and needs none. */
function flagsOf(charge: Charge, { subscribed, hostedTools }: Account): readonly Flag[] {
  const flags = charge.kind === "release" ? [] : charge.flags;
  if (subscribed) return [...flags.filter((flag) => flag !== "unpriced"), "subscription"];
  // What the tools cost is not in the usage.
  return hostedTools && charge.kind === "settle" && !flags.includes("unpriced")
    ? [...flags, "unpriced"]
    : flags;
}

/** An upstream that was called and answered with an error: the call counts, and costs nothing. */
const NOTHING: Omit<Extract<Charge, { kind: "settle" }>, "kind"> = {
  costNanoUsd: 0n,
  usage: undefined,
  tokens: 0,
  flags: [],
};
