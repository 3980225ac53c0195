// Lets pages of exactly the configured origins call the gateway from a browser.

const METHODS = "GET, POST, OPTIONS";
const EXPOSED = [
  "x-postern-request-id",
  "x-postern-model",
  "x-postern-attempts",
  "x-postern-overhead-ms",
  "x-postern-cost-usd",
  "x-postern-prompt-cache",
  "x-postern-budget-warning",
  "x-postern-policy",
  "x-postern-code",
  "x-request-id",
  "request-id",
  "retry-after",
  "retry-after-ms",
].join(", ");

/** The answer to a preflight of an allowed origin; undefined when this is none. */
export function preflight(request: Request, origins: ReadonlySet<string>): Response | undefined {
  const origin = allowedOrigin(request, origins);
  if (request.method !== "OPTIONS" || origin === undefined) return undefined;
  if (!request.headers.has("access-control-request-method")) return undefined;
  const headers: Record<string, string> = {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": METHODS,
    "access-control-max-age": "600",
    vary: "origin",
  };
  const asked = request.headers.get("access-control-request-headers");
  if (asked !== null) headers["access-control-allow-headers"] = asked;
  return new Response(null, { status: 204, headers });
}

/** Marks a response as readable for the page that asked, if its origin is allowed. */
export function withCors(response: Response, request: Request, origins: ReadonlySet<string>): Response {
  const origin = allowedOrigin(request, origins);
  if (origin === undefined) return response;
  response.headers.set("access-control-allow-origin", origin);
  response.headers.set("access-control-expose-headers", EXPOSED);
  response.headers.append("vary", "origin");
  return response;
}

function allowedOrigin(request: Request, origins: ReadonlySet<string>): string | undefined {
  if (origins.size === 0) return undefined;
  const origin = request.headers.get("origin");
  return origin !== null && origins.has(origin) ? origin : undefined;
}
