// Health routes: whether the process lives, and whether it wants traffic. No key needed.

import { GatewayError } from "../errors.ts";
import { DEFAULT_FAMILY } from "../formats/table.ts";
import type { State } from "../gateway/state.ts";
import { errorResponse } from "./error-response.ts";

/** The answer to a health route; undefined when the path is none. */
export function health(
  method: string,
  path: string,
  state: State,
  newId: () => string,
): Response | undefined {
  const name = path.endsWith("/") ? path.slice(0, -1) : path;
  if (name !== "/healthz" && name !== "/readyz") return undefined;
  if (method !== "GET" && method !== "HEAD") return errorResponse(wrongMethod(), DEFAULT_FAMILY, newId());
  if (name === "/healthz") return Response.json({ status: "ok" });
  const { fault } = state.ledger;
  if (fault !== undefined)
    return Response.json({ status: "store_unavailable", reason: fault }, { status: 503 });
  if (state.phase === "serving") return Response.json({ status: "ready" });
  return Response.json({ status: "stopping" }, { status: 503 });
}

function wrongMethod(): GatewayError {
  const headers = { allow: "GET, HEAD" };
  return new GatewayError("method_not_allowed", "a health route takes GET or HEAD", { headers });
}
