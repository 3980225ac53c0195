// The requests that were made: lists of them, and one whole.

import { GatewayError } from "../../errors.ts";
import { quoted } from "../../lib/quote.ts";
import { FILTER_NAMES, type RequestFilter, readFilter } from "../../store/read-filter.ts";
import { isCursor } from "../../store/read-requests.ts";
import { type AdminEndpoint, json, named, PAGING, type Parameter, pageOf } from "./endpoint.ts";
import { bad, NO_CURSOR, problemOf, type Query } from "./query.ts";

const TEXT = { type: "string" };
const INSTANT = "a time, a date for its first moment (UTC), or a duration before now.";

/** What lists of requests, and the live one, are narrowed by. */
export const FILTERS: readonly Parameter[] = [
  { name: "key", description: "Name of the virtual key.", schema: TEXT },
  { name: "user", description: "Name of the user.", schema: TEXT },
  { name: "workspace", description: "Name of the workspace.", schema: TEXT },
  {
    name: "model",
    description: "`provider/model`, the upstream's id, or the name that was asked for.",
    schema: TEXT,
  },
  { name: "provider", description: "Name of the provider.", schema: TEXT },
  {
    name: "status",
    description: "HTTP status, or a class of them: `429`, `4xx`.",
    schema: { type: "string", pattern: "^[1-5](\\d\\d|xx)$" },
  },
  { name: "code", description: "The code of a refusal or failure.", schema: TEXT },
  { name: "policy", description: "Name of a policy that matched.", schema: TEXT },
  { name: "since", description: `From then on: ${INSTANT}`, schema: TEXT },
  { name: "until", description: `Before then: ${INSTANT}`, schema: TEXT },
];

export const REQUESTS: AdminEndpoint = {
  method: "GET",
  path: "requests",
  operationId: "listRequests",
  summary: "Requests, newest first.",
  query: [...FILTERS, ...PAGING],
  answer: json(pageOf(named("Request")), "A page of requests."),
  refusals: [400, 503],
  run: async ({ plane, query }) => {
    const cursor = query.text("cursor");
    if (cursor !== undefined && !isCursor(cursor)) throw bad("cursor", NO_CURSOR);
    return Response.json(
      await plane.reader.listRequests(filterOf(query, plane.now()), { limit: query.limit(), cursor }),
    );
  },
};

export const REQUEST: AdminEndpoint = {
  method: "GET",
  path: "requests/{id}",
  operationId: "getRequest",
  summary: "One request by its id; the newest where a client has used an id twice.",
  open: { name: "id", description: "As in `x-postern-request-id`.", schema: TEXT },
  query: [],
  answer: json(named("Request"), "The request."),
  refusals: [400, 404, 503],
  run: async ({ plane, name }) => {
    const row = await plane.reader.getRequest(name);
    if (row === undefined)
      throw new GatewayError("not_found", `there is no request ${quoted(name)} (any more)`);
    return Response.json(row);
  },
};

/** @throws {GatewayError} `invalid_request` for values that cannot be */
export function filterOf(query: Query, nowMs: number): RequestFilter {
  const texts = FILTER_NAMES.map((name) => [
    name,
    name === "since" || name === "until" ? query.time(name) : query.text(name),
  ]);
  const read = readFilter(Object.fromEntries(texts), nowMs);
  if ("problem" in read) throw problemOf(read.problem);
  return read.filter;
}
