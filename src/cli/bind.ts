// Turns `server.listen` into a listener: address, unix socket with its mode, TLS files.

import { chmodSync, existsSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { Config, ServerConfig } from "../config/schema.ts";
import type { AdminPlane } from "../http/admin/plane.ts";
import { type Administration, type Certificate, type Listen, type Listener, listen } from "../http/app.ts";
import type { DataPlane } from "../http/data-plane.ts";
import { createRenewable, type RenewableListener, type Renewal } from "./certificate-renewal.ts";
import { CommandError } from "./io.ts";
import { steerConnections } from "./steer.ts";

const SOCKET_PREFIX = "unix:";

export interface BoundListener extends Listener {
  /**
   * Takes over what the certificate files hold now.
   *
   * @throws when they cannot be read or used; the certificate before stays
   */
  renewCertificate(server: ServerConfig): Renewal;
}

/**
 * Listens where the configuration says.
 *
 * @throws {CommandError} when that is not possible, with the reason and the setting
 */
export async function bind(
  { server, admin }: Pick<Config, "server" | "admin">,
  plane: DataPlane,
  administration: AdminPlane,
): Promise<BoundListener> {
  if (admin.listen === null) return await bindMain(server, plane, { plane: administration, alone: false });
  const main = await bindMain(server, plane, undefined);
  const { tls: _, ...plain } = server;
  const own = { ...plain, listen: admin.listen };
  const beside = await listenOn("admin.listen", own, (where) =>
    listen(where, plane, { plane: administration, alone: true }),
  );
  return {
    ...main,
    async close() {
      await main.close();
      await beside.close();
    },
  };
}

async function bindMain(
  server: ServerConfig,
  plane: DataPlane,
  admin: Administration | undefined,
): Promise<BoundListener> {
  const listener = await listenOn("server.listen", server, (where) => open(where, plane, admin));
  return { ...listener, renewCertificate: (settings) => listener.renew(certificateOf(settings)) };
}

async function listenOn<L>(setting: string, server: ServerConfig, start: (where: Listen) => L): Promise<L> {
  const where = placeOf(server);
  if (where.socket !== undefined) await removeStaleSocket(where.socket, setting);
  try {
    const listener = start(where);
    if (where.socket !== undefined) chmodSync(where.socket, Number.parseInt(server.listen_mode, 8));
    return listener;
  } catch (error) {
    throw new CommandError(`cannot listen on ${server.listen} (${setting}): ${reason(error)}`);
  }
}

function open(where: Listen, plane: DataPlane, admin: Administration | undefined): RenewableListener {
  if (where.tls === undefined || where.socket !== undefined || process.platform === "win32")
    return withoutRenewal(listen(where, plane, admin), where.tls);
  return createRenewable(
    { ...where, port: freePort(where), shared: true },
    {
      open: (place) => listen(place, plane, admin),
      steer: steerConnections,
      after: (ms, run) => setTimeout(run, ms),
    },
  );
}

function withoutRenewal(listener: Listener, tls: Certificate | undefined): RenewableListener {
  let wanted = tls;
  return {
    ...listener,
    renew(next) {
      if (isDeepStrictEqual(wanted, next)) return "unchanged";
      wanted = next;
      return isDeepStrictEqual(tls, next) ? "unchanged" : "needs restart";
    },
  };
}

/**
 * The port to listen on, if nobody else does: a port that is to be shared among our own listeners would otherwise be
 * shared with another gateway, too.
 *
 * @throws when it is taken, or the address cannot be listened on
 */
function freePort({ hostname = "127.0.0.1", port = 0 }: Listen): number {
  const probe = Bun.listen({ hostname, port, socket: { data: (socket) => void socket.end() } });
  const found = probe.port;
  probe.stop(true);
  return found;
}

function placeOf(server: ServerConfig): Listen {
  const tls = certificateOf(server);
  if (server.listen.startsWith(SOCKET_PREFIX)) {
    const socket = server.listen.slice(SOCKET_PREFIX.length);
    return { hostname: undefined, port: undefined, socket, tls, shared: false };
  }
  const colon = server.listen.lastIndexOf(":");
  const host = server.listen.slice(0, colon);
  const hostname = host.startsWith("[") ? host.slice(1, -1) : host;
  const port = Number(server.listen.slice(colon + 1));
  return { hostname, port, socket: undefined, tls, shared: false };
}

function certificateOf({ tls }: ServerConfig): Certificate | undefined {
  if (tls === undefined) return undefined;
  return { cert: readFileSync(tls.cert_file, "utf8"), key: readFileSync(tls.key_file, "utf8") };
}

/** A socket file that nobody answers on is left over from a process that was killed. */
async function removeStaleSocket(path: string, setting: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket())
    throw new CommandError(`cannot listen on unix:${path} (${setting}): a file that is no socket is there`);
  if (await answers(path))
    throw new CommandError(`cannot listen on unix:${path} (${setting}): another process listens there`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there; stop it, or choose another port",
  EACCES: "permission denied; ports below 1024 need root or a capability",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the host name is not known",
  ENOENT: "the folder does not exist",
};

function reason(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (error instanceof Error ? error.message : code);
}
