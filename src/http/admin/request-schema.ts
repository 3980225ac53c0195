// The shape of one request as the admin API answers it.

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

const MS = { type: "number", minimum: 0, description: "Milliseconds." };
const RATE = { type: "number", minimum: 0, description: "US dollars per million tokens." };
const STATUS = { type: "integer", minimum: 100, maximum: 599 };

export const REQUEST_SCHEMA = object({
  id: TEXT,
  at: TIME,
  key: nullable(NAME),
  user: nullable(NAME),
  workspace: nullable(NAME),
  tags: { type: "object", additionalProperties: TEXT },
  format: nullable(TEXT),
  endpoint: nullable(TEXT),
  requested_model: nullable(TEXT),
  provider: nullable(NAME),
  model: nullable(TEXT),
  target: { ...nullable(TEXT), description: "`provider/model`." },
  stream: { type: "boolean" },
  status: STATUS,
  code: { ...nullable(TEXT), description: "One of docs/errors.md; null when all went well." },
  attempts: rows(
    object({
      target: TEXT,
      status: nullable(STATUS),
      outcome: TEXT,
      ms: MS,
      cost_nano_usd: INTEGER_MONEY,
    }),
  ),
  usage: nullable(
    object({
      input_tokens: { ...COUNT, description: "Cache reads and writes included." },
      output_tokens: { ...COUNT, description: "Reasoning included." },
      cache_read_tokens: COUNT,
      cache_write_tokens: COUNT,
      reasoning_tokens: COUNT,
    }),
  ),
  cost_usd: nullable(USD),
  cost_nano_usd: nullable(INTEGER_MONEY),
  price: nullable({
    ...object({
      source: TEXT,
      match: { type: "string", description: "The pattern or model that gave the price." },
      input: RATE,
      output: RATE,
      cache_read: RATE,
      cache_write: RATE,
    }),
    description: "The price used.",
  }),
  timings: object({ total_ms: MS, first_byte_ms: nullable(MS), overhead_ms: MS }),
  policies: object({ matched: NAMES, passed: NAMES, violated: NAMES }),
  redactions: { type: "object", additionalProperties: COUNT },
  cache: nullable(TEXT),
  ended: word("completed", "client_closed", "upstream_error", "timeout", "refused", "interrupted"),
  issues: NAMES,
  flags: rows(word("estimated", "interrupted", "unpriced", "subscription", "cached")),
  client: object({ ip: nullable(TEXT), user_agent: nullable(TEXT) }),
  trace_id: nullable(TEXT),
});
