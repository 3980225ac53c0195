// What is configured: the effective configuration, and the virtual keys.

import { type AdminEndpoint, json, named, PAGING, pageOf as pageSchema } from "./endpoint.ts";
import { pageOf } from "./paging.ts";

export const CONFIG: AdminEndpoint = {
  method: "GET",
  path: "config",
  operationId: "getConfig",
  summary: "The configuration in force: defaults filled in, secrets as `[secret]`.",
  query: [],
  answer: json({ type: "object" }, "As in docs/config.schema.json, all settings present."),
  refusals: [400],
  run: ({ plane }) => Response.json(plane.config()),
};

export const KEYS: AdminEndpoint = {
  method: "GET",
  path: "keys",
  operationId: "listKeys",
  summary: "The virtual keys in the order of the file.",
  query: PAGING,
  answer: json(pageSchema(named("Key")), "Keys by name; never the keys themselves."),
  refusals: [400],
  run: ({ plane, query }) => Response.json(pageOf(plane.keys(), query)),
};
