// A TLS listener whose certificate can change: another one opens on the same port, and the first one fades out.

import { isDeepStrictEqual } from "node:util";
import type { Certificate, Listen, Listener } from "../http/app.ts";

/** What came of a wish for another certificate. */
export type Renewal = "unchanged" | "renewed" | "needs restart";

export interface RenewableListener extends Listener {
  /**
   * New connections get this certificate from now on; requests that run go on where they are.
   *
   * @throws when the certificate cannot be used; the one before stays
   */
  renew(certificate: Certificate | undefined): Renewal;
}

export interface RenewalDeps {
  /** Opens a listener. @throws when that is not possible */
  readonly open: (where: Listen) => Listener;
  /** Sends new connections to the listener with this number in the kernel's list; false where that is not possible. */
  readonly steer: (port: number, index: number) => boolean;
  readonly after: (ms: number, run: () => void) => void;
}

/**
 * Connections that have been idle for so long are closed. Every other one ends with an answer that says so, since a
 * client may be sending its next request at the very moment an idle connection is closed.
 */
const FADE_MS = 60_000;
/** Where new connections go to the old listener too, it must not offer its certificate for long. */
const FADE_UNSTEERED_MS = 5_000;

/** A listener on a TCP port, `where.shared`, whose certificate can be renewed. */
export function createRenewable(where: Listen, deps: RenewalDeps): RenewableListener {
  let certificate = where.tls;
  let current = deps.open(where);
  let closing = false;
  /** In the order of the kernel's list. */
  const listening = [current];
  /** Also those that take no connections any more, while requests still run on them. */
  let open = [current];
  const { port } = current;

  function steer(): boolean {
    return port !== undefined && deps.steer(port, listening.indexOf(current));
  }

  function fadeOut(old: Listener): void {
    if (closing) return;
    old.refuseConnections();
    // As the kernel does it: the last one takes the free place.
    const last = listening.pop();
    if (last !== undefined && last !== old) listening[listening.indexOf(old)] = last;
    steer();
    open = open.filter((one) => listening.includes(one) || one.pending() > 0);
  }

  function renew(next: Certificate | undefined): Renewal {
    if (closing || next === undefined || isDeepStrictEqual(certificate, next)) return "unchanged";
    const old = current;
    current = deps.open({ ...where, port, tls: next });
    certificate = next;
    listening.push(current);
    open = [...open, current];
    const fadeMs = steer() ? FADE_MS : FADE_UNSTEERED_MS;
    old.retire();
    deps.after(fadeMs, () => fadeOut(old));
    return "renewed";
  }

  return {
    port,
    renew,
    retire: () => current.retire(),
    pending: () => open.reduce((sum, one) => sum + one.pending(), 0),
    refuseConnections() {
      closing = true;
      for (const one of open) one.refuseConnections();
    },
    async close() {
      closing = true;
      await Promise.all(open.map((one) => one.close()));
    },
  };
}
