// Gets what a provider's secret has to be exchanged for before a call can be made.

import type { Provider } from "../exchange.ts";
import type { Outcome } from "../upstream/send.ts";

type Access =
  | { readonly kind: "granted"; readonly token: string | undefined }
  | Exclude<Outcome, { kind: "reply" }>;

const NOTHING_NEEDED: Access = { kind: "granted", token: undefined };

/** The token for a call; what failed is a value, like any other way in which an upstream is not reached. */
export async function accessTo({ auth }: Provider, signal: AbortSignal): Promise<Access> {
  if (auth.kind !== "google-service-account") return NOTHING_NEEDED;
  const got = await auth.tokens.token(signal);
  if (got.ok) return { kind: "granted", token: got.token };
  if (got.aborted) return { kind: "aborted", reached: false };
  return { kind: "unreachable", message: got.message, reached: false };
}
