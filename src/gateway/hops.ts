// Notices a request that comes back to the instance that sent it, before it goes round for ever.

import { GatewayError } from "../errors.ts";
import { HOP_HEADER } from "../upstream/headers.ts";

/** A chain of more instances than this is taken for a loop. */
const MAX_HOPS = 16;

/**
 * The ids of the instances passed, this one added: the value to send on.
 *
 * @throws {GatewayError} `loop_detected`
 */
export function passHop(headers: Headers, instanceId: string): string {
  const passed = headers.get(HOP_HEADER);
  if (passed === null) return instanceId;
  const hops = passed.split(",").map((hop) => hop.trim());
  if (hops.includes(instanceId) || hops.length >= MAX_HOPS)
    throw new GatewayError(
      "loop_detected",
      "this request has passed this gateway before; a provider's base_url leads back to the gateway itself",
    );
  return `${passed}, ${instanceId}`;
}
