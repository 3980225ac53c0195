// The policies: how each counter stands, and how to start one again.

import { GatewayError } from "../../errors.ts";
import type { PolicyRow } from "../../gateway/describe-policies.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { quoted } from "../../lib/quote.ts";
import {
  type AdminEndpoint,
  type AdminRequest,
  json,
  named,
  PAGING,
  pageOf as pageSchema,
} from "./endpoint.ts";
import { pageOf } from "./paging.ts";
import type { AdminPlane } from "./plane.ts";
import { readJsonBody } from "./read-body.ts";

export const POLICIES: AdminEndpoint = {
  method: "GET",
  path: "policies",
  operationId: "listPolicies",
  summary: "One row per policy and subject; a policy that has counted nothing yet has one, too.",
  query: PAGING,
  answer: json(pageSchema(named("Policy")), "How each counter stands now."),
  refusals: [400],
  run: ({ plane, query }) => Response.json(pageOf(plane.policies.rows(), query)),
};

export const RESET: AdminEndpoint = {
  method: "POST",
  path: "policies/{name}/reset",
  operationId: "resetPolicy",
  summary:
    "Starts the counters of a policy again: of one subject, or of all. What is held now settles into the old ones.",
  open: { name: "name", description: "The policy's name, URL-encoded.", schema: { type: "string" } },
  query: [],
  body: {
    type: "object",
    additionalProperties: false,
    properties: {
      subject: { type: ["string", "null"], description: "One subject of `each`; absent or null = all." },
    },
  },
  answer: json(pageSchema(named("Policy")), "The policy's rows as they stand now."),
  refusals: [400, 404, 413, 415],
  run: reset,
};

async function reset({ plane, request, requestId, admin, name }: AdminRequest): Promise<Response> {
  const names = plane.policies.names();
  if (!names.includes(name))
    throw new GatewayError("not_found", `there is no policy ${quoted(name)}${didYouMean(name, names)}`);
  const subject = subjectOf(await readJsonBody(request));
  const rows = () => plane.policies.rows().filter((row) => row.name === name && isMeant(row, subject));
  if (subject !== undefined && rows().length === 0) throw noSubject(name, subject, plane);
  plane.ledger.reset(name, subject);
  plane.audit({
    operation: "policy.reset",
    actor: `admin:${admin.name}`,
    resource: subject === undefined ? `policies/${name}` : `policies/${name}/${subject}`,
    requestId,
    outcome: "success",
  });
  return Response.json({ rows: rows(), next: null });
}

function isMeant(row: PolicyRow, subject: string | undefined): boolean {
  return subject === undefined || row.subject === subject;
}

function noSubject(name: string, subject: string, plane: AdminPlane): GatewayError {
  const known = plane.policies.rows().flatMap((row) => (row.name === name ? (row.subject ?? []) : []));
  return new GatewayError(
    "not_found",
    `the policy ${quoted(name)} has no counter for ${quoted(subject)}${didYouMean(subject, known)}`,
    { param: "subject" },
  );
}

function subjectOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const { subject = null, ...rest } = body;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new GatewayError(
      "invalid_request",
      `the body has no member ${quoted(unknown)}; it takes \`subject\``,
    );
  if (subject === null) return undefined;
  if (typeof subject !== "string" || subject === "")
    throw new GatewayError("invalid_request", "`subject` must be a text that is not empty, or null", {
      param: "subject",
    });
  return subject;
}
