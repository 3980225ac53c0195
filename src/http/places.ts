// The gateway's own route table: what a method and a pathname mean. Nothing else of a request has a say in it.

import { PROVIDERS } from "../catalog/providers.ts";
import { GatewayError } from "../errors.ts";
import type { Place, Scope } from "../exchange.ts";
import { DEFAULT_FAMILY, ENDPOINTS, type Endpoint, type Family, familyOfPath } from "../formats/table.ts";

const UNIFIED: Scope = { kind: "unified" };

const BY_PATH = new Map<string, Endpoint>(
  Object.values(ENDPOINTS).map((endpoint) => [endpoint.path, endpoint]),
);

const PRESET_NAMES = new Set(Object.keys(PROVIDERS));

/** Whether the client wants to leave HTTP for a WebSocket. */
type Upgrade = boolean;

/** The places that nearly all requests go to, found without taking a path apart. */
const COMMON = new Map<string, Place>(
  Object.values(ENDPOINTS).map((endpoint) => [
    `${endpoint.method} /v1/${endpoint.path}`,
    { kind: "endpoint", endpoint, scope: UNIFIED, modelId: undefined },
  ]),
);

/** Whether clients look with HEAD whether somebody is at home here: at the root, and at that of a native path. */
export function isProbed(path: string): boolean {
  const name = path.endsWith("/") ? path.slice(1, -1) : path.slice(1);
  return name === "" || PRESET_NAMES.has(name);
}

/** What a request to this path means; `path` is a URL's pathname below the base path. */
export function placeOf(method: string, path: string, upgrade: Upgrade): Place {
  if (!upgrade) {
    const common = COMMON.get(`${method} ${path}`);
    if (common !== undefined) return common;
  }
  const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  const [, root = "", ...rest] = trimmed.split("/");
  if (root === "v1") return below(UNIFIED, method, rest, upgrade);
  if ((root === "providers" || root === "models") && rest.length > 1) {
    const name = decodeOnce(rest[0] ?? "");
    if (name === undefined) return problem(DEFAULT_FAMILY, badEncoding());
    if (root === "providers") return belowProvider(name, method, rest.slice(1), upgrade);
    return below({ kind: "model", name }, method, withoutVersion(rest.slice(1)), upgrade);
  }
  if (PRESET_NAMES.has(root)) return belowProvider(root, method, rest, upgrade);
  return problem(
    DEFAULT_FAMILY,
    new GatewayError("not_found", "there is nothing at this path; the API begins at /v1"),
  );
}

const ADMIN_PATH = /^\/(?:admin|ui|metrics)(?:\/|$)/;

/** Whether a path, below the base path, belongs to the administration: API, dashboard, metrics. */
export function isAdminPath(path: string): boolean {
  // Nearly all paths begin with `/v1`, and need not be looked at any closer.
  return path.charCodeAt(1) !== LOWER_V && ADMIN_PATH.test(path);
}

const LOWER_V = 0x76;

/** A path below one provider, read as one of ours; it keeps what it takes to read it as one of the provider's own. */
function belowProvider(name: string, method: string, segments: readonly string[], upgrade: Upgrade): Place {
  const place = below({ kind: "provider", name }, method, withoutVersion(segments), upgrade);
  return place.kind === "key" ? place : { ...place, below: { method, segments, upgrade } };
}

function withoutVersion(segments: readonly string[]): readonly string[] {
  return segments[0] === "v1" ? segments.slice(1) : segments;
}

/** A path below `/v1`, or below one provider or public model. */
function below(scope: Scope, method: string, segments: readonly string[], upgrade: Upgrade): Place {
  const path = segments.join("/");
  const unified = scope.kind === "unified";
  if (unified && path === "key")
    return upgrade || method !== "GET" ? wrongMethod(DEFAULT_FAMILY, "GET", upgrade) : { kind: "key" };
  const endpoint = BY_PATH.get(path) ?? (segments[0] === "models" ? ENDPOINTS.models : undefined);
  if (endpoint === undefined) return unified ? notFound(path) : unsupported(scope, path, familyOfPath(path));
  if (upgrade) return wrongMethod(endpoint.family, endpoint.method, true);
  if (method !== endpoint.method)
    return unified
      ? wrongMethod(endpoint.family, endpoint.method, false)
      : unsupported(scope, `${method} ${path}`, endpoint.family);
  if (segments[0] !== "models" || segments.length === 1)
    return { kind: "endpoint", endpoint, scope, modelId: undefined };
  const modelId = decodeOnce(segments.slice(1).join("/"));
  if (modelId === undefined) return problem(DEFAULT_FAMILY, badEncoding());
  return { kind: "endpoint", endpoint, scope, modelId };
}

function notFound(path: string): Place {
  const known = [...BY_PATH.keys()].map((name) => `/v1/${name}`).join(", ");
  return problem(
    familyOfPath(path),
    new GatewayError("not_found", `there is no such path; under /v1 there are: ${known}`),
  );
}

function unsupported(scope: Scope, path: string, family: Family): Place {
  const where = scope.kind === "unified" ? "/v1" : `a ${scope.kind}`;
  const offered = [...BY_PATH.keys()].join(", ");
  const message = `${path === "" ? "this path" : path.slice(0, 100)} is not offered below ${where}; it can be: ${offered}`;
  return problem(family, new GatewayError("unsupported_endpoint", message), scope);
}

export function wrongMethod(family: Family, method: string, upgrade: boolean): Place {
  if (upgrade) {
    const message = "WebSocket is not supported here; send the request as an ordinary POST";
    return problem(
      family,
      new GatewayError("upgrade_required", message, { headers: { upgrade: "HTTP/1.1" } }),
    );
  }
  const message = `this path takes ${method} only`;
  return problem(family, new GatewayError("method_not_allowed", message, { headers: { allow: method } }));
}

function badEncoding(): GatewayError {
  return new GatewayError(
    "invalid_request",
    "the path has a percent-encoding that is not valid UTF-8; encode it again",
  );
}

export function problem(family: Family, error: GatewayError, scope: Scope = UNIFIED): Place {
  return { kind: "problem", family, error, scope };
}

function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
