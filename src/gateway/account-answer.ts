// What an answer has cost: as it says itself, else what can be counted in it.

import { readAnswerModel, readAnswerText } from "../formats/answer-text.ts";
import { readBodyUsage } from "../formats/body-usage.ts";
import { topMembers } from "../formats/native-members.ts";
import { readNativeUsage } from "../formats/native-usage.ts";
import { readTailUsage } from "../formats/tail-usage.ts";
import type { Usage } from "../formats/usage.ts";
import { isRecord } from "../lib/json-value.ts";
import type { StreamTransform } from "../streaming/transform.ts";
import { type Answered, noteReportedError } from "./attempt.ts";

/** Takes note of an answer that has come whole. */
export function accountFor(answered: Answered, body: Uint8Array): void {
  const { call, record, reply } = answered;
  record.usage = usageIn(answered, body);
  const { account } = record;
  if (account === undefined) return;
  account.complete = true;
  if (!reply.response.ok) return;
  if (record.usage === undefined && call.endpoint.native !== undefined) noteNativeError(answered, body);
  // Counts that no answer has are as good as none.
  if (record.usage === undefined || record.usage.doubt !== undefined)
    account.textBytes = textBytes(answered, body);
  if (account.price === undefined && call.endpoint.paid) account.answerModel = readAnswerModel(body);
}

/** The same for one that was too long to be held, by its last bytes. */
export function accountForLong({ call, record, reply }: Answered, tail: Buffer<ArrayBuffer>): void {
  record.usage = readTailUsage(call.endpoint, tail, reply.response.headers);
  if (record.account !== undefined) record.account.complete = true;
}

/** What a stream has cost so far. */
export function accountForStream(answered: Answered, transform: StreamTransform, complete: boolean): void {
  const { record } = answered;
  const { usage, textBytes, answerModel, failure } = transform;
  if (failure?.beforeContent === true) noteReportedError(answered, failure.status);
  record.usage = usage;
  if (record.account === undefined) return;
  record.account.complete = complete;
  record.account.textBytes = textBytes;
  record.account.answerModel = answerModel;
}

/** An error in a provider's own format that came behind a 200: nothing was done for it. */
function noteNativeError(answered: Answered, body: Uint8Array): void {
  const { error } = topMembers(body, ["error"]);
  if (!isRecord(error)) return;
  const code = error["code"];
  noteReportedError(answered, typeof code === "number" && code >= 400 && code < 600 ? code : undefined);
}

function usageIn({ call, reply }: Answered, body: Uint8Array): Usage | undefined {
  const { endpoint } = call;
  if (endpoint.native === undefined) return readBodyUsage(endpoint.name, body);
  return readNativeUsage(endpoint.native, body, reply.response.headers);
}

/** Nobody knows what all the models say in their own words: of an answer that may have text, all of it counts. */
function textBytes({ call, record }: Answered, body: Uint8Array): number {
  const { endpoint } = call;
  if (endpoint.native === undefined) return readAnswerText(endpoint.name, body);
  return record.account?.estimate.outputTokens === 0 ? 0 : body.byteLength;
}
