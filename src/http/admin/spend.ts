// Sums of money and tokens over a window, by whoever or whatever caused them.

import { readSpendQuery } from "../../store/read-spend.ts";
import { BUCKETS, WINDOWS } from "../../store/read-window.ts";
import { type AdminEndpoint, json, named, type Parameter } from "./endpoint.ts";
import { problemOf } from "./query.ts";

const INSTANT = "a time, a date for its first moment (UTC), or a duration before now.";
const PARAMETERS: readonly Parameter[] = [
  {
    name: "by",
    description: "What the rows stand for; `tag:NAME` = the values of one tag.",
    schema: {
      type: "string",
      pattern: "^(key|user|workspace|provider|model|policy|tag:.+)$",
      default: "key",
    },
  },
  {
    name: "window",
    description: "The current calendar window in UTC; not beside `from` and `to`.",
    schema: { type: "string", enum: WINDOWS, default: "day" },
  },
  {
    name: "from",
    description: `Beginning, included; absent = the first call: ${INSTANT}`,
    schema: { type: "string" },
  },
  {
    name: "to",
    description: `End, excluded; absent = without an end: ${INSTANT}`,
    schema: { type: "string" },
  },
  {
    name: "bucket",
    description: "Cuts each row into parts of this length.",
    schema: { type: "string", enum: BUCKETS },
  },
];

export const SPEND: AdminEndpoint = {
  method: "GET",
  path: "spend",
  operationId: "getSpend",
  summary: "Requests, tokens and cost over a window, by group.",
  query: PARAMETERS,
  answer: json(named("Spend"), "The total, and a row per group."),
  refusals: [400, 503],
  run: async ({ plane, query }) => {
    const texts = {
      by: query.text("by"),
      window: query.text("window"),
      from: query.time("from"),
      to: query.time("to"),
      bucket: query.text("bucket"),
    };
    const read = readSpendQuery(texts, plane.now());
    if ("problem" in read) throw problemOf(read.problem);
    return Response.json(await plane.reader.readSpend(read.query));
  },
};
