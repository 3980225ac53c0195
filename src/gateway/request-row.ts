// What is kept of a request: its record as a row of the store.

import type { End, Price } from "../exchange.ts";
import { type AttemptRow, NOBODY, type Profile, type RequestRow } from "../store/entry.ts";
import { type RequestRecord, roundedMs, withoutKeys } from "../telemetry/record.ts";
import { profileOf } from "./profile.ts";

/** The row of a request that ends now. `price` is the one its cost was computed by. */
export function requestRow(record: RequestRecord, end: End, price: Price | undefined): RequestRow {
  const { account, violated } = record;
  return {
    id: record.id,
    at: record.at ?? 0,
    profile: account?.reservation.entry.profile ?? callerProfile(record),
    price,
    format: record.format ?? "",
    endpoint: record.endpoint ?? "",
    requestedModel: withoutKeys(record.requestedModel),
    stream: record.stream,
    status: record.status,
    code: record.code,
    ended: end,
    attempts: attemptsOf(record, end),
    usage: record.usage,
    costNanoUsd: record.costNanoUsd ?? 0n,
    flags: record.flags,
    totalMs: roundedMs(record.totalMs()),
    firstByteMs: record.firstByteMs === undefined ? undefined : roundedMs(record.firstByteMs),
    overheadMs: roundedMs(record.overheadMs()),
    // Without an account and without a violation nobody has asked them.
    passed:
      account === undefined && violated.length === 0
        ? []
        : record.matched.filter((name) => !violated.includes(name)),
    violated,
    clientIp: record.clientIp,
    userAgent: record.userAgent,
    traceId: record.traceId,
  };
}

/** Who called, of a request that was refused before policies were asked. */
function callerProfile({ caller, target, matched }: RequestRecord): Profile {
  const key = caller?.key;
  if (key === undefined) return NOBODY;
  const profile = profileOf(key, target, []);
  return matched.length === 0 ? profile : { ...profile, policies: matched };
}

function attemptsOf(record: RequestRecord, end: End): readonly AttemptRow[] {
  const { account, target } = record;
  if (account?.sentAt === undefined || target === undefined) return [];
  return [
    {
      target: withoutKeys(target.id) ?? "",
      status: account.upstreamStatus,
      outcome: end,
      ms: roundedMs(record.now() - account.sentAt),
      costNanoUsd: record.costNanoUsd ?? 0n,
    },
  ];
}
