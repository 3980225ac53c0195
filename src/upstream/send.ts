// Sends one request upstream. The only place that calls `fetch`; what comes of it is a value, never an exception.

import type { Origin, Provider } from "../exchange.ts";
import type { EndpointName } from "../formats/table.ts";
import type { Wheel } from "../lib/wheel.ts";
import { errorCode, type Reach, reasonOf } from "./reach.ts";
import type { UpstreamRequest } from "./request.ts";
import { AttemptTimers, type ReadTimers, type TimerName } from "./timers.ts";

/** What came of an attempt. `reached` = the request may have been written, so the upstream may have done the work. */
export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "unreachable"; readonly message: string; readonly reached: boolean }
  | { readonly kind: "timeout"; readonly timer: TimerName; readonly reached: boolean }
  | { readonly kind: "aborted"; readonly reached: boolean };

/** An answer whose body is still to be read. Whoever holds it calls `done` exactly once, whatever happens. */
export interface Reply {
  readonly response: Response;
  readonly timers: ReadTimers;
  /** The body was read to its end (`whole`), or given up. */
  readonly done: (whole: boolean) => void;
}

export interface Upstream {
  /**
   * Sends the request and waits for the answer's head. Aborting `control` closes the upstream's socket at once, until
   * the reply is done; a timer that runs out aborts it with a {@link TimeoutCause}.
   *
   * @param onSending called when the upstream is there and the request is about to be written
   */
  send(
    request: UpstreamRequest,
    provider: Provider,
    control: AbortController,
    onSending?: () => void,
  ): Promise<Outcome>;
}

/** The reason an attempt's controller is aborted with when one of its timers runs out. */
export class TimeoutCause {
  readonly timer: TimerName;

  constructor(timer: TimerName) {
    this.timer = timer;
  }
}

export interface UpstreamDeps {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  readonly reach: Reach;
  readonly wheel: Wheel;
}

/**
 * Counts the sockets that `fetch` presumably keeps open per origin. A POST on one that the other side has closed in
 * the meantime fails before any answer byte, through nobody's fault, and may be sent once more; one on a socket of its
 * own may not, because the upstream may have begun to work on it.
 */
class IdleSockets {
  readonly #open = new Map<string, number>();

  /** Takes a socket; true when it presumably was used before. */
  take(key: string): boolean {
    const count = this.#open.get(key) ?? 0;
    if (count > 0) this.#open.set(key, count - 1);
    return count > 0;
  }

  give(key: string): void {
    this.#open.set(key, Math.min(64, (this.#open.get(key) ?? 0) + 1));
  }

  forget(key: string): void {
    this.#open.delete(key);
  }
}

const RESET_CODES = new Set(["ECONNRESET", "EPIPE", "ConnectionClosed"]);

export function createUpstream(deps: UpstreamDeps): Upstream {
  const sockets = new IdleSockets();

  return {
    async send(request, provider, control, onSending) {
      const { signal } = control;
      const { local } = provider;
      const unreached =
        local === undefined
          ? await deps.reach.check(request.origin, provider.timeouts.connectMs, signal)
          : undefined;
      if (unreached?.kind === "timeout") return { kind: "timeout", timer: "connect", reached: false };
      if (unreached !== undefined) return { ...unreached, reached: false };
      const timers = new AttemptTimers(deps.wheel, provider.timeouts, (timer) => {
        control.abort(new TimeoutCause(timer));
      });
      const key = `${request.origin.host}:${request.origin.port}`;
      onSending?.();
      try {
        const response =
          local === undefined
            ? await fetchOnce(deps, sockets, key, request.url, fetchInit(request, provider, signal))
            : await local({ endpoint: commonName(request), body: request.body, signal });
        deps.reach.succeeded(request.origin);
        const done = (whole: boolean): void => {
          timers.stop();
          if (whole && !closesConnection(response)) sockets.give(key);
        };
        return { kind: "reply", reply: { response, timers, done } };
      } catch (error) {
        timers.stop();
        if (signal.reason instanceof TimeoutCause)
          return { kind: "timeout", timer: signal.reason.timer, reached: true };
        if (signal.aborted) return { kind: "aborted", reached: true };
        return {
          kind: "unreachable",
          message: fetchFailure(error, request.origin),
          reached: !neverSent(error),
        };
      }
    },
  };
}

/** A provider without a network has our endpoints only. */
function commonName({ endpoint }: UpstreamRequest): EndpointName {
  if (endpoint.native === undefined) return endpoint.name;
  throw new TypeError(`${endpoint.name} is not answered without a network`);
}

function closesConnection(response: Response): boolean {
  return /\bclose\b/i.test(response.headers.get("connection") ?? "");
}

async function fetchOnce(
  deps: UpstreamDeps,
  sockets: IdleSockets,
  key: string,
  url: string,
  init: BunFetchRequestInit,
): Promise<Response> {
  const reused = sockets.take(key);
  try {
    return await deps.fetch(url, init);
  } catch (error) {
    if (!reused || !RESET_CODES.has(errorCode(error)) || init.signal?.aborted === true) throw error;
    // Its siblings in the pool are presumably as stale: the second try gets a connection of its own.
    sockets.forget(key);
    return await deps.fetch(url, { ...init, keepalive: false });
  }
}

function fetchInit(request: UpstreamRequest, provider: Provider, signal: AbortSignal): BunFetchRequestInit {
  const init: BunFetchRequestInit & { timeout: false } = {
    method: request.endpoint.method,
    headers: request.headers,
    signal,
    // A redirect would carry the credential to wherever the upstream says.
    redirect: "manual",
    // Bun's own idle limit of five minutes; the provider's timers are the ones that count.
    timeout: false,
  };
  if (request.body !== undefined) init.body = request.body;
  // The file says where requests go, not a variable that happens to be set: `fetch` would obey HTTP_PROXY else.
  init.proxy = provider.httpProxy ?? false;
  if (provider.tls.ca !== undefined) init.tls = { ca: provider.tls.ca };
  if (provider.tls.insecure) init.tls = { rejectUnauthorized: false };
  return init;
}

/** Failures before a request byte can have been written. */
function neverSent(error: unknown): boolean {
  return /^(?:ECONNREFUSED|ENOTFOUND|EAI_|DNS_|EHOSTUNREACH|ENETUNREACH|.*CERT|.*TLS|.*SSL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|ERR_PROXY)/.test(
    errorCode(error),
  );
}

/** What is wrong with a certificate whose authority may well be known, by the code of the error. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another host name",
  HOSTNAME_MISMATCH: "it is for another host name",
};

const TLS_HINT = "set the provider's tls.ca_file if it uses a certificate authority of its own";

function fetchFailure(error: unknown, origin: Origin): string {
  const code = errorCode(error);
  if (/CERT|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH/.test(code))
    return `${origin.host}:${origin.port}: the TLS certificate was not accepted (${code}); ${CERTIFICATE_FAULTS[code] ?? TLS_HINT}`;
  return reasonOf(error, origin);
}
