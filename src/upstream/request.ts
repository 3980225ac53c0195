// Builds the one request that goes upstream for an attempt: address, headers, credential, body.

import type { Provider } from "../exchange.ts";
import type { Endpoint } from "../formats/table.ts";
import { forwardedHeaders, HOP_HEADER } from "./headers.ts";
import { joinUrl, withoutParameters } from "./url.ts";

export interface UpstreamRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly endpoint: Endpoint;
}

interface UpstreamAsk {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  /** Path below the provider's root, without a leading slash. */
  readonly path: string;
  /** The client's query string, with `?`, or empty. */
  readonly search: string;
  readonly clientHeaders: Headers;
  /** The client's own `Authorization`, where the provider wants it and it was not the virtual key. */
  readonly passedAuthorization: string | undefined;
  readonly body: Uint8Array | undefined;
  /** Ids of the instances passed so far, this one included. */
  readonly hops: string;
}

/** The client's parameters that carry a virtual key. */
const CREDENTIAL_PARAMETERS = ["key"];

/** Everything the client may send on, then what the provider adds; the provider's headers and credential win. */
export function buildRequest(ask: UpstreamAsk): UpstreamRequest {
  const { provider } = ask;
  const headers = forwardedHeaders(ask.clientHeaders, provider.forwardHeaders);
  headers["accept-encoding"] = "identity";
  headers["user-agent"] ??= "postern";
  headers[HOP_HEADER] = ask.hops;
  let search = ask.search === "" ? "" : withoutParameters(ask.search, CREDENTIAL_PARAMETERS);
  const { auth, credential } = provider;
  if (auth.kind === "header" && credential !== undefined)
    headers[auth.header] = auth.prefix + credential.reveal();
  if (auth.kind === "passthrough" && ask.passedAuthorization !== undefined)
    headers["authorization"] = ask.passedAuthorization;
  if (auth.kind === "query" && credential !== undefined) {
    search = withoutParameters(search, [auth.parameter]);
    search += `${search === "" ? "?" : "&"}${encodeURIComponent(auth.parameter)}=${encodeURIComponent(credential.reveal())}`;
  }
  Object.assign(headers, provider.headers);
  return { url: joinUrl(provider.root, ask.path, search), headers, body: ask.body, endpoint: ask.endpoint };
}
