// Chooses what sees through the stream of an attempt: by its endpoint, its provider and its form.

import type { StreamForm } from "../formats/stream-form.ts";
import { createNativeTransform, createStreamTransform } from "../streaming/create-transform.ts";
import type { StreamTransform } from "../streaming/transform.ts";
import type { Answered } from "./attempt.ts";

/** What sees through the stream of an attempt. */
export function transformFor(
  { call, target, record, hideUsage, scrub }: Answered,
  form: StreamForm,
): StreamTransform {
  const { endpoint } = call;
  if (endpoint.native !== undefined)
    return createNativeTransform({ action: endpoint.native, form, requestId: record.id, scrub });
  return createStreamTransform({
    endpoint: endpoint.name,
    repair: target.provider.repair,
    hideUsage: hideUsage || (target.provider.repair && !call.asksUsage),
    requestId: record.id,
    model: target.model,
  });
}
