// The one list of errors Postern itself can answer with, and the one throwable that carries them.

interface ErrorRow {
  /** HTTP status of the answer. */
  readonly status: number;
  /** When it happens: the text of docs/errors.md. */
  readonly when: string;
  /** What the reader of the error can do about it: the text of docs/errors.md. */
  readonly remedy: string;
}

export const ERRORS = {
  invalid_request: {
    status: 400,
    when: "The body is not the JSON the endpoint needs: bad JSON, a missing, empty or doubled `model`, a wrong type.",
    remedy: "Correct the request; the message names the field.",
  },
  model_ambiguous: {
    status: 400,
    when: "A bare model id is offered by several providers.",
    remedy: "Send one of the full `provider/model` ids that the message lists.",
  },
  invalid_api_key: {
    status: 401,
    when: "No virtual key was sent, or one that is not in the configuration.",
    remedy: "Send a key made by `postern key new`, for example as `Authorization: Bearer <key>`.",
  },
  budget_exceeded: {
    status: 402,
    when: "A spend policy's limit is used up, or what this call may cost is more than is left. The status is the policy's.",
    remedy:
      "Wait for the time that the message names, lower the request's `max_tokens`, or raise the policy's limit.",
  },
  key_disabled: {
    status: 403,
    when: "The virtual key is switched off with `disabled: true`.",
    remedy: "Ask whoever runs the gateway, or use another key.",
  },
  key_expired: {
    status: 403,
    when: "The virtual key's `expires` has passed.",
    remedy: "Make a new key, or move `expires`.",
  },
  model_not_allowed: {
    status: 403,
    when: "A `models_allowed` list, or the provider's own `models`, does not allow the model.",
    remedy: "Use a model of `GET /v1/models`, or extend the list that the message names.",
  },
  provider_not_allowed: {
    status: 403,
    when: "A `providers_allowed` list does not allow the provider.",
    remedy: "Use another provider, or extend the list that the message names.",
  },
  forbidden: {
    status: 403,
    when: "The administration was asked for with a virtual key, with an admin key whose role does not reach so far, or with the random admin key from another machine.",
    remedy: "Send a key of `admin.keys` with the role that the message names, or set `admin.key`.",
  },
  model_unpriced: {
    status: 403,
    when: "`pricing.unpriced: block` is set, and the model has no price.",
    remedy: "Add the model to `pricing.models`.",
  },
  model_not_found: {
    status: 404,
    when: "No alias, public model or provider answers to this model id.",
    remedy: "Use one of the close names in the message, or declare the model.",
  },
  provider_not_found: {
    status: 404,
    when: "The path names a provider that is not configured.",
    remedy: "Check the name (it is URL-decoded once), or add the provider.",
  },
  not_found: { status: 404, when: "No such path.", remedy: "See the list of routes in docs/http.md." },
  method_not_allowed: {
    status: 405,
    when: "The path exists, but not with this method.",
    remedy: "Use the method of the `allow` header.",
  },
  body_timeout: {
    status: 408,
    when: "The request body was not complete within `server.body_timeout`.",
    remedy: "Send the body faster, or raise `server.body_timeout`.",
  },
  body_too_large: {
    status: 413,
    when: "The body is larger than `server.max_body`, compressed or decoded.",
    remedy: "Send less, or raise `server.max_body`.",
  },
  unsupported_encoding: {
    status: 415,
    when: "The request's `content-encoding` is not gzip, deflate, br, zstd or identity.",
    remedy: "Send the body uncompressed or in one of these encodings.",
  },
  unsupported_media_type: {
    status: 415,
    when: "A JSON endpoint was called without `content-type: application/json` (or `…+json`).",
    remedy: "Send the header.",
  },
  missing_credential: {
    status: 424,
    when: "The provider's secret is not set.",
    remedy: "Set the variable that the message names, or the provider's `api_key`.",
  },
  credential_rejected: {
    status: 424,
    when: "The upstream answered 401 or 403 to the provider's credential.",
    remedy: "Replace the provider's secret; the caller's virtual key was fine.",
  },
  upgrade_required: {
    status: 426,
    when: "A WebSocket upgrade was asked for; Postern speaks HTTP only.",
    remedy: "Send the request as an ordinary POST; clients such as Codex do so by themselves.",
  },
  rate_limited: {
    status: 429,
    when: "A rate limit is reached: requests, tokens, or calls at the same time.",
    remedy: "Try again after `retry-after`; lower `max_tokens` where the message says so.",
  },
  client_closed: { status: 499, when: "The client hung up. Seen in logs only.", remedy: "Nothing to do." },
  internal: {
    status: 500,
    when: "A fault of Postern's own.",
    remedy: "Look up the request id in the log; please report it.",
  },
  unsupported_endpoint: {
    status: 501,
    when: "The provider's `endpoints` do not name this endpoint, or the path below a provider is none.",
    remedy: "Use another provider, or add the endpoint to the provider's `endpoints`.",
  },
  upstream_unreachable: {
    status: 502,
    when: "The upstream could not be reached, or did not answer in HTTP (network, DNS, TLS, a redirect, a broken body).",
    remedy: "Check the provider's `base_url`, and whether the server is up.",
  },
  overloaded: {
    status: 503,
    when: "`server.max_buffered` or `server.max_connections` is used up, or a provider's `max_concurrent` and its queue are.",
    remedy: "Try again after `retry-after`; raise the limit if it happens often.",
  },
  no_healthy_target: {
    status: 503,
    when: "The gateway is stopping, or nothing is left to send the request to.",
    remedy: "Try again.",
  },
  store_unavailable: {
    status: 503,
    when: "The account of the call cannot be written: the store's disk is full, locked or read-only.",
    remedy: "Look at the log and at `/readyz`; the call was not sent.",
  },
  upstream_timeout: {
    status: 504,
    when: "One of the provider's `timeouts` ran out.",
    remedy: "The message names the timer; raise it, or ask the upstream's owner.",
  },
  loop_detected: {
    status: 508,
    when: "The request passed through this instance before: a provider's `base_url` leads back to it.",
    remedy: "Correct the provider's `base_url`.",
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

interface ErrorDetails {
  /** The request field at fault, for the `param` of the OpenAI envelope. */
  readonly param?: string;
  /** Whole seconds for `retry-after`; only where trying again can help. */
  readonly retryAfterSeconds?: number;
  /** The same in milliseconds, for `retry-after-ms`: at most a thousand times the seconds. */
  readonly retryAfterMs?: number;
  /** Trying again may help, although that is not so for other errors of this status. */
  readonly mayRetry?: boolean;
  /** Further response headers, lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A status in place of the code's own, where an upstream said better what happened; 400 to 599. */
  readonly status?: number | undefined;
  /** What went wrong underneath: for the log, never for the client. */
  readonly cause?: unknown;
}

/**
 * Ends a request with one row of {@link ERRORS}. The message is for the caller: it says what is wrong, where,
 * and what to do; it never holds a secret. Shaped for the client's format in http/error-response.ts alone.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "GatewayError";
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return this.details.status ?? ERRORS[this.code].status;
  }
}
