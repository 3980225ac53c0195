// Takes one request of the administration from the listener to its response: who asks, what for, may they.

import { GatewayError } from "../../errors.ts";
import type { Peer } from "../../exchange.ts";
import { DEFAULT_FAMILY } from "../../formats/table.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { StoreError } from "../../store/store-error.ts";
import { errorResponse } from "../error-response.ts";
import { ADMIN_HEADERS } from "./answers.ts";
import type { Admin, AdminEndpoint } from "./endpoint.ts";
import { ADMIN_ENDPOINTS, findEndpoint } from "./endpoints.ts";
import { ADMIN_API, openApiDocument } from "./openapi.ts";
import type { AdminPlane } from "./plane.ts";
import { readQuery } from "./query.ts";

/** Of the Prometheus text format. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Answers a request to an admin path, which is given without the base path. Never throws. */
export async function answerAdmin(
  request: Request,
  path: string,
  search: string,
  peer: Peer,
  plane: AdminPlane,
): Promise<Response> {
  const id = plane.newId();
  try {
    const admin = plane.gate().admit({ headers: request.headers, search }, peer, plane.now());
    const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
    return withAdminHeaders(await answered({ request, path: trimmed, search, admin, plane, id }), id);
  } catch (error) {
    return withAdminHeaders(errorResponse(failureOf(error, id, plane), DEFAULT_FAMILY, id), id);
  }
}

/** The answer where there is no administration: nothing tells whether there is one elsewhere. */
export function noAdmin(path: string, newId: () => string): Response {
  return errorResponse(
    new GatewayError("not_found", `there is nothing at ${path.slice(0, 100)}`),
    DEFAULT_FAMILY,
    newId(),
  );
}

interface Asked {
  readonly request: Request;
  readonly path: string;
  readonly search: string;
  readonly admin: Admin;
  readonly plane: AdminPlane;
  readonly id: string;
}

async function answered({ request, path, search, admin, plane, id }: Asked): Promise<Response> {
  if (path === "/metrics") {
    requireMethod(request.method, "GET");
    return new Response(plane.metrics(), { headers: { "content-type": METRICS_TYPE } });
  }
  if (admin.role === "metrics")
    throw new GatewayError(
      "forbidden",
      `the key ${admin.name} may read /metrics only; use one with role viewer`,
    );
  if (path === `${ADMIN_API}openapi.json`) {
    requireMethod(request.method, "GET");
    return Response.json(openApiDocument(ADMIN_ENDPOINTS, plane.version, plane.basePath()));
  }
  const found = path.startsWith(ADMIN_API) ? findEndpoint(path.slice(ADMIN_API.length)) : undefined;
  if (found === undefined) throw noSuchPath(path);
  const { endpoint } = found;
  requireMethod(request.method, endpoint.method);
  if (endpoint.method !== "GET" && admin.role !== "admin")
    throw new GatewayError("forbidden", `the key ${admin.name} may only read; use one with role admin`);
  const query = readQuery(search, queryNames(endpoint));
  return endpoint.run({ plane, request, requestId: id, admin, name: decoded(found.open), query });
}

function requireMethod(method: string, wanted: AdminEndpoint["method"]): void {
  if (method === wanted || (method === "HEAD" && wanted === "GET")) return;
  const allow = wanted === "GET" ? "GET, HEAD" : wanted;
  throw new GatewayError("method_not_allowed", `this path takes ${allow} only`, { headers: { allow } });
}

function noSuchPath(path: string): GatewayError {
  const names = ADMIN_ENDPOINTS.map((endpoint) => endpoint.path);
  const meant = path.startsWith(ADMIN_API) ? didYouMean(path.slice(ADMIN_API.length), names) : "";
  return new GatewayError(
    "not_found",
    `there is nothing at ${path.slice(0, 100)}${meant || `; ${ADMIN_API}openapi.json says what there is`}`,
  );
}

function queryNames({ query }: AdminEndpoint): readonly string[] {
  return query.map(({ name }) => name);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GatewayError(
      "invalid_request",
      "the path has a percent-encoding that is not valid UTF-8; encode it again",
    );
  }
}

function failureOf(error: unknown, id: string, { log }: AdminPlane): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof StoreError) {
    log.warn({ request_id: id, err: error }, "the store cannot be read");
    return new GatewayError("store_unavailable", "the store cannot be read now; the gateway's log says why", {
      retryAfterSeconds: 1,
    });
  }
  log.error({ request_id: id, err: error }, "internal error");
  return new GatewayError(
    "internal",
    "something went wrong inside the gateway; its log has the details under this request id",
  );
}

function withAdminHeaders(response: Response, id: string): Response {
  const { headers } = response;
  for (const [name, value] of Object.entries(ADMIN_HEADERS)) headers.set(name, value);
  headers.set("x-postern-request-id", id);
  return response;
}
