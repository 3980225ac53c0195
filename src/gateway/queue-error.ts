// What a caller is told when a provider has as many calls under way as it may, and the queue for it is of no help.

import { GatewayError } from "../errors.ts";
import type { Admission } from "../upstream/slots.ts";

type Refusal = Exclude<Admission["kind"], "admitted" | "aborted">;

/** The error for a call that was not let in; it names the provider and the setting, and says when to try again. */
export function queueError(provider: string, refusal: Refusal): GatewayError {
  const reason = {
    max_queue: "its queue is full (`max_queue`)",
    queue_timeout: "none of them ended in time (`queue_timeout`)",
  }[refusal];
  return new GatewayError(
    "overloaded",
    `provider ${provider} has as many calls under way as its \`max_concurrent\` allows, and ${reason}; try again shortly`,
    { retryAfterSeconds: 1 },
  );
}
