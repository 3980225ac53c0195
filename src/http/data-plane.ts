// Takes one request of the data plane from the listener to its response, whatever happens on the way.

import { GatewayError } from "../errors.ts";
import type { Peer, Place } from "../exchange.ts";
import { DEFAULT_FAMILY, type Family, familyOfClient } from "../formats/table.ts";
import { endOf } from "../gateway/attempt.ts";
import { handle } from "../gateway/pipeline.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { State } from "../gateway/state.ts";
import { formatUsd } from "../lib/money.ts";
import { type RecordSink, RequestRecord } from "../telemetry/record.ts";
import { errorResponse } from "./error-response.ts";
import { inOwnDialect } from "./native-places.ts";
import { placeOf } from "./places.ts";

/** What the data plane is made of. */
export interface DataPlane {
  readonly state: State;
  /** The configuration in force: read once per request. */
  readonly snapshot: () => Snapshot;
  readonly sink: RecordSink;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A fresh request id. */
  readonly newId: () => string;
}

/** Ids from clients are kept if they are harmless in logs and headers. */
const CLIENT_ID = /^[A-Za-z0-9._-]{8,128}$/;

/** Answers a request whose path lies below the base path. Never throws. */
export async function answer(
  request: Request,
  path: string,
  search: string,
  peer: Peer,
  plane: DataPlane,
): Promise<Response> {
  const { state, sink } = plane;
  const snapshot = plane.snapshot();
  const clientId = request.headers.get("x-postern-request-id");
  const id = clientId !== null && CLIENT_ID.test(clientId) ? clientId : plane.newId();
  const ip = snapshot.server.clientIp(request.headers, peer);
  const record = new RequestRecord(id, request.method, ip, sink);
  record.userAgent = request.headers.get("user-agent")?.slice(0, MAX_HEADER_CHARS);
  record.traceId = traceIdOf(request.headers);
  const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  const { providers } = snapshot.directory;
  const place = inOwnDialect(placeOf(request.method, path, upgrade), (name) => providers.get(name)?.dialect);
  if (!state.inFlight.take(1, snapshot.server.maxConnections)) {
    record.uncounted = true;
    return refuse(overloaded(), place, request, record);
  }
  try {
    if (state.phase === "closed") throw stopping();
    const response = await handle({
      request,
      search,
      place,
      peer,
      record,
      snapshot,
      state,
      nowMs: plane.now(),
    });
    return withOwnHeaders(response, record);
  } catch (error) {
    return refuse(error, place, request, record);
  }
}

function withOwnHeaders(response: Response, record: RequestRecord): Response {
  const { headers } = response;
  headers.set("x-postern-request-id", record.id);
  if (record.target !== undefined) {
    headers.set("x-postern-model", printable(record.target.id));
    headers.set("x-postern-attempts", String(record.attempts));
  }
  // What a stream has cost is not known yet.
  if (record.isClosed && !record.isLong && record.costNanoUsd !== undefined)
    headers.set("x-postern-cost-usd", formatUsd(record.costNanoUsd));
  if (record.isClosed && record.usage !== undefined && !record.stream)
    headers.set("x-postern-prompt-cache", record.usage.cacheReadTokens > 0 ? "hit" : "miss");
  if (record.budgetWarning !== undefined) headers.set("x-postern-budget-warning", record.budgetWarning);
  headers.set("x-postern-overhead-ms", record.overheadMs().toFixed(2));
  return response;
}

/** The trace that a request belongs to, by W3C's header; undefined when there is none, or it is not well formed. */
function traceIdOf(headers: Headers): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(headers.get("traceparent") ?? "")?.[1];
}

/** Clients give up on heads of more than 16 KB, and a model's name is whatever the caller sent. */
const MAX_HEADER_CHARS = 500;

/** Header values are ASCII; whatever else a model id holds is percent-encoded. */
function printable(text: string): string {
  const short = text.slice(0, MAX_HEADER_CHARS);
  return /^[\x20-\x7e]*$/.test(short) ? short : encodeURI(short.toWellFormed()).slice(0, MAX_HEADER_CHARS);
}

function refuse(error: unknown, place: Place, request: Request, record: RequestRecord): Response {
  const failure =
    error instanceof GatewayError
      ? error
      : new GatewayError(
          "internal",
          "something went wrong inside the gateway; its log has the details under this request id",
          {
            cause: error,
          },
        );
  record.status = failure.status;
  record.code = failure.code;
  if (failure.status >= 500) record.detail ??= failure.message;
  if (failure.code === "internal") record.fault = failure.details.cause;
  record.close(endOf(failure));
  const response = errorResponse(failure, familyOf(place, request), record.id);
  return withOwnHeaders(response, record);
}

function familyOf(place: Place, request: Request): Family {
  if (place.kind === "problem") return place.family;
  return place.kind === "key" ? DEFAULT_FAMILY : familyOfClient(place.endpoint, request.headers);
}

function overloaded(): GatewayError {
  return new GatewayError(
    "overloaded",
    "too many requests at once (`server.max_connections`); try again shortly",
    {
      retryAfterSeconds: 1,
    },
  );
}

function stopping(): GatewayError {
  return new GatewayError("no_healthy_target", "the gateway is stopping; send the request again", {
    retryAfterSeconds: 1,
    headers: { connection: "close" },
  });
}
