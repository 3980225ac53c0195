// The values that flow through a request: who calls, what is asked, where it goes, how it ended.

import type { GatewayError } from "./errors.ts";
import type { Endpoint, EndpointName, Family, OfferedName } from "./formats/table.ts";
import type { TopLevel } from "./lib/json-scan.ts";
import type { Secret } from "./lib/secret.ts";

/** A virtual key with everything its owner's name adds, compiled from the configuration; immutable. */
export interface VirtualKey {
  readonly name: string;
  readonly user: string | undefined;
  readonly workspace: string | undefined;
  /** Public names and `provider/model` ids that only this key's caller sees under another name. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Lists that must all allow, broadest first. */
  readonly access: AccessRules;
  /** Epoch milliseconds from which the key is refused; undefined = never. */
  readonly expiresAt: number | undefined;
  readonly disabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** One allowlist and where it stands, so that a refusal can name it. */
export interface AccessRule {
  /** For the reader of a refusal: `organization`, `workspace research`, `user alice`, `key alice-laptop`. */
  readonly owner: string;
  readonly patterns: readonly string[];
  readonly allows: (names: readonly string[]) => boolean;
}

export interface AccessRules {
  readonly models: readonly AccessRule[];
  readonly providers: readonly AccessRule[];
}

/** The other end of the connection. */
export interface Peer {
  /** IP address; undefined on a unix socket. */
  readonly address: string | undefined;
}

/** The places a virtual key may stand in. */
export type Carrier = "x-api-key" | "api-key" | "x-goog-api-key" | "query" | "authorization";

/** Whoever a request's key belongs to. */
export interface Caller {
  readonly key: VirtualKey;
  /** Where in the request the key stood; undefined for anonymous callers. */
  readonly carrier: Carrier | undefined;
}

/** Where a connection is opened to. */
export interface Origin {
  readonly host: string;
  readonly port: number;
}

/** How a provider's credential is put on an upstream request. */
export type UpstreamAuth =
  | { readonly kind: "none" }
  | { readonly kind: "passthrough" }
  | { readonly kind: "header"; readonly header: string; readonly prefix: string }
  | { readonly kind: "query"; readonly parameter: string }
  | { readonly kind: "google-service-account"; readonly tokens: TokenSource }
  | { readonly kind: "sigv4"; readonly signer: RequestSigner };

/** Access tokens that are exchanged for a longer-lived secret, and shared while they are valid. */
export interface TokenSource {
  /** `aborted` = the signal ended the wait; the message never holds key material. */
  token(
    signal: AbortSignal,
  ): Promise<
    | { readonly ok: true; readonly token: string }
    | { readonly ok: false; readonly message: string; readonly aborted: boolean }
  >;
  /** Tokens that may still be in use, for whoever takes secrets out of texts. */
  known(): readonly string[];
}

/** Signs whole requests with a secret that is never sent. */
export interface RequestSigner {
  /** The headers to add; nothing that is signed may change afterwards. Names are lower case; epoch milliseconds. */
  sign(
    request: {
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array | undefined;
    },
    nowMs: number,
  ): Record<string, string>;
}

/** Whose paths and bodies a provider's native path carries. */
export type Dialect = "openai" | "anthropic" | "gemini" | "vertex" | "bedrock";

/** Where on Vertex AI calls may run; the first of each is used where a path names none. */
export interface VertexPlaces {
  /** Empty only where the credential that names one is missing. */
  readonly projects: readonly string[];
  readonly locations: readonly string[];
  /** By location where each has a server of its own; empty with a `base_url`, which is the server of all. */
  readonly servers: ReadonlyMap<string, Server>;
}

/** Where requests of a provider go. */
export interface Server {
  /** Root that paths are appended to, without a trailing slash. */
  readonly root: string;
  /** Host and port that a connection is opened to: the server's, or its proxy's. */
  readonly origin: Origin;
}

/** Milliseconds; 0 = no limit. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** How many calls a provider takes at the same time, and how others wait for their turn. */
export interface Concurrency {
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  /** 0 = no limit. */
  readonly queueTimeoutMs: number;
}

/** A configured upstream account, compiled; immutable. */
export interface Provider {
  readonly name: string;
  readonly type: string;
  readonly dialect: Dialect;
  /** Undefined unless the dialect is Vertex AI's. */
  readonly places: VertexPlaces | undefined;
  /** Callers may pay with a log-in of their own (`subscription_logins`). */
  readonly subscriptionLogins: boolean;
  /** Root that endpoint paths are appended to, without a trailing slash; empty for the mock provider. */
  readonly root: string;
  readonly auth: UpstreamAuth;
  readonly credential: Secret | undefined;
  /** What to set when the credential is missing: `OPENAI_API_KEY`, or `api_key` of the provider. */
  readonly credentialName: string;
  readonly pin: string | undefined;
  /** Allowlist of upstream ids; undefined = all. */
  readonly models: AccessRule | undefined;
  /** Ids of that list that are plain names, not patterns: what `/v1/models` shows. */
  readonly declared: readonly string[];
  readonly endpoints: ReadonlySet<OfferedName>;
  /** Added to every upstream request; they win over the client's. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further request headers to let through, lower case. */
  readonly forwardHeaders: readonly string[];
  readonly timeouts: Timeouts;
  /** Undefined = any number of calls at the same time. */
  readonly concurrency: Concurrency | undefined;
  readonly tls: { readonly ca: string | undefined; readonly insecure: boolean };
  readonly httpProxy: string | undefined;
  /** Host and port that a connection is opened to: the upstream's, or its proxy's. */
  readonly origin: Origin;
  /** Whether usage may be asked for on streams with `stream_options.include_usage`. */
  readonly streamUsage: boolean;
  /** Whether drift from the specification is repaired: OpenAI-compatible servers, unless `normalize` says otherwise. */
  readonly repair: boolean;
  /** Answers requests itself, without a network: the mock provider. */
  readonly local: ((request: LocalRequest) => Promise<Response>) | undefined;
}

/** What a provider without a network is asked. */
export interface LocalRequest {
  readonly endpoint: EndpointName;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** Provider and upstream model. */
export interface Target {
  readonly provider: Provider;
  /** The upstream's own id; undefined where the client may leave it out and nothing fixes it. */
  readonly model: string | undefined;
  /** `provider/model`, or the provider's name alone where there is no model. */
  readonly id: string;
}

/** Where a request may go: ordered targets, and the public name it was reached by. */
export interface Route {
  readonly publicName: string | undefined;
  readonly targets: readonly Target[];
}

/** Where below the gateway's routes a request stands. */
export type Scope =
  | { readonly kind: "unified" }
  | { readonly kind: "provider"; readonly name: string }
  | { readonly kind: "model"; readonly name: string };

/** What a path means, before anything else of the request is looked at. */
export type Place =
  | {
      readonly kind: "endpoint";
      readonly endpoint: Endpoint;
      readonly scope: Scope;
      /** The rest of `models/{id}`, decoded. */
      readonly modelId: string | undefined;
      /** What a provider's own path fixes; undefined on paths of ours. */
      readonly native?: NativePlace;
      readonly below?: Below;
    }
  | { readonly kind: "key" }
  | {
      readonly kind: "problem";
      readonly family: Family;
      readonly error: GatewayError;
      /** Set where the path names a provider or model all the same: that it exists is looked at first. */
      readonly scope: Scope;
      readonly below?: Below;
    };

/** What stands below a provider's root: it may be a path of the provider's own, which only its dialect can read. */
export interface Below {
  readonly method: string;
  /** As sent, still encoded. */
  readonly segments: readonly string[];
  /** Whether the client wants to leave HTTP for a WebSocket. */
  readonly upgrade: boolean;
}

/** What a provider's own path says. */
export interface NativePlace {
  /** Decoded and checked; undefined where the body names it. */
  readonly model: string | undefined;
  /** Whether it asks for a stream; undefined where the body says so. */
  readonly stream: boolean | undefined;
  /** On Vertex AI, where the call is to run; undefined = where the provider says. */
  readonly vertex: { readonly project: string; readonly location: string } | undefined;
  /** The path to forward, without a leading slash, for an upstream's id of a model. */
  pathFor(model: string | undefined, vertex: { readonly project: string; readonly location: string }): string;
}

/** What one million tokens cost, in nano-dollars (1 USD per million = 1,000,000,000). A missing rate is filled in. */
export interface Rates {
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead: bigint;
  /** Written to the prompt cache for five minutes, and where no lifetime is known. */
  readonly cacheWrite: bigint;
  readonly cacheWrite1h: bigint;
  readonly audioInput: bigint;
  readonly audioOutput: bigint;
}

/** The price of a model, as it was when a call was reserved. */
export interface Price extends Rates {
  readonly source: "config" | "bundled";
  /** The pattern of the file, or the `provider/model` of the bundled table, that gave it. */
  readonly match: string;
  /** Nano-dollars for the request itself. */
  readonly request: bigint;
  /** Other rates for the whole call where its input has more tokens than this; ascending. */
  readonly tiers: readonly ({ readonly above: number } & Rates)[];
}

/** A request as read: deeply read-only, so every attempt starts from the original. */
export interface Call {
  readonly endpoint: Endpoint;
  /** Decoded body; undefined for GET. Never altered: editing makes a new one. */
  readonly body: Uint8Array | undefined;
  /** Where the members of that body stand. */
  readonly members: TopLevel;
  /** `model` as the client sent it; undefined = absent or not a string. */
  readonly requestedModel: string | undefined;
  readonly stream: boolean;
  /** Whether the client asked for usage on its stream. */
  readonly asksUsage: boolean;
}

/** How a request ended. */
export type End = "completed" | "client_closed" | "upstream_error" | "timeout" | "refused" | "interrupted";
