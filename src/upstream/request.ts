// Builds the one request that goes upstream for an attempt: address, headers, credential, body.

import { DIALECTS } from "../catalog/providers.ts";
import type { Origin, Provider } from "../exchange.ts";
import type { Endpoint } from "../formats/table.ts";
import { forwardedHeaders, HOP_HEADER } from "./headers.ts";
import { joinUrl, serverOf, withoutParameters } from "./url.ts";

export interface UpstreamRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly endpoint: Endpoint;
  /** Host and port that a connection is opened to. */
  readonly origin: Origin;
}

interface UpstreamAsk {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  /** Path below the provider's root, without a leading slash. */
  readonly path: string;
  /** The client's query string, with `?`, or empty. */
  readonly search: string;
  readonly clientHeaders: Headers;
  /** The client's own `Authorization`, where it pays instead of a credential of the provider; sent as it is. */
  readonly subscription?: string | undefined;
  /** What the provider's secret was exchanged for, where it has to be. */
  readonly accessToken?: string | undefined;
  /** Where the call runs, for providers with a server in each place. */
  readonly location?: string | undefined;
  /** Epoch milliseconds, for signatures. */
  readonly nowMs: number;
  readonly body: Uint8Array | undefined;
  /** Ids of the instances passed so far, this one included. */
  readonly hops: string;
}

/** The client's parameters that carry a virtual key. */
const CREDENTIAL_PARAMETERS = ["key"];

/** What Anthropic's API wants of every request; clients that do not say which version they speak get this one. */
export const ANTHROPIC_VERSION = { name: "anthropic-version", value: "2023-06-01" } as const;

/** Everything the client may send on, then what the provider adds; the provider's headers and credential win. */
export function buildRequest(ask: UpstreamAsk): UpstreamRequest {
  const { provider, endpoint, body } = ask;
  const { root, origin } = serverOf(provider, ask.location);
  const headers = forwardedHeaders(ask.clientHeaders, provider.forwardHeaders, provider.dialect);
  headers["accept-encoding"] = "identity";
  headers["user-agent"] ??= "postern";
  headers[HOP_HEADER] = ask.hops;
  if (provider.dialect === DIALECTS.anthropic) headers[ANTHROPIC_VERSION.name] ??= ANTHROPIC_VERSION.value;
  const search = pay(
    ask,
    headers,
    ask.search === "" ? "" : withoutParameters(ask.search, CREDENTIAL_PARAMETERS),
  );
  Object.assign(headers, provider.headers);
  const url = joinUrl(root, ask.path, search);
  // Last of all: what is signed may not change any more.
  if (provider.auth.kind === "sigv4")
    Object.assign(
      headers,
      provider.auth.signer.sign({ method: endpoint.method, url, headers, body }, ask.nowMs),
    );
  return { url, headers, body, endpoint, origin };
}

/** Puts what pays for the call into the headers, or into the query that is returned. */
function pay(ask: UpstreamAsk, headers: Record<string, string>, search: string): string {
  const { auth, credential, subscriptionLogins } = ask.provider;
  if (ask.subscription !== undefined && (auth.kind === "passthrough" || subscriptionLogins)) {
    headers["authorization"] = ask.subscription;
    return search;
  }
  if (auth.kind === "header" && credential !== undefined)
    headers[auth.header] = auth.prefix + credential.reveal();
  if (auth.kind === "google-service-account" && ask.accessToken !== undefined)
    headers["authorization"] = `Bearer ${ask.accessToken}`;
  if (auth.kind !== "query" || credential === undefined) return search;
  const kept = withoutParameters(search, [auth.parameter]);
  const own = `${encodeURIComponent(auth.parameter)}=${encodeURIComponent(credential.reveal())}`;
  return `${kept}${kept === "" ? "?" : "&"}${own}`;
}
