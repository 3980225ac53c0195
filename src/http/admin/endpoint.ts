// One endpoint of the admin API: how it is reached, what it takes and answers, and who answers.

import type { AdminGate } from "../../gateway/compile-admin.ts";
import type { AdminPlane } from "./plane.ts";
import type { Query } from "./query.ts";

/** JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
}

export type Admin = ReturnType<AdminGate["admit"]>;

export interface AdminRequest {
  readonly plane: AdminPlane;
  readonly request: Request;
  readonly requestId: string;
  readonly admin: Admin;
  /** A segment of the path that the endpoint leaves open, decoded; empty where there is none. */
  readonly name: string;
  readonly query: Query;
}

interface Answer {
  readonly type: string;
  readonly description: string;
  readonly schema: Schema;
}

export interface AdminEndpoint {
  /** HEAD is answered like GET. */
  readonly method: "GET" | "POST";
  /** Below `/admin/v1/`; one segment may be open: `policies/{name}/reset`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Of the open segment. */
  readonly open?: Parameter;
  readonly query: readonly Parameter[];
  /** Of the body, which may be left out. */
  readonly body?: Schema;
  /** Of the answer. */
  readonly answer: Answer;
  /** Statuses of refusals beside 401 and 403. */
  readonly refusals: readonly (400 | 404 | 413 | 415 | 503)[];
  /** @throws {GatewayError} */
  readonly run: (asked: AdminRequest) => Promise<Response> | Response;
}

/** A schema of the document's components. */
export function named(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** What most endpoints answer. */
export function json(schema: Schema, description: string): Answer {
  return { type: "application/json", schema, description };
}

/** A page of rows. */
export function pageOf(row: Schema): Schema {
  return {
    type: "object",
    required: ["rows", "next"],
    properties: {
      rows: { type: "array", items: row },
      next: { type: ["string", "null"], description: "`cursor` of the next page; null = this is the last." },
    },
  };
}

/** What every list takes. */
export const PAGING: readonly Parameter[] = [
  {
    name: "limit",
    description: "Rows per page.",
    schema: { type: "integer", minimum: 1, maximum: 5000, default: 100 },
  },
  { name: "cursor", description: "`next` of the page before.", schema: { type: "string" } },
];
