// Exchanges a Google service account for access tokens: one exchange at a time, renewed before the token ends.

import type { TokenSource } from "../../exchange.ts";
import { isRecord, parseJson } from "../../lib/json-value.ts";
import { loadCrypto } from "../../lib/late-builtins.ts";
import type { ServiceAccount } from "../../lib/service-account.ts";

export interface TokenDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const LONGEST_LIFE_S = 3600;

/** So long before its end a token is renewed while it still serves, but not before four fifths of its life. */
const RENEW_AHEAD_MS = 300_000;

/** A token that ends within this time may be over when it arrives, and is not handed out any more. */
const LAST_SECONDS_MS = 10_000;

/** After a renewal that failed, the next one waits for so long. */
const RENEW_PAUSE_MS = 10_000;

const EXCHANGE_TIMEOUT_MS = 10_000;

interface Held {
  readonly token: string;
  readonly renewAt: number;
  readonly usableUntil: number;
}

type Exchanged = { readonly held: Held } | { readonly message: string };

/**
 * The tokens of one account; a signal ends the wait of its caller, never the exchange itself. Why there is none is a
 * text for the caller, without any part of key, assertion or token.
 * Nothing is asked for before the first call, and nothing while nobody calls.
 */
export function createServiceAccountTokens(account: ServiceAccount, deps: TokenDeps): TokenSource {
  let current: Held | undefined;
  let previous: Held | undefined;
  let running: Promise<Exchanged> | undefined;
  let notBefore = 0;

  const start = (): Promise<Exchanged> => {
    running ??= exchange(account, deps).then((result) => {
      running = undefined;
      if ("held" in result) [previous, current] = [current, result.held];
      else notBefore = deps.now() + RENEW_PAUSE_MS;
      return result;
    });
    return running;
  };

  return {
    async token(signal) {
      const now = deps.now();
      if (current !== undefined && now < current.usableUntil) {
        if (now >= current.renewAt && now >= notBefore) void start();
        return { ok: true, token: current.token };
      }
      const result = signal.aborted ? undefined : await untilAborted(start(), signal);
      if (result === undefined)
        return { ok: false, message: "the client left before there was an access token", aborted: true };
      if ("message" in result) return { ok: false, message: result.message, aborted: false };
      return { ok: true, token: result.held.token };
    },
    known: () => [current, previous].flatMap((held) => (held === undefined ? [] : [held.token])),
  };
}

/** One exchange; whatever goes wrong is a value. */
async function exchange(account: ServiceAccount, { fetch, now }: TokenDeps): Promise<Exchanged> {
  const startedAt = now();
  const body = new URLSearchParams({ grant_type: GRANT, assertion: assertionOf(account, startedAt) });
  try {
    const response = await fetch(account.tokenUri, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: body.toString(),
      redirect: "manual",
      signal: AbortSignal.timeout(EXCHANGE_TIMEOUT_MS),
    });
    const value = parseJson(await response.text());
    return response.ok ? readToken(value, startedAt) : { message: refusal(response.status, value) };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const reason = late ? `did not answer within ${EXCHANGE_TIMEOUT_MS / 1000} s` : "could not be reached";
    return { message: `the token endpoint of the service account ${reason} (${hostOf(account)})` };
  }
}

/** The signed assertion of RFC 7523 that an access token is asked for with. */
function assertionOf({ email, keyId, tokenUri, privateKey }: ServiceAccount, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1000);
  const header = { alg: "RS256", typ: "JWT", ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: email, scope: SCOPE, aud: tokenUri, iat: issuedAt, exp: issuedAt + LONGEST_LIFE_S };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const text = signed.join(".");
  const signature = loadCrypto().sign("sha256", Buffer.from(text), privateKey);
  return `${text}.${signature.toString("base64url")}`;
}

/** The life of a token counts from before the request: so it is never thought longer than it is. */
function readToken(value: unknown, startedAt: number): Exchanged {
  const token = isRecord(value) ? value["access_token"] : undefined;
  if (!isRecord(value) || typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token))
    return { message: "the token endpoint of the service account answered without an access token" };
  const seconds = Number(value["expires_in"] ?? LONGEST_LIFE_S);
  const lifeMs = (seconds > 0 ? Math.min(seconds, LONGEST_LIFE_S) : 0) * 1000;
  const end = startedAt + lifeMs;
  return {
    held: {
      token,
      renewAt: end - Math.min(RENEW_AHEAD_MS, lifeMs / 5),
      usableUntil: end - Math.min(LAST_SECONDS_MS, lifeMs / 10),
    },
  };
}

/** The codes of RFC 6749 section 5.2. No other word of the endpoint is repeated: it might repeat the assertion. */
const KNOWN_CODES: Readonly<Record<string, string>> = {
  invalid_grant: "invalid_grant: the key is revoked, the account disabled, or this machine's clock is wrong",
  invalid_client: "invalid_client",
  invalid_request: "invalid_request",
  invalid_scope: "invalid_scope: the account may not use cloud-platform",
  unauthorized_client: "unauthorized_client",
  unsupported_grant_type: "unsupported_grant_type",
};

function refusal(status: number, value: unknown): string {
  const code = isRecord(value) ? value["error"] : undefined;
  const known = typeof code === "string" && Object.hasOwn(KNOWN_CODES, code) ? ` (${KNOWN_CODES[code]})` : "";
  return `the token endpoint of the service account answered with status ${status}${known}`;
}

function hostOf({ tokenUri }: ServiceAccount): string {
  return new URL(tokenUri).host;
}

/** The result, or undefined when the signal, which has not fired yet, comes first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const hangUp = (): void => resolve(undefined);
  signal.addEventListener("abort", hangUp);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", hangUp);
  }
}
