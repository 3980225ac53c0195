// Shapes of what the admin API answers, as JSON Schema for its OpenAPI document.

import type { Schema } from "./endpoint.ts";
import { REQUEST_SCHEMA } from "./request-schema.ts";
import {
  COUNT,
  INTEGER_MONEY,
  NAME,
  NAMES,
  nullable,
  object,
  rows,
  TEXT,
  TIME,
  USD,
  word,
} from "./schema-words.ts";

const PROBLEM = object(
  {
    file: TEXT,
    line: COUNT,
    column: COUNT,
    path: { type: "string", description: "`a.b[0].c`; empty where the file could not be read that far." },
    message: TEXT,
    level: { const: "warning", description: "Absent on errors." },
  },
  ["level"],
);

const PROVIDER = object({
  name: NAME,
  type: TEXT,
  state: word("closed", "open", "half_open"),
  in_flight: COUNT,
  queued: COUNT,
  last_error: nullable(TEXT),
});

const STATUS = object({
  version: TEXT,
  started_at: TIME,
  config: object({
    path: TEXT,
    hash: { type: "string", description: "SHA-256 over the files that are in force." },
    loaded_at: TIME,
    ok: { type: "boolean", description: "Whether the files, as they were read last, are in force." },
    problems: rows({ $ref: "#/components/schemas/Problem" }),
  }),
  in_flight: COUNT,
  providers: rows(PROVIDER),
});

const KEY = object({
  name: NAME,
  user: nullable(NAME),
  workspace: nullable(NAME),
  models_allowed: nullable(NAMES),
  expires: nullable(TIME),
  disabled: { type: "boolean" },
  last_used_at: nullable(TIME),
});

const ROLLUP = {
  requests: COUNT,
  input_tokens: COUNT,
  cache_read_tokens: COUNT,
  output_tokens: COUNT,
  cost_usd: USD,
  cost_nano_usd: INTEGER_MONEY,
  estimated_requests: COUNT,
  unpriced_requests: COUNT,
  subscription_requests: COUNT,
};

const SPEND = object({
  by: TEXT,
  window: nullable(TEXT),
  from: nullable(TIME),
  to: nullable(TIME),
  total: object(ROLLUP),
  rows: rows(
    object({ name: nullable(NAME), ...ROLLUP, buckets: rows(object({ start: TIME, ...ROLLUP })) }, [
      "buckets",
    ]),
  ),
});

const POLICY: Schema = {
  ...object(
    {
      name: NAME,
      kind: word("spend", "rate"),
      subject: nullable(NAME),
      enabled: { type: "boolean" },
      on_breach: word("block", "warn"),
      window: nullable(TEXT),
      timezone: TEXT,
      limit_usd: USD,
      limit_nano_usd: INTEGER_MONEY,
      spent_usd: USD,
      spent_nano_usd: INTEGER_MONEY,
      reserved_nano_usd: INTEGER_MONEY,
      metric: { ...word("requests", "tokens", "concurrent"), description: "Of rate limits." },
      per: { type: ["string", "null"], description: "Of rate limits: minute, hour or day." },
      limit: { type: "integer", description: "Of rate limits." },
      used: { type: "integer", description: "Of rate limits." },
      starts_at: nullable(TIME),
      resets_at: nullable(TIME),
      state: word("ok", "warning", "blocked"),
    },
    [],
  ),
  required: ["name", "kind", "subject", "enabled", "state"],
  description:
    "A spend policy has amounts; a rate limit has `metric`, `per`, `limit` and `used` in their place.",
};

const ERROR = object({
  error: object({
    message: TEXT,
    type: TEXT,
    param: nullable(TEXT),
    code: { type: "string", description: "One of docs/errors.md." },
  }),
});

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Status: STATUS,
  Problem: PROBLEM,
  CheckResult: object({ ok: { type: "boolean" }, problems: rows({ $ref: "#/components/schemas/Problem" }) }),
  Key: KEY,
  Spend: SPEND,
  Policy: POLICY,
  Request: REQUEST_SCHEMA,
  Error: ERROR,
};
