// Who calls, told from the head of a request; and whose credential goes upstream.

import { findKey } from "../auth/credential.ts";
import { isLocallyTrusted } from "../auth/local-trust.ts";
import { subscriptionAuthorization } from "../auth/subscription.ts";
import { requireLive } from "../auth/virtual-keys.ts";
import { GatewayError } from "../errors.ts";
import type { Caller, Place, Provider } from "../exchange.ts";
import type { Exchange } from "./incoming.ts";
import type { Snapshot } from "./snapshot.ts";

/** Who calls. @throws {GatewayError} `invalid_api_key`, `key_disabled`, `key_expired` */
export function authenticate({ request, search, place, peer, snapshot, nowMs }: Exchange): Caller {
  const found = findKey(request.headers, search, !ownsAuthorization(place, snapshot));
  if (found !== undefined) {
    const key = snapshot.keys.find(found.key, nowMs);
    if (key === undefined)
      throw new GatewayError(
        "invalid_api_key",
        "this API key is not known here; check it, or make one with `postern key new`",
      );
    requireLive(key, nowMs);
    return { key, carrier: found.carrier };
  }
  const { anonymous } = snapshot.keys;
  if (anonymous !== undefined && isLocallyTrusted(request.headers, peer, snapshot.server.trust)) {
    requireLive(anonymous, nowMs);
    return { key: anonymous, carrier: undefined };
  }
  throw new GatewayError(
    "invalid_api_key",
    "no API key; send one as `Authorization: Bearer <key>`, `x-api-key`, `api-key`, `x-goog-api-key` or `?key=`",
  );
}

/** Under `/providers/{name}` of a passthrough provider `Authorization` is the upstream's, never a virtual key. */
function ownsAuthorization(place: Place, snapshot: Snapshot): boolean {
  if (place.kind === "key" || place.scope.kind !== "provider") return false;
  return snapshot.directory.providers.get(place.scope.name)?.auth.kind === "passthrough";
}

/** The client's own `Authorization`, where the provider takes it in place of a credential of its own. */
export function subscriptionOf(
  { request, snapshot }: Exchange,
  { carrier }: Caller,
  { auth, subscriptionLogins }: Provider,
): string | undefined {
  const passthrough = auth.kind === "passthrough";
  if (!passthrough && !subscriptionLogins) return undefined;
  return subscriptionAuthorization(
    request.headers,
    carrier,
    { passthrough, subscriptionLogins },
    // A virtual key of this gateway never goes upstream, whether it is still accepted or not.
    (token) => snapshot.keys.find(token, Number.NEGATIVE_INFINITY) !== undefined,
  );
}
