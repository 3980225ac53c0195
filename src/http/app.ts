// The listener: one catch-all route of the framework, so that the only path that counts is the URL's own.

import { Elysia } from "elysia";
import { GatewayError } from "../errors.ts";
import type { Peer } from "../exchange.ts";
import { DEFAULT_FAMILY } from "../formats/table.ts";
import { answerAdmin, noAdmin } from "./admin/answer-admin.ts";
import type { AdminPlane } from "./admin/plane.ts";
import { preflight, withCors } from "./cors.ts";
import { answer, type DataPlane } from "./data-plane.ts";
import { errorResponse } from "./error-response.ts";
import { health } from "./operations.ts";
import { isAdminPath, isProbed } from "./places.ts";

/** Where to listen: one of address and socket. */
export interface Listen {
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  /** Path of a unix socket. */
  readonly socket: string | undefined;
  readonly tls: Certificate | undefined;
  /** Other listeners of this process may take the same port. */
  readonly shared: boolean;
}

/** Both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Listener {
  /** The port in use; undefined on a unix socket. */
  readonly port: number | undefined;
  /** Ends each connection with the answer to its next request: for when another listener has taken over. */
  retire(): void;
  /** Takes no new connections; the ones that are open go on. */
  refuseConnections(): void;
  /** Requests whose answers have not left completely. */
  pending(): number;
  /** Closes everything. */
  close(): Promise<void>;
}

/** The administration, on a listener that serves it. */
export interface Administration {
  readonly plane: AdminPlane;
  /** Beside it there are only the health routes. */
  readonly alone: boolean;
}

/** Requests are cut off by the gateway's own limit, which can say why; Bun's would answer with an empty 413. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * Starts to listen. Without `admin` the paths of the administration are not there.
 *
 * @throws when the address is taken or not this machine's; the error has a `code` such as `EADDRINUSE`
 */
export function listen(where: Listen, plane: DataPlane, admin?: Administration): Listener {
  let retired = false;
  const app = new Elysia().all(
    "/*",
    ({ request, server }) => {
      // A unix socket has no addresses; a TCP peer whose address is not known is nobody who could be trusted.
      const address =
        where.socket === undefined ? (server?.requestIP(request)?.address ?? "unknown") : undefined;
      const response = route(request, { address }, plane, admin);
      return retired ? response.then(closingConnection) : response;
    },
    { parse: "none" },
  );
  app.listen({
    ...placeToListen(where),
    ...(where.tls === undefined ? {} : { tls: where.tls }),
    // The framework would share every port, and a second gateway would take half of the requests unnoticed.
    reusePort: where.shared,
    // Calls to models are silent for minutes; the gateway has timers of its own.
    idleTimeout: 0,
    maxRequestBodySize: NO_LIMIT,
  });
  const { server } = app;
  return {
    port: where.socket === undefined ? server?.port : undefined,
    retire() {
      retired = true;
    },
    refuseConnections() {
      void server?.stop(false);
    },
    pending: () => server?.pendingRequests ?? 0,
    async close() {
      await server?.stop(true);
    },
  };
}

/** Typed as no more than an object: the framework's declarations know no sockets, its listener does. */
function placeToListen({ socket, hostname, port }: Listen): object {
  return socket === undefined ? { hostname: hostname ?? "127.0.0.1", port: port ?? 0 } : { unix: socket };
}

function closingConnection(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}

/** Answers one request. Never throws. */
export async function route(
  request: Request,
  peer: Peer,
  plane: DataPlane,
  admin: Administration | undefined,
): Promise<Response> {
  const url = URL.parse(request.url);
  if (url === null) return errorResponse(badHost(), DEFAULT_FAMILY, plane.newId());
  const { pathname, search } = url;
  const { basePath, trust } = plane.snapshot().server;
  const path = belowBase(pathname, basePath);
  const healthy =
    health(request.method, pathname, plane.state, plane.newId) ??
    health(request.method, path ?? "", plane.state, plane.newId);
  if (healthy !== undefined) return healthy;
  // An address of its own is not behind the proxy that adds the base path.
  const place = admin?.alone ? (path ?? pathname) : path;
  if (place !== undefined && isAdminPath(place))
    return admin === undefined
      ? noAdmin(place, plane.newId)
      : answerAdmin(request, place, search, peer, admin.plane);
  if (admin?.alone) return noAdmin(pathname, plane.newId);
  if (request.method === "HEAD" && path !== undefined && isProbed(path)) return new Response(null);
  const allowed = preflight(request, trust.origins);
  if (allowed !== undefined) return allowed;
  // A path outside the base path is one that does not exist.
  const response = await answer(request, path ?? "/", search, peer, plane);
  return withCors(response, request, trust.origins);
}

/** The URL is made of the path and the `Host` header, and that one is no host. */
function badHost(): GatewayError {
  return new GatewayError("invalid_request", "the `Host` header is not the name or address of a host");
}

/** The path without the base path; undefined when it does not lie below it. */
function belowBase(pathname: string, basePath: string): string | undefined {
  if (basePath === "") return pathname;
  if (pathname === basePath) return "/";
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : undefined;
}
