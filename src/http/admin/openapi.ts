// The OpenAPI document of the admin API, made from the table of its endpoints.

import type { AdminEndpoint, Parameter, Schema } from "./endpoint.ts";
import { SCHEMAS } from "./schemas.ts";

const REFUSALS: Readonly<Record<number, string>> = {
  400: "A parameter or the body is wrong; the message names it.",
  401: "No admin key, or an unknown one.",
  403: "A virtual key, or an admin key whose role does not reach so far.",
  404: "There is nothing of this name.",
  413: "The body is too large.",
  415: "The body is not sent as JSON.",
  503: "The store cannot be read now.",
};

/** Where all endpoints stand, below the base path. */
export const ADMIN_API = "/admin/v1/";

/** OpenAPI 3.1. `basePath` is empty, or begins with a slash and ends in none. */
export function openApiDocument(
  endpoints: readonly AdminEndpoint[],
  version: string,
  basePath: string,
): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Postern admin API",
      version,
      description:
        "What the gateway runs on, what was spent, and by whom. Read-only except where POST stands.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    ...(basePath === "" ? {} : { servers: [{ url: basePath }] }),
    security: [{ adminKey: [] }],
    paths: Object.fromEntries(endpoints.map((endpoint) => [ADMIN_API + endpoint.path, pathItem(endpoint)])),
    components: {
      securitySchemes: {
        adminKey: { type: "http", scheme: "bearer", description: "`admin.key`, or a key of `admin.keys`." },
      },
      schemas: SCHEMAS,
    },
  };
}

function pathItem(endpoint: AdminEndpoint): object {
  const { method, operationId, summary, open, query, body, answer, refusals } = endpoint;
  const parameters = [
    ...(open === undefined ? [] : [parameter(open, "path")]),
    ...query.map((one) => parameter(one, "query")),
  ];
  return {
    [method.toLowerCase()]: {
      operationId,
      summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: body } } } }),
      responses: {
        200: response(answer.description, answer.type, answer.schema),
        ...Object.fromEntries(
          [...refusals, 401, 403].map((status) => [
            status,
            response(REFUSALS[status] ?? "", "application/json", { $ref: "#/components/schemas/Error" }),
          ]),
        ),
      },
    },
  };
}

function parameter({ name, description, schema }: Parameter, place: "path" | "query"): object {
  return { name, in: place, required: place === "path", description, schema };
}

function response(description: string, type: string, schema: Schema): object {
  return { description, content: { [type]: { schema } } };
}
