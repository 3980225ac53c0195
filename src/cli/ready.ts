// `postern ready`: waits until the gateway of this configuration answers, for scripts that start it.

import { parseDuration } from "../lib/duration.ts";
import { requireConfiguration } from "./configuration.ts";
import { type GatewayAddress, gatewayAddress } from "./gateway-address.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import { parseOptions } from "./options.ts";

const DEFAULT_TIMEOUT = "10s";
const POLL_MS = 100;

/** A gateway that accepts but does not answer is asked again after this long. */
const TRY_MS = 2_000;

/** Even the last try gets this long, so that a short time-out still finds out what is there. */
const LAST_TRY_MS = 500;

/** What a try saw, in words for the person who waits. */
const SEEN: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOENT: "no such socket",
  EPROTO: "the TLS handshake failed",
  ECONNRESET: "the connection was closed",
  TimeoutError: "no answer",
};

/** Exit code 0 as soon as `/readyz` answers 200; 1 when the time is up. */
export async function ready(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseOptions("ready", args, { timeout: "string" });
  const timeout = values.timeout ?? DEFAULT_TIMEOUT;
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined)
    throw new UsageError("--timeout wants a duration such as 500ms, 10s or 1m", "ready");
  const address = gatewayAddress((await requireConfiguration(values.config, io)).server);
  const place = address.socket === undefined ? address.origin : `unix:${address.socket}`;
  const deadline = io.now() + timeoutMs;
  for (;;) {
    const seen = await poll(address, Math.max(LAST_TRY_MS, Math.min(TRY_MS, deadline - io.now())));
    if (seen === undefined) {
      io.stdout(`${place} is ready\n`);
      return EXIT.ok;
    }
    if (io.now() + POLL_MS > deadline)
      throw new CommandError(`${place} is not ready after ${timeout}: ${seen}`);
    await Bun.sleep(POLL_MS);
  }
}

/** Asks once; undefined when the gateway is ready, else what was seen instead. */
async function poll(address: GatewayAddress, limitMs: number): Promise<string | undefined> {
  try {
    const response = await fetch(`${address.origin}/readyz`, {
      signal: AbortSignal.timeout(limitMs),
      redirect: "manual",
      proxy: false,
      // Nothing is sent that a certificate would have to protect, and its name is seldom the address.
      tls: { rejectUnauthorized: false },
      ...(address.socket === undefined ? {} : { unix: address.socket }),
    });
    await response.body?.cancel();
    return response.status === 200 ? undefined : `it answers ${response.status}`;
  } catch (error) {
    const { name, code } = error as { name: string; code?: unknown };
    return SEEN[name] ?? SEEN[String(code)] ?? "no answer in HTTP";
  }
}
