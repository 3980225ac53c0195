// Chooses who carries a request: the own HTTP/1.1 client where it can, `fetch` for everything else.

import type { Wheel } from "../../lib/wheel.ts";
import type { UpstreamResponse } from "./answer.ts";
import { Exchange } from "./exchange.ts";
import { TransportError } from "./failure.ts";
import { OriginPool } from "./pool.ts";
import { requestHead } from "./request-head.ts";

export type Transport = (url: string, init: BunFetchRequestInit) => Promise<UpstreamResponse>;

interface TransportDeps {
  /** For https, proxies, and requests that ask for something unusual. */
  readonly fetch: Transport;
  readonly wheel: Wheel;
}

/** What needs no rewriting in a path and a query; dots after a slash may be steps upwards. */
const PLAIN_TARGET = /^\/(?!\.)(?:[!$%&()*+,\-:;=?@_~0-9A-Za-z]|\.|\/(?!\.))*$/;
/** Encoded dots, and a query of nothing. */
const TO_BE_CHANGED = /%2e|\?$/i;
const METHODS_WITHOUT_BODY = new Set(["GET", "HEAD"]);

/**
 * `http://` without a proxy goes over connections of its own: kept alive, closed at once by the request's signal, and a
 * request that finds a reused one dead is sent once more. Rejects with {@link TransportError} then, which says whether a
 * byte of the request was written; the rest rejects as `fetch` does.
 */
export function createTransport({ fetch, wheel }: TransportDeps): Transport {
  const pools = new Map<string, OriginPool>();

  const poolOf = (origin: string): OriginPool | undefined => {
    let pool = pools.get(origin);
    if (pool !== undefined) return pool;
    const url = URL.parse(origin);
    // What is not written the way it is read is not ours.
    if (url?.origin !== origin) return undefined;
    pool = new OriginPool(withoutBrackets(url.hostname), url.port === "" ? 80 : Number(url.port), wheel);
    pools.set(origin, pool);
    return pool;
  };

  return (url, init) => {
    const body = bodyOf(init);
    const slash = url.indexOf("/", "http://".length);
    const target = slash < 0 ? "" : url.slice(slash);
    if (body === "other" || !isOurs(url, target, init)) return fetch(url, init);
    const pool = poolOf(url.slice(0, slash));
    if (pool === undefined) return fetch(url, init);
    const method = init.method ?? "GET";
    const length = body?.length ?? (METHODS_WITHOUT_BODY.has(method) ? undefined : 0);
    const host = url.slice("http://".length, slash);
    const headers = (init.headers ?? {}) as Readonly<Record<string, string>>;
    let head: string | undefined;
    try {
      head = requestHead(method, target, host, headers, length);
    } catch (error) {
      return Promise.reject(error);
    }
    if (head === undefined) return fetch(url, init);
    const signal = init.signal ?? undefined;
    if (signal?.aborted === true)
      return Promise.reject(new TransportError("ABORT_ERR", false, signal.reason));
    const request = { method, head, body, signal };
    return new Promise((resolve, reject) => pool.send(new Exchange(request, resolve, reject)));
  };
}

/** Plain HTTP without anything unusual, to a path that is written the way it is meant. */
function isOurs(url: string, target: string, init: BunFetchRequestInit): boolean {
  if (!url.startsWith("http://") || init.proxy !== false || init.redirect !== "manual") return false;
  if (init.tls !== undefined || init.unix !== undefined) return false;
  return PLAIN_TARGET.test(target) && !TO_BE_CHANGED.test(target);
}

function bodyOf({ body }: BunFetchRequestInit): Uint8Array | undefined | "other" {
  if (body === undefined || body === null) return undefined;
  return body instanceof Uint8Array ? body : "other";
}

function withoutBrackets(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
