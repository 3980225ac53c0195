// Decides whether a client's own `Authorization` goes upstream: callers who pay with a log-in of their own.

import type { Carrier } from "../exchange.ts";
import { bearerToken } from "./credential.ts";

/** What a provider says about credentials that are its callers' own. */
export interface OwnLogins {
  /** `auth: passthrough` */
  readonly passthrough: boolean;
  /** `subscription_logins: true` */
  readonly subscriptionLogins: boolean;
}

/** What the OAuth tokens of Anthropic's subscriptions begin with; API keys begin with `sk-ant-api`. */
const SUBSCRIPTION_TOKEN = "sk-ant-oat";

/**
 * The client's `Authorization`, as it is, where it is to be forwarded; the call then is subscription traffic, which
 * counts in usage and not in spend, and no credential of the provider's own goes with it. Undefined where the provider
 * takes none, where the virtual key came in that very header, and where the header holds any virtual key.
 *
 * With `subscriptionLogins` only a subscription's token is taken, and only beside a virtual key in `x-api-key`.
 */
export function subscriptionAuthorization(
  headers: Headers,
  carrier: Carrier | undefined,
  provider: OwnLogins,
  isVirtualKey: (token: string) => boolean,
): string | undefined {
  const header = headers.get("authorization");
  if (header === null || header === "" || carrier === "authorization") return undefined;
  const token = bearerToken(headers);
  if (token !== undefined && isVirtualKey(token)) return undefined;
  if (provider.passthrough) return header;
  const isLogin = token?.startsWith(SUBSCRIPTION_TOKEN) === true;
  return provider.subscriptionLogins && carrier === "x-api-key" && isLogin ? header : undefined;
}
