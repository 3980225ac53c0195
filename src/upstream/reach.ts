// Finds out whether an origin can be connected to at all, within `timeouts.connect`, before a request is handed to it.

import type { Origin } from "../exchange.ts";
import { isForbiddenAddress } from "../lib/address.ts";

/** Reaching out to the network, handed in so that tests need none. */
export interface Network {
  /** Every address of a host name; rejects when it has none. */
  lookup(host: string): Promise<readonly string[]>;
  /** Opens and closes a TCP connection; rejects when that fails. */
  connect(address: string, port: number, signal: AbortSignal): Promise<void>;
  now(): number;
}

/** Why an origin was not reached; `undefined` stands for "it was". */
export type ReachFailure =
  | { readonly kind: "unreachable"; readonly message: string }
  | { readonly kind: "timeout" }
  | { readonly kind: "aborted" };

export interface Reach {
  /**
   * `undefined` at once when the origin answered within the last ten seconds; otherwise the result of a plain TCP
   * connection, which is what a connect timer can be measured with.
   */
  check(
    origin: Origin,
    timeoutMs: number,
    signal: AbortSignal,
  ): undefined | Promise<ReachFailure | undefined>;
  /** The origin has answered just now. */
  succeeded(origin: Origin): void;
}

/** An origin that has not answered for this long is connected to before the next request. */
const TRUSTED_FOR_MS = 10_000;

export function createReach(network: Network): Reach {
  const answeredAt = new Map<string, number>();
  const keyOf = (origin: Origin): string => `${origin.host}:${origin.port}`;

  const probe = async (
    origin: Origin,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ReachFailure | undefined> => {
    if (signal.aborted) return { kind: "aborted" };
    const clock = new AbortController();
    const timer = timeoutMs > 0 ? setTimeout(() => clock.abort(), timeoutMs) : undefined;
    const hangUp = (): void => clock.abort();
    signal.addEventListener("abort", hangUp);
    try {
      const addresses = await untilAborted(network.lookup(origin.host), clock.signal);
      const forbidden = addresses.find(isForbiddenAddress);
      if (forbidden !== undefined)
        return {
          kind: "unreachable",
          message: `${origin.host} resolves to a link-local or metadata address, which is never called`,
        };
      await connectToAny(network, addresses, origin, clock.signal);
      answeredAt.set(keyOf(origin), network.now());
      return undefined;
    } catch (error) {
      if (signal.aborted) return { kind: "aborted" };
      if (clock.signal.aborted) return { kind: "timeout" };
      return { kind: "unreachable", message: reasonOf(error, origin) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", hangUp);
      // Ends the connections that are still being opened to other addresses.
      clock.abort();
    }
  };

  return {
    check(origin, timeoutMs, signal) {
      const last = answeredAt.get(keyOf(origin));
      if (last !== undefined && network.now() - last < TRUSTED_FOR_MS) return undefined;
      return probe(origin, timeoutMs, signal);
    },
    succeeded(origin) {
      answeredAt.set(keyOf(origin), network.now());
    },
  };
}

/** All at once: an address that does not answer must not use up the time of those that do. */
async function connectToAny(
  network: Network,
  addresses: readonly string[],
  origin: Origin,
  signal: AbortSignal,
): Promise<void> {
  if (addresses.length === 0) throw new Error("it has no address");
  const tries = addresses.map((address) =>
    untilAborted(network.connect(address, origin.port, signal), signal),
  );
  try {
    await Promise.any(tries);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(new Error("aborted"));
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error("aborted"));
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ECONNRESET: "the connection was reset",
  EPROTO: "the TLS handshake failed; if the server speaks plain HTTP, begin base_url with http://",
  ERR_PROXY_TUNNEL: "this proxy (`http_proxy`) did not open a tunnel to the server",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  DNS_ENOTFOUND: "the host name is not known",
};

/** A network error in words; its code is kept where there are no words for it. */
export function reasonOf(error: unknown, origin: Origin): string {
  const code = errorCode(error);
  return `${origin.host}:${origin.port}: ${REASONS[code] ?? (code === "" ? "connection failed" : code)}`;
}

/** Node-like code of a system or fetch error; empty when it has none. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
