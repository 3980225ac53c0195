// What changes in a body on its way to a target: the model, and the request for usage on a stream. Nothing else ever does.

import type { Call, Target } from "../exchange.ts";
import { applyEdits, type Edit, memberOf, setMember } from "../lib/json-edit.ts";
import { scanTopLevel } from "../lib/json-scan.ts";

interface EditedBody {
  readonly body: Uint8Array | undefined;
  /** Usage was asked for on the client's behalf: the extra chunk must not reach it. */
  readonly hideUsage: boolean;
}

/**
 * The body for one target. The same array as the call's when nothing changes.
 *
 * @param mayAskUsage false for a provider that refuses to be asked
 */
export function bodyFor(call: Call, target: Target, mayAskUsage = true): EditedBody {
  if (call.body === undefined) return { body: undefined, hideUsage: false };
  const edits: Edit[] = [];
  const isInBody = call.endpoint.native === undefined;
  if (isInBody && target.model !== undefined && target.model !== call.requestedModel)
    edits.push(setMember(call.members, "model", JSON.stringify(target.model)));
  const { stream, endpoint, asksUsage } = call;
  const hideUsage =
    mayAskUsage && stream && endpoint.usageOption && !asksUsage && target.provider.streamUsage;
  if (hideUsage) edits.push(askForUsage(call.body, call));
  return { body: applyEdits(call.body, edits), hideUsage };
}

/** Sets `stream_options.include_usage` and keeps the other stream options, byte for byte. */
function askForUsage(body: Uint8Array, call: Call): Edit {
  const options = memberOf(call.members, "stream_options");
  if (options === undefined || body[options.start] !== 0x7b)
    return setMember(call.members, "stream_options", '{"include_usage":true}');
  const text = Buffer.from(
    body.buffer,
    body.byteOffset + options.start,
    options.end - options.start,
  ).toString("latin1");
  const { start, end, text: json } = setMember(scanTopLevel(text), "include_usage", "true");
  return { start: options.start + start, end: options.start + end, text: json };
}
